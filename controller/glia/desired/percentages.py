"""The deployment percentages that let so many replicas be down, or surplus, at once.

ECS rounds the healthy minimum up and the maximum down (DeploymentConfiguration), so a
percentage says something else for every count. Both follow from the manifest alone: live
capacity causes no drift.
"""

from __future__ import annotations

# Where the count is autoscaling's: half of the replicas may be down. None would keep a service
# of any size from moving; all would take a service of any size off.
OPEN_COUNT = {"maximumPercent": 100, "minimumHealthyPercent": 50}


def percentages(replicas: int | None, unavailable: int, surge: int) -> dict[str, int]:
    """``maximumPercent`` and ``minimumHealthyPercent`` for a rolling deployment.

    The smallest maximum that lets ``surge`` more run, and the smallest minimum with which no
    more than ``unavailable`` are down.
    """
    if replicas is None:
        return {**OPEN_COUNT, "maximumPercent": 200} if surge else OPEN_COUNT
    if replicas == 0:
        return {"maximumPercent": 100, "minimumHealthyPercent": 0}
    most = -(-100 * (replicas + surge) // replicas)
    kept = replicas - unavailable
    least = 100 * (kept - 1) // replicas + 1 if kept > 0 else 0
    return {"maximumPercent": most, "minimumHealthyPercent": least}


def down_at_once(replicas: int, minimum: int) -> int:
    """How many replicas a rolling deployment with that healthy minimum may stop at once."""
    return replicas - -(-replicas * minimum // 100)


def surplus_at_once(replicas: int, maximum: int) -> int:
    """How many replicas may run in addition."""
    return max(0, replicas * maximum // 100 - replicas)
