"""A lane's service: what the user wrote, and what keeps its replicas apart and rollouts moving.

What Glia merely defaults yields to what is written; what it must write, the rules of the
manifest keep from being contradicted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from glia.desired.percentages import percentages
from glia.ecs.anti_affinity import apart_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.manifest.spec import ServiceSpec
    from glia.neuron.lanes import Lane

Json = dict[str, Any]

PARTITION: Final = "glia.partition"
# Replicas in several zones first; within one, instances are filled up so that others stay whole.
STRATEGY: Final = (
    {"type": "spread", "field": "attribute:ecs.availability-zone"},
    {"type": "binpack", "field": "memory"},
)
BREAKER: Final = {"enable": True, "rollback": True}
# A count that is autoscaling's: CreateService has to begin somewhere.
FIRST_COUNT: Final = 1


def service(spec: ServiceSpec, lane: Lane, cluster: str, family: str) -> Json:
    """The members of CreateService, without tags; ``taskDefinition`` is the family."""
    written = spec.service
    made: Json = {
        "cluster": cluster,
        "serviceName": lane.name,
        "taskDefinition": family,
        "desiredCount": FIRST_COUNT if lane.count is None else lane.count,
        **{name: value for name, value in written.items() if name != "tags"},
    }
    if provider := spec.neuron.pool and spec.neuron.pool.capacity_provider:
        made.setdefault("capacityProviderStrategy", [{"capacityProvider": provider, "weight": 1}])
    if not made.get("capacityProviderStrategy"):
        # Absent would mean the cluster's default strategy, and that may be Fargate.
        made.setdefault("launchType", "EC2")
    if spec.neuron.allocation == "devices":
        made["placementConstraints"] = service_constraints(spec, lane)
        if not written.get("placementStrategy"):
            made["placementStrategy"] = [dict(each) for each in STRATEGY]
    # ECS would move replicas by itself otherwise, and each loads its model for minutes.
    made.setdefault("availabilityZoneRebalancing", "DISABLED")
    made["deploymentConfiguration"] = _deployment_configuration(spec, lane.count)
    return made


def service_constraints(spec: ServiceSpec, lane: Lane) -> list[Json]:
    """At most one replica an instance, in the lane's partition, and apart from some lanes."""
    given = list(spec.service.get("placementConstraints") or ())
    own: list[Json] = [{"type": "distinctInstance"}, member_of_partition(lane.partition)]
    pool = spec.neuron.pool
    if pool is not None and pool.attribute is not None:
        own.append(_member_of(f"attribute:{pool.attribute} == {pool.value}"))
    own += apart_from(lane.apart_from)
    return [*given, *(each for each in own if each not in given)]


def member_of_partition(partition: str) -> Json:
    """The constraint that keeps a lane on the instances of a partition."""
    if partition:
        return _member_of(f"attribute:{PARTITION} == {partition}")
    return _member_of(f"attribute:{PARTITION} !exists")


def _member_of(expression: str) -> Json:
    return {"type": "memberOf", "expression": expression}


def _deployment_configuration(spec: ServiceSpec, count: int | None) -> Json:
    written: Mapping[str, Any] = spec.service.get("deploymentConfiguration") or {}
    made = dict(written)
    if made.get("strategy", "ROLLING") != "ROLLING":
        return made  # the breaker and the percentages are the rolling deployment's
    made.setdefault("deploymentCircuitBreaker", dict(BREAKER))
    if spec.neuron.allocation == "managed":
        return made  # a new replica brings its own instance: ECS's own 100 and 200 fit
    rollout = spec.rollout
    own = percentages(count, rollout.max_unavailable, rollout.max_surge)
    for name, value in own.items():
        made.setdefault(name, value)
    return made
