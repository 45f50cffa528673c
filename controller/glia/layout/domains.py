"""Domains: which services compete for which instances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        pool = self.provider or (f"{self.attribute}={self.value}" if self.attribute else "")
        return f"{self.instance_type} of {self.cluster}" + (f", pool {pool}" if pool else "")


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
    """The domains in which Glia has to choose chips: those where a service leaves it a choice."""
    found = set()
    for manifest, cluster in services:
        key = domain_key(cluster, manifest.spec.neuron)
        if key is not None and not pinned_devices(
            manifest.spec.neuron, instance_types[key.instance_type]
        ):
            found.add(key)
    return frozenset(found)
