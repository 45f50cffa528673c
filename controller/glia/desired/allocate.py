"""Which lanes a service comes down to.

For now a lane has its instances for itself: replicas that take whole instances, or whose chips
are pinned by hand. What would have to share instances is told, not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.errors import Diagnostic, Location
from glia.manifest.spec import NeuronService
from glia.neuron.lanes import Lane, lane_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.manifest.relations import Declared
    from glia.manifest.spec import Neuron
    from glia.neuron.catalogue import InstanceType


@dataclass(frozen=True, slots=True)
class Allocation:
    """The lanes of every service, by its manifest's name, and what could get none."""

    lanes: Mapping[str, tuple[Lane, ...]]
    diagnostics: tuple[Diagnostic, ...]


def allocate(
    declared: Iterable[Declared], instance_types: Mapping[str, InstanceType]
) -> Allocation:
    """Lanes for the services among the manifests."""
    lanes: dict[str, tuple[Lane, ...]] = {}
    diagnostics: list[Diagnostic] = []
    for each in declared:
        if isinstance(each.manifest, NeuronService):
            found = _lanes(each.manifest, instance_types)
            if found:
                lanes[each.manifest.metadata.name] = found
            else:
                diagnostics.append(_shares(each))
    return Allocation(lanes, tuple(diagnostics))


def _lanes(manifest: NeuronService, instance_types: Mapping[str, InstanceType]) -> tuple[Lane, ...]:
    spec, name = manifest.spec, manifest.metadata.name
    neuron = spec.neuron
    own_name: str | None = spec.service.get("serviceName")
    if neuron.allocation == "managed":
        return (Lane(own_name or name, (), spec.replicas),)
    chips = instance_types[neuron.instance_type or ""].chips
    devices = _device_ids(neuron, chips)
    if not devices:
        return ()
    return (Lane(own_name or lane_name(name, devices, chips), devices, spec.replicas),)


def _device_ids(neuron: Neuron, chips: int) -> tuple[int, ...]:
    if neuron.device_ids is not None:
        return neuron.device_ids
    if neuron.devices in {"all", chips}:
        return tuple(range(chips))
    return ()


def _shares(declared: Declared) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code="shared-instances",
        message="replicas that share instances cannot be planned yet",
        location=Location(declared.document.file, declared.document.line, 1),
        path="spec.neuron.devices",
        expected="all chips of the instance, or the chips by their numbers",
        remedy="write devices: all, or deviceIds; `glia validate` knows the rest already",
        key=declared.key,
    )
