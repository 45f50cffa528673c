"""What AWS's own request quotas make calls take: the floor of every time that is measured."""

from __future__ import annotations

from collections import Counter

from glia.sandbox.quotas import CLASS_OF, CLASSES


def floor(calls: Counter[str]) -> float:
    """The seconds that AWS's own buckets make these calls take, with nobody else there."""
    used: Counter[str] = Counter()
    for operation, count in calls.items():
        used[CLASS_OF[operation]] += count
    return max(
        (count - CLASSES[name][0].burst) / CLASSES[name][0].refill for name, count in used.items()
    )
