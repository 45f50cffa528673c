"""When a running task counts as healthy, or is found not to be.

Container health checks, a load balancer's targets, and where there is neither, 40 seconds of
running (API reference, DeploymentConfiguration, ``minimumHealthyPercent``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.sandbox.behaviour import behaviour_of

if TYPE_CHECKING:
    from glia.sandbox.records import Task
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import Pace


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks will find.

    Attributes:
        after: seconds after the start at which it is known.
        failed: which checks fail, in the words of a stopped reason; none: the task is healthy.
        checked: whether the task has container health checks at all.
    """

    after: float
    failed: str | None
    checked: bool


def verdict(task: Task, pace: Pace) -> Verdict:
    """The first failure, or the moment at which the last check has passed."""
    grace = _grace(task)
    checks = [
        _container_check(container, grace)
        for container in task.definition.spec["containerDefinitions"]
        if container["essential"] and "healthCheck" in container
    ]
    checked = bool(checks)
    if task.service is not None and task.deployment is not None:
        balancers = task.deployment.revision.get("loadBalancers", ())
        checks += [_target_check(task, balancer, grace, pace) for balancer in balancers]
    if not checks:
        return Verdict(pace.healthy, None, checked)
    failures = [check for check in checks if check[1] is not None]
    after, failed = min(failures) if failures else max(checks)
    return Verdict(after, failed, checked)


def _grace(task: Task) -> float:
    """Seconds for which the scheduler overlooks failing checks, a container's own included."""
    if task.service is None:
        return 0.0
    return float(task.service.spec.get("healthCheckGracePeriodSeconds") or 0)


def _container_check(container: Json, grace: float) -> tuple[float, str | None]:
    check = container["healthCheck"]
    interval = check["interval"]
    gives_up = max(grace, check.get("startPeriod", 0) + interval * check["retries"])
    healthy_after = behaviour_of(container["image"]).healthy_after
    if healthy_after is not None:
        passes = interval * max(1, math.ceil(healthy_after / interval))
        if passes <= gives_up:
            return passes, None
    return gives_up, "container health checks"


def _target_check(task: Task, balancer: Json, grace: float, pace: Pace) -> tuple[float, str | None]:
    healthy_after = _slowest(task)
    gives_up = grace + pace.target_unhealthy
    if healthy_after is not None:
        passes = max(pace.target_healthy, healthy_after)
        if passes <= gives_up:
            return passes, None
    group = balancer.get("targetGroupArn") or balancer.get("loadBalancerName")
    return gives_up, f"ELB health checks in (target-group {group})"


def _slowest(task: Task) -> float | None:
    times = [behaviour_of(each["image"]).healthy_after for each in task.containers]
    return None if None in times else max(time for time in times if time is not None)
