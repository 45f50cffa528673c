"""The rules of ``neuron.allocation: managed``: whole Managed Instances, one replica each.

Source, where none is named: botocore's documentation of the member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted, shown
from glia.manifest.rules_subject import NEURON, SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

# Fields that divide an instance among replicas, where a managed replica takes it whole.
OF_SHARED_INSTANCES = {
    "mapping": "mapping",
    "lock": "lock",
    "pool": "pool",
    "min_instances": "minInstances",
}


def managed_with_a_launch_type(subject: Subject) -> Iterator[ShapeFault]:
    """Beside a strategy it has been refused already."""
    given = subject.service.get("launchType")
    if subject.is_managed and given and not subject.service.get("capacityProviderStrategy"):
        yield ShapeFault(
            (*SERVICE, "launchType"),
            "contradiction",
            f"neuron.allocation: managed takes a capacity provider, not launchType: {given}",
            "no launchType",
            shown(given),
            "leave launchType out and name the provider in capacityProviderStrategy",
        )


def managed_without_a_provider(subject: Subject) -> Iterator[ShapeFault]:
    """Managed Instances belong to a capacity provider of the cluster's.

    With a launch type in its place, that is what is told.
    """
    service = subject.service
    if not subject.is_managed or service.get("launchType"):
        return
    if not service.get("capacityProviderStrategy"):
        yield ShapeFault(
            (*SERVICE, "capacityProviderStrategy"),
            "missing-field",
            "'capacityProviderStrategy' is missing, and neuron.allocation: managed needs one",
            "a list with a capacity provider of Managed Instances",
            remedy="name the provider: [{capacityProvider: NAME, weight: 1}]",
        )


def managed_in_another_network_mode(subject: Subject) -> Iterator[ShapeFault]:
    given = subject.task_definition.get("networkMode")
    if subject.is_managed and given not in {None, "awsvpc"}:
        yield ShapeFault(
            (*TASK_DEFINITION, "networkMode"),
            "contradiction",
            f"neuron.allocation: managed runs in awsvpc, not in networkMode: {given}",
            "awsvpc",
            shown(given),
            "write awsvpc, or leave networkMode out",
        )


def managed_with_some_chips(subject: Subject) -> Iterator[ShapeFault]:
    """NeuronDevice takes no value but ALL (botocore's ResourceRequirement)."""
    if not subject.is_managed:
        return
    devices, ids = subject.neuron.devices, subject.neuron.device_ids
    if isinstance(devices, int):
        yield ShapeFault(
            (*NEURON, "devices"),
            "contradiction",
            "neuron.allocation: managed gives a replica all chips of its instance",
            "all",
            shown(devices),
            "write all, or leave devices out; to share instances write neuron.allocation: devices",
        )
    if ids is not None:
        yield ShapeFault(
            (*NEURON, "deviceIds"),
            "contradiction",
            "neuron.allocation: managed gives a replica all chips, so none can be pinned",
            "no deviceIds",
            remedy="take deviceIds out, or write neuron.allocation: devices",
        )


def managed_with_fields_of_shared_instances(subject: Subject) -> Iterator[ShapeFault]:
    for field, name in OF_SHARED_INSTANCES.items():
        if subject.is_managed and field in subject.neuron.model_fields_set:
            yield ShapeFault(
                (*NEURON, name),
                "contradiction",
                f"neuron.{name} has no meaning with neuron.allocation: managed, where a replica "
                "takes its instance whole",
                f"no {quoted(name)}",
                remedy="take it out",
            )


RULES: tuple[Rule, ...] = (
    managed_with_a_launch_type,
    managed_without_a_provider,
    managed_in_another_network_mode,
    managed_with_some_chips,
    managed_with_fields_of_shared_instances,
)
