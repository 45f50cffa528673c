"""Which instance types the manifests may name: the catalogue's, declared ones, others known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.manifest.spec import NeuronInstanceType
from glia.neuron.catalogue import DeviceSetRule, InstanceType, UnknownInstanceType, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.manifest.document import Document
    from glia.manifest.relations import Declared


@dataclass(frozen=True, slots=True)
class KnownTypes:
    """Instance types by name.

    Attributes:
        declared: what NeuronInstanceType manifests add to the catalogue, or correct in it.
        broken: names of such manifests that are wrong: nobody knows what they would say.
        others: what the caller knows besides, for what the catalogue lacks.
    """

    declared: Mapping[str, InstanceType]
    broken: frozenset[str]
    others: Mapping[str, InstanceType]

    def get(self, name: str) -> InstanceType | None:
        if name in self.declared or name in self.broken:
            return self.declared.get(name)
        try:
            return find(name)
        except UnknownInstanceType:
            return self.others.get(name)

    def lacks(self, name: str) -> bool:
        return self.get(name) is None and name not in self.broken


def resolve(
    declared: Iterable[Declared], documents: Iterable[Document], others: Mapping[str, InstanceType]
) -> KnownTypes:
    """What the manifests among these declare, and what the caller knows besides."""
    right = {
        each.manifest.metadata.name: _instance_type(each.manifest)
        for each in declared
        if isinstance(each.manifest, NeuronInstanceType)
    }
    kind = NeuronInstanceType.__name__
    names = {name.lower() for each in documents if (name := each.name_of(kind))}
    return KnownTypes(right, frozenset(names - right.keys()), others)


def no_instance_type(name: str) -> ShapeFault:
    """What to tell whoever names a type that nobody knows."""
    message = f"no Neuron instance type is called {name!r}"
    try:
        find(name)
    except UnknownInstanceType as error:  # names the nearest ones
        message = str(error)
    path = ("spec", "neuron", "instanceType")
    remedy = "declare it in a NeuronInstanceType if it is new"
    return ShapeFault(path, "not-allowed", message, "", name, remedy)


def _instance_type(manifest: NeuronInstanceType) -> InstanceType:
    spec = manifest.spec
    return InstanceType(
        name=manifest.metadata.name,
        vcpu=spec.vcpu,
        memory_mib=spec.memory_mib,
        chip=spec.chip,
        chips=spec.chips,
        neuron_core_version=spec.neuron_core_version,
        cores_per_chip=spec.cores_per_chip,
        visible_cores_per_chip=spec.visible_cores_per_chip or spec.cores_per_chip,
        chip_memory_gib=spec.chip_memory_gib,
        enis=spec.network_interfaces,
        architecture=spec.architecture,
        device_sets=DeviceSetRule[spec.device_sets.upper()],
        source="declared in a manifest",
    )
