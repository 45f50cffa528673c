"""The rules of how a change reaches the replicas, where every chip may be taken.

Developer guide, "Deploy Amazon ECS services by replacing tasks"; botocore's documentation of
DeploymentConfiguration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import shown
from glia.manifest.rules_subject import SERVICE, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIGURATION = (*SERVICE, "deploymentConfiguration")
# ECS's own, for a service of replicas (DeploymentConfiguration).
DEFAULTS = {"maximumPercent": 200, "minimumHealthyPercent": 100}


def percentages_that_never_move(subject: Subject) -> Iterator[ShapeFault]:
    """ECS rounds the upper limit down and the lower one up.

    Lanes have fewer replicas than the service; where all of them together cannot move, no lane
    can.
    """
    # Where the count is autoscaling's: what lets none of 100 move lets none of any number move.
    replicas = 100 if subject.spec.replicas is None else subject.spec.replicas
    given = {name: value for name, value in _configuration(subject).items() if name in DEFAULTS}
    if not replicas or not given:
        return
    percents = {**DEFAULTS, **given}
    most = replicas * percents["maximumPercent"] // 100
    least = -(-replicas * percents["minimumHealthyPercent"] // 100)
    if most > replicas or least < replicas:
        return
    yield ShapeFault(
        (*CONFIGURATION, next(iter(given))),
        "never-works",
        f"with {_replicas(subject.spec.replicas)} these percentages let none stop and none start, "
        "so no deployment ever moves",
        "room for one replica less, or one more",
        ", ".join(f"{name} {shown(value)}" for name, value in percents.items()),
        "leave both percentages out: Glia works them out from rollout"
        + _or_write(subject.spec.replicas),
    )


def strategy_that_needs_every_chip_twice(subject: Subject) -> Iterator[ShapeFault]:
    """All but ROLLING start a second copy of every replica before the first one stops."""
    strategy = _configuration(subject).get("strategy", "ROLLING")
    if strategy == "ROLLING" or not subject.shares_instances:
        return
    yield ShapeFault(
        (*CONFIGURATION, "strategy"),
        "never-works",
        f"{strategy} runs all replicas twice, which lanes on shared instances have no chips for",
        "ROLLING",
        shown(strategy),
        "leave strategy out, or let a replica take whole instances with neuron.devices: all",
    )


def rebalancing_without_spare_chips(subject: Subject) -> Iterator[ShapeFault]:
    """Rebalancing starts a task before it stops one: maximumPercent has to be above 100.

    A managed replica brings an instance of its own, so there it works.
    """
    if subject.service.get("availabilityZoneRebalancing") == "ENABLED" and not subject.is_managed:
        yield ShapeFault(
            (*SERVICE, "availabilityZoneRebalancing"),
            "contradiction",
            "availabilityZoneRebalancing starts a replica before another one stops, and "
            "neuron.allocation: devices keeps no chips free for that",
            "DISABLED",
            "ENABLED",
            "leave it out; neuron.minInstances spreads the replicas",
        )


def daemon(subject: Subject) -> Iterator[ShapeFault]:
    if subject.service.get("schedulingStrategy") == "DAEMON":
        yield ShapeFault(
            (*SERVICE, "schedulingStrategy"),
            "contradiction",
            "a NeuronService has replicas, and a DAEMON has none",
            "REPLICA",
            "DAEMON",
            "leave schedulingStrategy out and write spec.replicas",
        )


def foreign_deployment_controller(subject: Subject) -> Iterator[ShapeFault]:
    kind = (subject.service.get("deploymentController") or {}).get("type", "ECS")
    if kind != "ECS":
        yield ShapeFault(
            (*SERVICE, "deploymentController", "type"),
            "not-allowed",
            f"Glia deploys through ECS itself, not through {kind}",
            "ECS",
            shown(kind),
            "leave deploymentController out",
        )


def rollout_that_never_moves(subject: Subject) -> Iterator[ShapeFault]:
    rollout = subject.spec.rollout
    if rollout.max_unavailable == rollout.max_surge == 0:
        yield ShapeFault(
            ("spec", "rollout", "maxUnavailable"),
            "never-works",
            "with maxUnavailable 0 and maxSurge 0 no replica may stop and none may start",
            "one of both from 1 on",
            "0",
            "write maxUnavailable: 1, or maxSurge: 1 where chips are spare",
        )


def _configuration(subject: Subject) -> Mapping[str, Any]:
    return subject.service.get("deploymentConfiguration") or {}


def _or_write(count: int | None) -> str:
    if count is None:
        return ""
    return f"; or write minimumHealthyPercent: {shown((count - 1) * 100 // count)}"


def _replicas(count: int | None) -> str:
    if count is None:
        return "any number of replicas"
    return f"{shown(count)} replica{'' if count == 1 else 's'}"


RULES: tuple[Rule, ...] = (
    percentages_that_never_move,
    strategy_that_needs_every_chip_twice,
    rebalancing_without_spare_chips,
    daemon,
    foreign_deployment_controller,
    rollout_that_never_moves,
)
