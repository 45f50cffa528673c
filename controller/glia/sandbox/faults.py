"""Scripted faults: the n-th call of an operation fails, or its answer is lost."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from glia.errors import UsageError
from glia.sandbox.ecs_error import EcsError

LOST = "lost"
SERVER_FAULTS = {"ServerException": 500, "InternalFailure": 500, "ServiceUnavailable": 503}
SCRIPT = re.compile(r"(?P<operation>[A-Z]\w+)(:(?P<first>\d+)(-(?P<last>\d*))?)?=(?P<effect>\w+)")


class AnswerLostError(Exception):
    """The effect happens and the connection drops before the answer."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and when.

    Attributes:
        operation: ECS's name of it.
        effect: the code of the error that is answered instead of acting, or ``lost``: ECS
            acts, and the connection drops before the answer.
        first: the first call that it befalls, counted from 1.
        last: the last one; none: every one from the first on.
    """

    operation: str
    effect: str
    first: int = 1
    last: int | None = 1

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``CreateService=lost``, ``UpdateService:2=ServerException`` or ``:2-5``, ``:2-``."""
        match = SCRIPT.fullmatch(text)
        if match is None:
            raise UsageError(
                f"{text!r} is no fault. Expected OPERATION[:N[-M]]=CODE or =lost, for example "
                "RegisterTaskDefinition:2=ThrottlingException."
            )
        first = int(match["first"] or 1)
        last = first if match["last"] is None else int(match["last"]) if match["last"] else None
        return cls(match["operation"], match["effect"], first, last)

    def befalls(self, operation: str, count: int) -> bool:
        return self.operation == operation and self.first <= count <= (self.last or count)


class Faults:
    """The script. Calls are counted from the moment at which it is written."""

    def __init__(self, script: tuple[Fault, ...] = ()) -> None:
        self._script = script
        self._counts: Counter[str] = Counter()

    def rewrite(self, *script: Fault) -> None:
        """Replace the script, and count from here on."""
        self._script = script
        self._counts.clear()

    def before(self, operation: str) -> bool:
        """Count the call and raise its error, if any; whether its answer is to be lost."""
        self._counts[operation] += 1
        for fault in self._script:
            if fault.befalls(operation, self._counts[operation]):
                if fault.effect == LOST:
                    return True
                status = SERVER_FAULTS.get(fault.effect, 400)
                raise EcsError(fault.effect, _message(fault.effect), status)
        return False


def _message(code: str) -> str:
    return "Rate exceeded" if code == "ThrottlingException" else "A fault of the sandbox's script."
