"""Time is a parameter: real time multiplied, or a clock that tests drive.

Both give seconds since the epoch. Code under test and the embedded ECS share one clock, so a
test that waits for a rollout of ten minutes takes as long as its computations.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


class Clock(Protocol):
    """Where the time comes from and how one waits for it to pass."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class ScaledClock:
    """Real time, running ``speed`` times as fast from the moment of construction."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._epoch = time.time()
        self._start = time.monotonic()

    def now(self) -> float:
        return self._epoch + (time.monotonic() - self._start) * self.speed

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds) / self.speed)

    def worker(self) -> AbstractContextManager[None]:
        """Nothing: real time waits for nobody."""
        return nullcontext()

    def away(self) -> AbstractContextManager[None]:
        """Nothing: real time waits for nobody."""
        return nullcontext()


class VirtualClock:
    """A clock that stands still while anybody works.

    It advances only when every worker sleeps, and then to the earliest moment at which one
    of them wants to wake. The thread that made the clock is the first worker; every further
    thread that sleeps on it must be inside ``worker()``, or the clock would run away from
    those that are still busy. Before the clock shows a new time, whoever listens (the
    embedded ECS) plays everything that happens until then.
    """

    START = 1_800_000_000.0  # a round moment in 2027, so that times in a failing test are readable

    def __init__(self, start: float = START) -> None:
        self._now = start
        self._workers = 1
        self._asleep: list[float] = []
        self._listeners: list[Callable[[float], None]] = []
        self._changed = threading.Condition()

    def now(self) -> float:
        return self._now

    def on_advance(self, listener: Callable[[float], None]) -> Callable[[], None]:
        """Call ``listener(to)`` before the clock shows ``to``; what is returned ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Count the calling thread as one that works, until the block ends."""
        with self._changed:
            self._workers += 1
        try:
            yield
        finally:
            with self._changed:
                self._workers -= 1
                self._advance_if_all_sleep()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Do not count the calling thread while it waits for others."""
        with self._changed:
            self._workers -= 1
        try:
            with self._changed:
                self._advance_if_all_sleep()
            yield
        finally:
            with self._changed:
                self._workers += 1

    def sleep(self, seconds: float) -> None:
        with self._changed:
            wake = self._now + max(0.0, seconds)
            self._asleep.append(wake)
            try:
                self._advance_if_all_sleep()
                while self._now < wake:
                    self._changed.wait()
            finally:  # a listener's error must not leave a sleeper behind
                self._asleep.remove(wake)

    def _advance_if_all_sleep(self) -> None:
        """Move on, unless somebody works: one who was just woken works, though still listed."""
        sleeping = [wake for wake in self._asleep if wake > self._now]
        if not sleeping or len(sleeping) < self._workers:
            return
        to = min(sleeping)
        for listener in self._listeners:
            listener(to)
        self._now = to
        self._changed.notify_all()
