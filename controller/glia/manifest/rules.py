"""What keeps a service's manifest from working, beyond the types of its values.

The rules stand in the ``rules_...`` modules, one function each. All of them are asked, so that
whoever wrote the manifest sees everything at once. They know the manifest and the hardware
catalogue, and nothing of what runs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from glia.manifest import (
    rules_capacity,
    rules_connect,
    rules_containers,
    rules_cores,
    rules_deployment,
    rules_devices,
    rules_health,
    rules_lanes,
    rules_managed,
    rules_network,
    rules_neuron,
    rules_percentages,
    rules_placement,
    rules_ports,
    rules_references,
    rules_resources,
    rules_roles,
    rules_tags,
)
from glia.manifest.rules_subject import make_subject
from glia.manifest.unknown import UnknownError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.ecs.shape_fault import Path, ShapeFault
    from glia.manifest.spec import ServiceSpec
    from glia.neuron.catalogue import InstanceType

__all__ = ["service_faults"]

NO_LABELS: Mapping[str, str] = MappingProxyType({})
RULES = (
    *rules_neuron.RULES,
    *rules_devices.RULES,
    *rules_cores.RULES,
    *rules_capacity.RULES,
    *rules_managed.RULES,
    *rules_placement.RULES,
    *rules_deployment.RULES,
    *rules_percentages.RULES,
    *rules_lanes.RULES,
    *rules_health.RULES,
    *rules_network.RULES,
    *rules_ports.RULES,
    *rules_connect.RULES,
    *rules_containers.RULES,
    *rules_references.RULES,
    *rules_resources.RULES,
    *rules_roles.RULES,
    *rules_tags.RULES,
)


def service_faults(
    spec: ServiceSpec,
    instance_type: InstanceType | None,
    *,
    labels: Mapping[str, str] = NO_LABELS,
    unknown: frozenset[Path] = frozenset(),
) -> Iterator[ShapeFault]:
    """Everything that is wrong with a service, with paths from the document's root.

    Args:
        spec: ``taskDefinition`` and ``service`` have ECS's shapes, but for what is unknown.
        instance_type: what ``neuron.instanceType`` names; None where the catalogue has no such
            type or a managed service names none, and rules that need its numbers stay silent.
        labels: the manifest's, which become tags.
        unknown: fields that are wrong. A rule that comes to one of them ends there.
    """
    subject = make_subject(spec, instance_type, labels, unknown)
    for rule in RULES:
        try:
            yield from rule(subject)
        except UnknownError:  # a context manager for each rule costs a tenth of all rules
            continue
