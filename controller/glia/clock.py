"""Time as a parameter: what waits asks for it here, so that a test can drive it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Clock(Protocol):
    """Seconds since the epoch, and how one waits for them to pass.

    A driven clock moves only when all who work sleep on it. So threads say that they work, and
    whoever waits for another thread instead of for time says that it is away.
    """

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...

    def worker(self) -> AbstractContextManager[None]:
        """Count the calling thread as one that works, until the block ends."""

    def away(self) -> AbstractContextManager[None]:
        """Do not count the calling thread while it waits for others."""
