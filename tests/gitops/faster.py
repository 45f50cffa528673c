"""``glia`` as it is installed, on a clock that runs faster: its waits are what takes its time.

Called with the moment from which time is faster, how much, and the arguments of ``glia``. What
processes write down in one after the other is of one time: all of them count from that moment.
"""

from __future__ import annotations

import sys
import time

from glia.aws.clock import SystemClock
from glia.cli.main import main


class FasterClock(SystemClock):
    """The machine's time, multiplied since a moment."""

    def __init__(self, since: float, speed: float) -> None:
        super().__init__()
        self._since, self._speed = since, speed

    def now(self) -> float:
        return self._since + (time.time() - self._since) * self._speed

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / self._speed)


if __name__ == "__main__":
    moment, times, *arguments = sys.argv[1:]
    sys.exit(main(arguments, clock=FasterClock(float(moment), float(times))))
