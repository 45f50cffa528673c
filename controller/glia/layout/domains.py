"""Domains: which services compete for which instances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glia.desired.service import PARTITION
from glia.neuron.locks import Lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.live import LiveInstance, LiveService
    from glia.manifest.spec import NeuronService
    from glia.manifest.spec_neuron import Neuron, Pool
    from glia.neuron.catalogue import InstanceType
    from glia.target import ClusterRef


EQUATION = 3  # words: the attribute, the operator, the value


@dataclass(frozen=True, slots=True, order=True)
class DomainKey:
    """Interchangeable instances: of a cluster, of a type, of a pool.

    Attributes:
        provider: the pool's capacity provider, or empty.
        attribute, value: the pool's custom attribute, or empty.
    """

    cluster: ClusterRef
    instance_type: str
    provider: str = ""
    attribute: str = ""
    value: str = ""

    def __str__(self) -> str:
        pool = f", pool {self.pool}" if self.pool else ""
        return f"{self.instance_type} of {self.cluster}{pool}"

    @property
    def pool(self) -> str:
        """The pool as people call it, or empty."""
        return self.provider or (f"{self.attribute}={self.value}" if self.attribute else "")

    def has(self, instance: LiveInstance) -> bool:
        """Whether an instance is one of these, whatever its state."""
        return (
            instance.instance_type == self.instance_type
            and self.provider in {"", instance.capacity_provider}
            and (not self.attribute or instance.attributes.get(self.attribute) == self.value)
        )

    def may_hold(self, service: LiveService, instances: Iterable[LiveInstance]) -> bool:
        """Whether a service's tasks may be on these instances: unless it is bound to another pool.

        The live service says so, and not its manifest, which may be elsewhere. What tells the
        pools apart may be another attribute: then the instances show whether both are there.
        """
        members = service.members
        strategy = members.get("capacityProviderStrategy") or ()
        if self.provider and strategy:
            return any(each.get("capacityProvider") == self.provider for each in strategy)
        if not self.pool:
            return True
        bound = dict(_bound(members))
        if self.attribute in bound:
            return bound[self.attribute] == self.value
        return not bound or any(
            all(each.attributes.get(name) == value for name, value in bound.items())
            for each in instances
        )


def _bound(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The attributes that bind a service to a pool, each with its value."""
    for each in members.get("placementConstraints") or ():
        words = str(each.get("expression", "")).split()
        if len(words) == EQUATION and words[0].startswith("attribute:") and words[1] == "==":
            name = words[0].removeprefix("attribute:")
            if name != PARTITION and not name.startswith("ecs."):
                yield name, words[2]


def domain_key(cluster: ClusterRef, neuron: Neuron) -> DomainKey | None:
    """Where a service's replicas may run; None where ECS hands out whole Managed Instances."""
    if neuron.allocation == "managed" or neuron.instance_type is None:
        return None
    pool: Pool | None = neuron.pool
    if pool is None:
        return DomainKey(cluster, neuron.instance_type)
    return DomainKey(
        cluster,
        neuron.instance_type,
        pool.capacity_provider or "",
        pool.attribute or "",
        pool.value or "",
    )


def pinned_devices(neuron: Neuron, instance_type: InstanceType) -> tuple[int, ...]:
    """The chips that leave no choice: pinned by hand, or all of them; else none."""
    if neuron.device_ids is not None:
        return neuron.device_ids
    if neuron.devices in {"all", instance_type.chips}:
        return tuple(range(instance_type.chips))
    return ()


def shared_domains(
    services: Sequence[tuple[NeuronService, ClusterRef]],
    instance_types: Mapping[str, InstanceType],
) -> frozenset[DomainKey]:
    """The domains in which Glia has to know what runs.

    Those where a service leaves it a choice of chips, or is kept apart from all others by their
    names. With one of them come those that it overlaps.
    """
    keys, open_ones = set[DomainKey](), set[DomainKey]()
    for manifest, cluster in services:
        key = domain_key(cluster, manifest.spec.neuron)
        if key is None:
            continue
        keys.add(key)
        neuron = manifest.spec.neuron
        chosen = pinned_devices(neuron, instance_types[key.instance_type])
        if not chosen or neuron.lock == Lock.CONSTRAINTS.value:
            open_ones.add(key)
    return frozenset(open_ones).union(
        other for key in open_ones for other in keys if may_overlap(key, other)
    )


def may_overlap(key: DomainKey, other: DomainKey) -> bool:
    """Whether instances of both are thinkable: no attribute has two values on one."""
    if key == other or (key.cluster, key.instance_type) != (other.cluster, other.instance_type):
        return False
    one, another = (key.provider, key.attribute), (other.provider, other.attribute)
    return one != another and (not (key.provider and other.provider))


def overlapping(key: DomainKey, keys: Iterable[DomainKey]) -> frozenset[DomainKey]:
    """Those of one type and cluster of which one names a pool and the other does not."""
    return frozenset(
        other
        for other in keys
        if (other.cluster, other.instance_type) == (key.cluster, key.instance_type)
        and bool(other.pool) != bool(key.pool)
    )
