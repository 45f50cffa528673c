"""Scripted faults: the n-th call of an operation fails, or its answer is lost."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import get_close_matches

from glia.errors import UsageError
from glia.sandbox.ecs_error import EcsError
from glia.sandbox.operations.table import OPERATIONS

LOST = "lost"
SERVER_FAULTS = {"ServerException": 500, "InternalFailure": 500, "ServiceUnavailable": 503}
SCRIPT = re.compile(
    r"(?P<operation>\w+)(:(?P<first>[0-9]+)(?P<range>-(?P<last>[0-9]*))?)?"
    rf"=(?P<effect>{LOST}|[A-Z]\w+)"
)


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
        last = int(match["last"]) if match["last"] else None if match["range"] else first
        if not 1 <= first <= (last or first):
            raise UsageError(f"{text!r}: calls count from 1, and a range does not run backwards.")
        return cls(_played(match["operation"]), match["effect"], first, last)

    def befalls(self, operation: str, count: int) -> bool:
        return self.operation == operation and self.first <= count <= (self.last or count)


def _played(operation: str) -> str:
    """A fault of an operation that nobody can call would pass for a client that survives it."""
    if operation in OPERATIONS:
        return operation
    nearest = get_close_matches(operation, OPERATIONS)
    advice = (
        f"did you mean {' or '.join(nearest)}?"
        if nearest
        else "its names are ECS's own, such as CreateService"
    )
    raise UsageError(f"the sandbox plays no operation {operation!r}; {advice}")


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
