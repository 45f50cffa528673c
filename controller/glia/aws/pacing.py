"""Staying below AWS's request throttling: token buckets like AWS's, a little smaller.

AWS throttles each class of actions per account and region, and whoever else works there draws
on the same buckets (Amazon ECS API reference, "Request throttling for the Amazon ECS API").
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from glia.aws.listener import Nobody
from glia.ecs.quotas import CLASS_OF, CLASSES, Limit

if TYPE_CHECKING:
    from glia.aws.listener import Listener
    from glia.clock import Clock

# Of the rate, what is left to clocks that differ and to others. The burst needs no margin: calls
# arrive after they were let go, so as long as the rate is lower, AWS's bucket holds more than ours.
RATE_MARGIN: Final = 0.98

SLOWER: Final = 0.7
"""Of the rate, what a throttled call leaves."""
SLOWEST: Final = 0.1
RECOVERY: Final = 120.0
"""Seconds from standstill to the full rate; less is gained back in proportion."""
SAME_MOMENT: Final = 1.0
"""Seconds within which several throttled calls are one sign: they were under way together."""
NAMES: Final = tuple(min(actions) for _, actions in CLASSES)
"""Of the buckets, for people: the first operation of each in alphabetical order."""


def kept(limit: Limit, share: float) -> Limit:
    """What Glia allows itself of a limit. A burst below one call would never let one by."""
    return Limit(max(1.0, limit.burst * share), limit.rate * RATE_MARGIN * share)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket at a moment.

    Attributes:
        tokens: calls that may be made at once; below zero, those that wait for their turn.
        at: when that was so, in seconds since the epoch.
        rate: tokens that come each second.
    """

    limit: Limit
    tokens: float
    at: float
    rate: float
    throttled_at: float = float("-inf")

    @classmethod
    def full(cls, limit: Limit, now: float) -> Bucket:
        return cls(limit, limit.burst, now, limit.rate)

    def refilled(self, now: float) -> Bucket:
        passed = max(0.0, now - self.at)
        tokens = min(self.limit.burst, self.tokens + passed * self.rate)
        rate = min(self.limit.rate, self.rate + passed * self.limit.rate / RECOVERY)
        return replace(self, tokens=tokens, at=max(now, self.at), rate=rate)

    def taken(self, now: float) -> tuple[Bucket, float]:
        """One token less, and how many seconds to wait until it is really there.

        A token that is not there yet is promised: calls wait in the order in which they came.
        """
        filled = self.refilled(now)
        left = replace(filled, tokens=filled.tokens - 1)
        return left, max(0.0, -left.tokens / left.rate)

    def throttled(self, now: float) -> Bucket:
        """AWS's own bucket is empty: somebody else draws on it. Go slower for a while."""
        drained = replace(self.refilled(now), throttled_at=now)
        drained = replace(drained, tokens=min(0.0, drained.tokens))
        if now - self.throttled_at < SAME_MOMENT:
            return drained
        return replace(drained, rate=max(drained.rate * SLOWER, self.limit.rate * SLOWEST))


class Pacer:
    """The buckets of one account and region, for all threads that call ECS there.

    Args:
        clock: what a call waits on.
        share: the part of AWS's quota that is Glia's, up to 1.
        read_share: the same, of calls that change nothing.
        listener: is told how long calls wait.
    """

    def __init__(
        self,
        clock: Clock,
        share: float = 1.0,
        read_share: float = 1.0,
        listener: Listener | None = None,
    ) -> None:
        self._clock = clock
        self._listener = listener or Nobody()
        self._lock = threading.Lock()
        now = clock.now()
        self._buckets = [
            Bucket.full(kept(limit, min(share, read_share) if _reads(actions) else share), now)
            for limit, actions in CLASSES
        ]

    def wait(self, operation: str) -> None:
        """Wait for this call's turn; an operation without a class has no limit.

        It asks the clock even where there is nothing to wait for: where that one has been
        interrupted, no call is begun.
        """
        index, seconds = CLASS_OF.get(operation), 0.0
        if index is not None:
            with self._lock:
                self._buckets[index], seconds = self._buckets[index].taken(self._clock.now())
            self._listener.waited(NAMES[index], seconds)
        self._clock.sleep(seconds)

    def throttled(self, operation: str) -> None:
        """AWS has throttled this call."""
        index = CLASS_OF.get(operation)
        if index is not None:
            with self._lock:
                self._buckets[index] = self._buckets[index].throttled(self._clock.now())


def _reads(actions: frozenset[str]) -> bool:
    return all(each.startswith(("Describe", "List")) for each in actions)
