"""Capacity providers: which one a task goes to, and instances that ECS launches itself.

Auto Scaling groups are not played: their instances register like any other. A provider of
Managed Instances launches the smallest allowed type that holds the task, one at a time, and
ends it once it has been empty for a while.
"""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from typing import TYPE_CHECKING

from glia.neuron.catalogue import catalogue
from glia.sandbox import machines
from glia.sandbox.arns import Place
from glia.sandbox.defaults import FARGATE_PROVIDERS
from glia.sandbox.needs import Ledger
from glia.sandbox.placement import NoPlace, Terms, place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.sandbox.records import CapacityProvider, Cluster, Instance, Task
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import World

Found = tuple[str | None, "Instance | None"]


def find(world: World, cluster: Cluster, terms: Terms, wanted: Json) -> Found | NoPlace:
    """A provider and an instance for one more task, from launch type or strategy.

    Fargate has no instance.
    """
    strategy = wanted.get("capacityProviderStrategy")
    if not strategy:
        if wanted.get("launchType", "EC2") == "FARGATE":
            return None, None
        chosen = place(cluster, terms)
        return chosen if isinstance(chosen, NoPlace) else (None, chosen)
    name = _choose(strategy, terms.peers)
    if name in FARGATE_PROVIDERS:
        return name, None
    chosen = place(cluster, replace(terms, provider=name))
    if not isinstance(chosen, NoPlace):
        return name, chosen
    provider = _provider(world, cluster, name)
    if provider is not None and "managedInstancesProvider" in provider.spec:
        return _launch(world, cluster, provider, terms) or chosen
    return chosen


def _choose(strategy: Sequence[Json], peers: Sequence[Task]) -> str:
    """First every base, then by weight (API reference, CapacityProviderStrategyItem)."""
    counts = [
        sum(task.capacity_provider == item["capacityProvider"] for task in peers)
        for item in strategy
    ]
    for item, count in zip(strategy, counts, strict=True):
        if count < item.get("base", 0):
            return str(item["capacityProvider"])
    weighted = [
        ((count - item.get("base", 0)) / item["weight"], item["capacityProvider"])
        for item, count in zip(strategy, counts, strict=True)
        if item.get("weight", 0) > 0
    ]
    lightest = min(weighted, key=lambda pair: pair[0], default=(0, strategy[0]["capacityProvider"]))
    return str(lightest[1])


def _provider(world: World, cluster: Cluster, name: str) -> CapacityProvider | None:
    return world.region(Place.of(cluster.arn)).providers.get(name)


def _launch(
    world: World, cluster: Cluster, provider: CapacityProvider, terms: Terms
) -> NoPlace | None:
    """Start an instance for the task, unless one is on its way or no allowed type holds it."""
    on_its_way = NoPlace("PROVISIONING", on_its_way=True)
    if provider.launching:
        return on_its_way
    instance_type = _smallest(world, provider.spec, terms)
    if instance_type is None:
        return None
    provider.launching = True
    world.after(
        world.pace.instance_launch, partial(_arrive, world, cluster, provider, instance_type)
    )
    return on_its_way


def _smallest(world: World, spec: Json, terms: Terms) -> str | None:
    """The smallest Neuron type that is allowed and holds the task; inf1 is for EC2 alone."""
    template = spec["managedInstancesProvider"]["instanceLaunchTemplate"]
    requirements = template.get("instanceRequirements", {})
    allowed = requirements.get("allowedInstanceTypes", ["*"])
    fitting = [
        each
        for each in catalogue().values()
        if each.family != "inf1"
        and any(fnmatch(each.name, pattern) for pattern in allowed)
        and each.vcpu >= _least(requirements, "vCpuCount")
        and each.memory_mib >= _least(requirements, "memoryMiB")
        and Ledger(machines.capacity_of(world, each.name)).lacks(terms.needs) is None
    ]
    best = min(fitting, key=lambda each: (each.cpu_units, each.memory_mib), default=None)
    return best.name if best is not None else None


def _least(requirements: Json, member: str) -> int:
    return int(requirements.get(member, {}).get("min", 0))


def _arrive(world: World, cluster: Cluster, provider: CapacityProvider, instance_type: str) -> None:
    provider.launching = False
    if cluster.status != "ACTIVE" or provider.status != "ACTIVE":
        return
    told = machines.Registration(instance_type, capacity_provider=provider.name, managed=True)
    instance = machines.register(world, cluster, told)
    machines.watch_idle(world, instance)
