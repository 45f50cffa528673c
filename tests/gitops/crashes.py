"""A loop whose process dies at a call: what it had in hand is dropped, and nothing is cleaned up.

Every state in which a crash can leave ECS lies between two calls that change something: to die
at a read is to die after the change before it.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal

from gitops.looped import Loop
from glia.aws.clock import Interrupted
from lanes.fleet import WRITES

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.reconciler import Settings
    from glia.reconciling.desired_source import Desired
    from support.operator import Operator

Moment = Literal["before", "after"]
MOMENTS: Final[tuple[Moment, ...]] = ("before", "after")
"""Of the call's effect."""
CHANGES: Final = WRITES | {"untag"}


class Process:
    """One that dies at its n-th call that changes something; without a number it lives.

    Attributes:
        dead: nothing that it still tries reaches ECS any more, not even a read.
        made: the calls that changed something, in their order.
    """

    def __init__(self, dies_at: int | None = None, moment: Moment = "before") -> None:
        self.dead = False
        self.made: list[str] = []
        self._dies_at, self._moment = dies_at, moment
        self._begun = 0
        self._lock = threading.Lock()

    def through(self, ecs: Any) -> Any:
        return _Gateway(ecs, self)

    def call(self, name: str, real: Callable[..., Any], *args: Any, **more: Any) -> Any:
        is_last = self._begin(changes=name in CHANGES)
        answer = real(*args, **more)
        with self._lock:
            if self.dead:
                raise Interrupted
            if name in CHANGES:
                self.made.append(name)
            if is_last:
                self._die()
        return answer

    def _begin(self, *, changes: bool) -> bool:
        """Whether it is the call that the process dies at."""
        with self._lock:
            if self.dead:
                raise Interrupted
            self._begun += changes
            is_last = changes and self._begun - 1 == self._dies_at
            if is_last and self._moment == "before":
                self._die()
            return is_last

    def _die(self) -> None:
        self.dead = True
        raise Interrupted


class Signalled:
    """The driven clock, once a signal has come: nothing that waits, for a call's turn too, goes on.

    Attributes:
        at: how many calls ECS had had by then.
    """

    def __init__(self, operator: Operator) -> None:
        self._clock, self._sandbox = operator.driver.clock, operator.driver.sandbox
        self.now, self.worker, self.away = self._clock.now, self._clock.worker, self._clock.away
        self.at: int | None = None

    def interrupt(self) -> None:
        self.at = len(self._sandbox.calls)

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(0 if self.at is not None else seconds)
        if self.at is not None:
            raise Interrupted


class Ending(Process):
    """One that is told to end at its n-th call that changes something: what it has begun it ends.

    Before the call's effect is while it waits for its turn.
    """

    def __init__(self, told_at: int, moment: Moment, clock: Signalled) -> None:
        super().__init__(None, moment)
        self.clock, self._told_at = clock, told_at

    def call(self, name: str, real: Callable[..., Any], *args: Any, **more: Any) -> Any:
        if name not in CHANGES:
            return real(*args, **more)
        is_last = len(self.made) == self._told_at
        if is_last and self._moment == "before":
            self.clock.interrupt()
        answer = real(*args, **more)
        self.made.append(name)
        if is_last and self._moment == "after":
            self.clock.interrupt()
        return answer


class _Gateway:
    def __init__(self, ecs: Any, process: Process) -> None:
        self._ecs, self._process = ecs, process

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._ecs, name)
        if not callable(real):
            return real
        return lambda *args, **more: self._process.call(name, real, *args, **more)


def lived(
    operator: Operator,
    process: Process,
    is_done: Callable[[Loop], bool],
    settings: Settings,
    source: Desired | None = None,
) -> Loop:
    """A loop in that process, until it has died or everything is as it is to be."""
    clock = process.clock if isinstance(process, Ending) else None
    loop = Loop(operator, source=source, through=process.through, settings=settings, clock=clock)
    with suppress(Interrupted):
        loop.play_until(lambda: process.dead or is_done(loop), within=600)
    process.dead = True
    while not loop.reconciler.finish(0):
        operator.driver.clock.sleep(1)
    return loop
