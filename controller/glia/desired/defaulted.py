"""What of a lane is Glia's mere default, as beginnings of the paths that a diff names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.desired.service import PARTITION
from glia.desired.task_definition import neuron_container
from glia.neuron.locks import lock_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.manifest.spec import ServiceSpec
    from glia.neuron.lanes import Lane

# Members of a service that yield to what is written, by what would be written.
OF_THE_SERVICE = ("placementStrategy", "availabilityZoneRebalancing", "launchType")
OF_THE_DEPLOYMENT = ("maximumPercent", "minimumHealthyPercent", "deploymentCircuitBreaker")


def defaulted(spec: ServiceSpec, lane: Lane) -> tuple[str, ...]:
    """Where an adopted service keeps its live values, as long as its tasks are not replaced."""
    return (*_of_the_task_definition(spec, lane), *_of_the_service(spec))


def _of_the_task_definition(spec: ServiceSpec, lane: Lane) -> Iterator[str]:
    container = f"taskDefinition.containerDefinitions[{neuron_container(spec)}]"
    for device in lane.device_ids:
        yield f"{container}.linuxParameters.devices[/dev/neuron{device}].permissions"
        yield f"{container}.portMappings[{lock_port(device)}/tcp]"
    yield "taskDefinition.placementConstraints[memberOf attribute:ecs.instance-type"
    if not spec.task_definition.get("requiresCompatibilities"):
        yield "taskDefinition.requiresCompatibilities"
    if not spec.task_definition.get("family"):
        yield "taskDefinition.family"


def _of_the_service(spec: ServiceSpec) -> Iterator[str]:
    written = spec.service
    yield from (f"service.{name}" for name in OF_THE_SERVICE if not written.get(name))
    if not written.get("capacityProviderStrategy") and spec.neuron.pool is None:
        yield "service.capacityProviderStrategy"
    configuration = written.get("deploymentConfiguration") or {}
    for name in OF_THE_DEPLOYMENT:
        if name not in configuration:
            yield f"service.deploymentConfiguration.{name}"
    yield "service.placementConstraints[distinctInstance"
    yield f"service.placementConstraints[memberOf attribute:{PARTITION}"
