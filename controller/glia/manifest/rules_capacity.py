"""The rules of where a service's tasks may run: launch types, providers, Managed Instances.

Source, where none is named: botocore's documentation of the member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted, shown
from glia.manifest.rules_subject import NEURON, SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

# Fargate takes neither devices nor Neuron chips, so a definition for both never registers.
NEVER_BESIDE_EC2 = frozenset({"FARGATE"})
# Fields that divide an instance among replicas, where a managed replica takes it whole.
OF_SHARED_INSTANCES = ("mapping", "lock", "pool")


def compatibilities_of_another_capacity(subject: Subject) -> Iterator[ShapeFault]:
    given = set(subject.task_definition.get("requiresCompatibilities") or ())
    wanted = "MANAGED_INSTANCES" if subject.is_managed else "EC2"
    others = given - {wanted} if subject.is_managed else given & NEVER_BESIDE_EC2
    if not given or (wanted in given and not others):
        return
    remedy = f"write [{wanted}], or leave requiresCompatibilities out"
    if "MANAGED_INSTANCES" in given and not subject.is_managed:
        remedy += "; for whole Managed Instances write neuron.allocation: managed"
    yield ShapeFault(
        (*TASK_DEFINITION, "requiresCompatibilities"),
        "contradiction",
        f"neuron.allocation: {subject.neuron.allocation} needs requiresCompatibilities: [{wanted}]",
        f"[{wanted}]",
        f"[{', '.join(sorted(given))}]",
        remedy,
    )


def launch_type_without_chips(subject: Subject) -> Iterator[ShapeFault]:
    given = subject.service.get("launchType")
    if given in {None, "EC2"} or subject.is_managed:
        return
    remedy = "write EC2, or leave launchType out"
    if given == "MANAGED_INSTANCES":
        remedy = "leave launchType out and write neuron.allocation: managed"
    yield ShapeFault(
        (*SERVICE, "launchType"),
        "contradiction",
        f"launchType: {given} has no chips for neuron.allocation: devices",
        "EC2",
        shown(given),
        remedy,
    )


def launch_type_beside_a_strategy(subject: Subject) -> Iterator[ShapeFault]:
    if "launchType" in subject.service and subject.service.get("capacityProviderStrategy"):
        yield ShapeFault(
            (*SERVICE, "launchType"),
            "contradiction",
            "launchType and capacityProviderStrategy cannot both be given",
            "one of both",
            shown(subject.service["launchType"]),
            "leave launchType out",
        )


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
    """Managed Instances belong to a capacity provider of the cluster's."""
    if subject.is_managed and not subject.service.get("capacityProviderStrategy"):
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
    for name in OF_SHARED_INSTANCES:
        if subject.is_managed and name in subject.neuron.model_fields_set:
            yield ShapeFault(
                (*NEURON, name),
                "contradiction",
                f"neuron.{name} has no meaning with neuron.allocation: managed, where a replica "
                "takes its instance whole",
                f"no {quoted(name)}",
                remedy="take it out",
            )


RULES: tuple[Rule, ...] = (
    compatibilities_of_another_capacity,
    launch_type_without_chips,
    launch_type_beside_a_strategy,
    managed_with_a_launch_type,
    managed_without_a_provider,
    managed_in_another_network_mode,
    managed_with_some_chips,
    managed_with_fields_of_shared_instances,
)
