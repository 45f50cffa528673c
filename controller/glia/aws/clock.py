"""Real time, which a signal can cut short."""

from __future__ import annotations

import os
import select
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Interrupted(KeyboardInterrupt):
    """Somebody has asked Glia to end while it waited.

    A KeyboardInterrupt, so that nothing that reports errors and goes on takes it for one.
    """


class SystemClock:
    """The machine's time. ``interrupt`` wakes every thread that sleeps, and all that try to."""

    def __init__(self) -> None:
        # A pipe and not an Event: a signal's handler may run while its own thread holds the
        # Event's lock. A byte in a pipe needs none, and nobody reads it: every sleeper sees it.
        self._awake, self._bell = os.pipe()

    def interrupt(self) -> None:
        """End all sleeping from now on; safe in a signal's handler."""
        os.write(self._bell, b"!")

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait that long.

        Raises:
            Interrupted: ``interrupt`` was called, before or meanwhile.
        """
        bell = select.poll()
        bell.register(self._awake, select.POLLIN)
        if bell.poll(max(0.0, seconds) * 1000):
            raise Interrupted

    def worker(self) -> AbstractContextManager[None]:
        """Nothing: real time waits for nobody."""
        return nullcontext()

    def away(self) -> AbstractContextManager[None]:
        """Nothing: real time waits for nobody."""
        return nullcontext()
