"""Odd but plausible changes of manifests, one after the other, on instances that are shared."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from lanes.fleet import BIG, SMALL, died_for_a_taken_chip, sharing
from sandbox.test_managed_instances import NETWORK, provider
from support.operator import CLUSTER, is_empty, neuron_cluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

Manifest = dict[str, Any]
ELSEWHERE = neuron_cluster("elsewhere", clusterName="inference")


def neuron(name: str, base: Manifest, **members: Any) -> Manifest:
    """The same with other members of ``spec.neuron``, and another name; None takes one out."""
    made = deepcopy(base)
    made["metadata"]["name"] = name
    found = made["spec"]["neuron"] | members
    made["spec"]["neuron"] = {each: value for each, value in found.items() if value is not None}
    return made


def spec(base: Manifest, **members: Any) -> Manifest:
    made = deepcopy(base)
    made["spec"] |= members
    return made


def called(base: Manifest, name: str) -> Manifest:
    return spec(base, service={**base["spec"].get("service", {}), "serviceName": name})


def managed(base: Manifest) -> Manifest:
    made = spec(
        base,
        neuron={"allocation": "managed"},
        service={
            "capacityProviderStrategy": [{"capacityProvider": "neuron", "weight": 1}],
            "networkConfiguration": {"awsvpcConfiguration": NETWORK},
        },
    )
    made["spec"]["taskDefinition"] |= {"cpu": "4096", "memory": "8192"}
    return made


WEB = sharing("web", 2, 4)
PINNED = neuron("web", WEB, devices=None, deviceIds=[0, 1])
LONE = sharing("web", 1, 2)
# What is written next, beside a neighbour of one chip on every instance.
CHANGES: tuple[tuple[str, Manifest], ...] = (
    ("as it begins", WEB),
    ("pinned beside that, overlapping", neuron("web", PINNED, deviceIds=[1, 2])),
    ("a name of its own, and other chips", called(neuron("web", PINNED, deviceIds=[5, 6]), "own")),
    ("that name and more chips", called(sharing("web", 1, 3), "own")),
    ("another type and whole instances", sharing("web", 1, "all", kind=SMALL)),
    ("handed out, and a name", called(managed(sharing("web", 1, 4)), "own")),
    ("back to chips, pinned", neuron("web", PINNED, deviceIds=[3])),
    ("kept apart by constraints", neuron("web", WEB, lock="antiAffinity")),
    ("renamed, with other chips", spec(sharing("api", 2, 3), renamedFrom="web")),
    ("back, by another NeuronCluster", spec(WEB, cluster="elsewhere", renamedFrom="api")),
)


def orphans(operator: Operator, keys: set[str]) -> set[str]:
    """Services with the owner's tag whose manifest is not there, or that hold nothing of use."""
    with operator.driver.sandbox.world.lock:
        return {
            service.name
            for service in operator.driver.sandbox.cluster.services.values()
            if service.status == "ACTIVE" and service.tags.get("glia:key") not in keys
        }


def test_no_odd_change_takes_a_chip_twice_or_leaves_anything_behind(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3), (SMALL, 2))
    operator.driver.ecs.create_capacity_provider(
        name="neuron", cluster="inference", managedInstancesProvider=provider("inf2.*")
    )
    beside = sharing("beside", 3, 1)
    for name, manifest in CHANGES:
        operator.write(manifest, beside, clusters=(CLUSTER, ELSEWHERE))
        plan = operator.plan()
        assert not [each.message for each in plan.errors], name
        operator.apply(downtime=True)
        operator.driver.run(60)
        left = operator.plan()
        assert is_empty(left), (name, [each.id for each in left.changes], left.held)
        keys = {f"inference/{each['metadata']['name']}" for each in (manifest, beside)}
        assert not orphans(operator, keys), name
        wanted = manifest["spec"]["replicas"]
        if not manifest["spec"].get("suspend"):
            assert ready(operator, manifest["metadata"]["name"]) == wanted, name
        assert not died_for_a_taken_chip(operator), name


def ready(operator: Operator, name: str) -> int:
    with operator.driver.sandbox.world.lock:
        return sum(
            each.live and each.healthy
            for service in operator.driver.sandbox.cluster.services.values()
            if service.status == "ACTIVE" and service.tags.get("glia:key") == f"inference/{name}"
            for each in service.tasks.values()
        )
