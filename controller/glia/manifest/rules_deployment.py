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


def strategy_that_needs_every_chip_twice(subject: Subject) -> Iterator[ShapeFault]:
    """All but ROLLING start a second copy of every replica before the first one stops."""
    strategy = configuration(subject).get("strategy", "ROLLING")
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
    rollout = subject.rollout
    if rollout.max_unavailable == rollout.max_surge == 0:
        yield ShapeFault(
            ("spec", "rollout", "maxUnavailable"),
            "never-works",
            "with maxUnavailable 0 and maxSurge 0 no replica may stop and none may start",
            "one of both from 1 on",
            "0",
            "write maxUnavailable: 1, or maxSurge: 1 where chips are spare",
        )


def configuration(subject: Subject) -> Mapping[str, Any]:
    return subject.service.get("deploymentConfiguration") or {}


RULES: tuple[Rule, ...] = (
    strategy_that_needs_every_chip_twice,
    rebalancing_without_spare_chips,
    daemon,
    foreign_deployment_controller,
    rollout_that_never_moves,
)
