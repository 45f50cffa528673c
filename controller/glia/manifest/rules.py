"""What keeps a service's manifest from working, where every value has the right type.

The rules stand in the ``rules_...`` modules, one function each. All of them are asked, so that
whoever wrote the manifest sees everything at once. They know the manifest and the hardware
catalogue, and nothing of what runs.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from glia.manifest import (
    rules_capacity,
    rules_containers,
    rules_cores,
    rules_deployment,
    rules_network,
    rules_neuron,
    rules_placement,
    rules_ports,
    rules_tags,
)
from glia.manifest.rules_subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.ecs.shape_fault import ShapeFault
    from glia.manifest.spec import ServiceSpec
    from glia.neuron.catalogue import InstanceType

__all__ = ["service_faults"]

NO_LABELS: Mapping[str, str] = MappingProxyType({})
RULES = (
    *rules_neuron.RULES,
    *rules_cores.RULES,
    *rules_capacity.RULES,
    *rules_placement.RULES,
    *rules_deployment.RULES,
    *rules_network.RULES,
    *rules_ports.RULES,
    *rules_containers.RULES,
    *rules_tags.RULES,
)


def service_faults(
    spec: ServiceSpec,
    instance_type: InstanceType | None,
    *,
    labels: Mapping[str, str] = NO_LABELS,
) -> Iterator[ShapeFault]:
    """Everything that is wrong with a service, with paths from the document's root.

    Args:
        spec: ``taskDefinition`` and ``service`` have ECS's shapes.
        instance_type: what ``neuron.instanceType`` names; None where the catalogue has no such
            type or a managed service names none, and rules that need its numbers stay silent.
        labels: the manifest's, which become tags.
    """
    subject = Subject(spec, instance_type, labels)
    for rule in RULES:
        yield from rule(subject)
