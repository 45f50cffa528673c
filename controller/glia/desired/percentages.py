"""The deployment percentages that let so many replicas be down, or surplus, at once.

ECS rounds the healthy minimum up and the maximum down (DeploymentConfiguration), so a
percentage says something else for every count. Both follow from the manifest alone: live
capacity causes no drift.

ECS takes whole percents, and one percent of 200 replicas is two of them. So a hundred replicas
and more cannot always move by as few as a rollout allows.
"""

from __future__ import annotations

# Where the count is autoscaling's: half of the replicas may be down. None would keep a service
# of any size from moving; all would take a service of any size off.
OPEN_COUNT = {"maximumPercent": 100, "minimumHealthyPercent": 50}


def percentages(replicas: int | None, unavailable: int, surge: int) -> dict[str, int]:
    """``maximumPercent`` and ``minimumHealthyPercent`` for a rolling deployment.

    A maximum with which no more than ``surge`` run in addition, and the smallest minimum with
    which no more than ``unavailable`` are down. Where neither lets anything move, one percent
    does: of what may be down if any may, because that takes no spare chips, else of what may
    run in addition. That is ``replicas // 100`` of them, more than the rollout says. The rules
    of the manifest refuse it for a service of one lane. How many replicas one of several lanes
    has is not known to them, and a lane that never moves would be worse.
    """
    if replicas is None:
        return {**OPEN_COUNT, "maximumPercent": 200} if surge else OPEN_COUNT
    if replicas == 0:
        return {"maximumPercent": 100, "minimumHealthyPercent": 0}
    most, least = _maximum(replicas, surge), _minimum(replicas, unavailable)
    if not (surplus_at_once(replicas, most) or down_at_once(replicas, least)):
        if unavailable:
            least = 99
        elif surge:
            most = 101
    return {"maximumPercent": most, "minimumHealthyPercent": least}


def _maximum(replicas: int, surge: int) -> int:
    """The smallest one for as many as the largest one that does not exceed ``surge`` lets run."""
    enough = -(-100 * (replicas + surge) // replicas)
    return enough if surplus_at_once(replicas, enough) <= surge else enough - 1


def _minimum(replicas: int, unavailable: int) -> int:
    kept = replicas - unavailable
    return 100 * (kept - 1) // replicas + 1 if kept > 0 else 0


def down_at_once(replicas: int, minimum: int) -> int:
    """How many replicas a rolling deployment with that healthy minimum may stop at once."""
    return replicas - -(-replicas * minimum // 100)


def surplus_at_once(replicas: int, maximum: int) -> int:
    """How many replicas may run in addition."""
    return max(0, replicas * maximum // 100 - replicas)
