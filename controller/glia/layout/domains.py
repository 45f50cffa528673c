"""Domains: which services compete for which instances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.live import LiveService
    from glia.manifest.spec import Neuron, NeuronService, Pool
    from glia.neuron.catalogue import InstanceType
    from glia.target import ClusterRef


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

    def may_hold(self, service: LiveService) -> bool:
        """Whether a service's tasks may be on these instances: unless it is bound to another pool.

        The live service says so, and not its manifest, which may be elsewhere.
        """
        members = service.members
        strategy = members.get("capacityProviderStrategy") or ()
        if self.provider and strategy:
            return any(each.get("capacityProvider") == self.provider for each in strategy)
        if not self.attribute:
            return True
        bound = f"attribute:{self.attribute}"
        said = (
            str(each.get("expression", "")).split()
            for each in members.get("placementConstraints") or ()
        )
        values = {words[2] for words in said if words[:2] == [bound, "=="] and len(words) == 3}
        return not values or self.value in values


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
    """The domains in which Glia has to choose chips: those where a service leaves it a choice.

    With one of them come those that it overlaps.
    """
    keys, open_ones = set[DomainKey](), set[DomainKey]()
    for manifest, cluster in services:
        key = domain_key(cluster, manifest.spec.neuron)
        if key is None:
            continue
        keys.add(key)
        if not pinned_devices(manifest.spec.neuron, instance_types[key.instance_type]):
            open_ones.add(key)
    return frozenset(open_ones).union(*(overlapping(key, keys) for key in open_ones))


def overlapping(key: DomainKey, keys: Iterable[DomainKey]) -> frozenset[DomainKey]:
    """Those of one type and cluster of which one names a pool and the other does not."""
    return frozenset(
        other
        for other in keys
        if (other.cluster, other.instance_type) == (key.cluster, key.instance_type)
        and bool(other.pool) != bool(key.pool)
    )
