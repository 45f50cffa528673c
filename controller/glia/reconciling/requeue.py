"""When to look again: intervals that do not march in step, and waits that grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

JITTER: Final = 0.1
"""Of an interval, how much sooner or later it may end: many loops must not ask at once."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look, in seconds.

    Attributes:
        interval: between two looks at the source.
        sweep: between two comparisons of all of a cluster.
        first_wait: what a first failure makes one wait at most.
        longest_wait: what failures in a row make one wait at most.
        longest_pass: after so long a pass begins no other change: rollouts want to be looked at.
        patience: after so long, what AWS has refused for good is tried once more: whoever has
            put a permission right has changed nothing that could be seen.
    """

    interval: float = 60.0
    sweep: float = 60.0
    first_wait: float = 4.0
    longest_wait: float = 300.0
    longest_pass: float = 60.0
    patience: float = 3600.0


def jittered(seconds: float, random: Random) -> float:
    """An interval, a tenth shorter or longer."""
    return seconds * random.uniform(1 - JITTER, 1 + JITTER)


def backoff(failures: int, pace: Pace, random: Random) -> float:
    """After so many failures in a row: full jitter, from zero up to a bound that doubles."""
    doublings = min(max(failures, 1) - 1, 30)
    return random.uniform(0, min(pace.longest_wait, pace.first_wait * 2**doublings))
