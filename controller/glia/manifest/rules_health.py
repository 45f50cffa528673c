"""The rules of health checks: botocore's documentation of HealthCheck and of the service's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted, shown
from glia.manifest.rules_subject import SERVICE, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

# In seconds, but for the retries (HealthCheck).
HEALTH_CHECK = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}


def health_check_out_of_range(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        check = container.get("healthCheck") or {}
        for name, (least, most) in HEALTH_CHECK.items():
            if name in check and not least <= check[name] <= most:
                yield ShapeFault(
                    (*path, "healthCheck", name),
                    "out-of-range",
                    f"{quoted(name)} of a health check has to be {least} to {most}",
                    f"{least} to {most}",
                    shown(check[name]),
                    _remedy(name),
                )


def grace_period_without_a_check(subject: Subject) -> Iterator[ShapeFault]:
    """ECS refuses it: "only valid for services configured to use load balancers".

    A container's own check has the grace period as well (healthCheckGracePeriodSeconds).
    """
    given = subject.service.get("healthCheckGracePeriodSeconds")
    if not given or subject.has_load_balancer:
        return
    if not any(container.get("healthCheck") for _, container in subject.containers):
        yield ShapeFault(
            (*SERVICE, "healthCheckGracePeriodSeconds"),
            "never-works",
            "there is no health check to have a grace period: no load balancer, no VPC Lattice and "
            "no container's healthCheck",
            "loadBalancers, or no grace period",
            shown(given),
            "write loadBalancers or a healthCheck, or take it out",
        )


def _remedy(name: str) -> str:
    if name != "startPeriod":
        return ""
    return (
        "for a model that loads longer than 300 seconds only "
        "service.healthCheckGracePeriodSeconds is longer, behind a load balancer"
    )


RULES: tuple[Rule, ...] = (health_check_out_of_range, grace_period_without_a_check)
