"""The rules of network modes: developer guide, "Amazon ECS task networking"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import Path, ShapeFault
from glia.ecs.shape_words import shown
from glia.manifest.reservations import reserved_memory
from glia.manifest.rules_subject import NEURON, SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK_MODE = (*TASK_DEFINITION, "networkMode")
NETWORK_CONFIGURATION = (*SERVICE, "networkConfiguration")
# A port of an instance is taken in these modes only: elsewhere ports are the task's own.
MODES_WITH_HOST_PORTS = frozenset({"bridge", "host"})


def awsvpc_without_a_network(subject: Subject) -> Iterator[ShapeFault]:
    if subject.network_mode == "awsvpc" and not _awsvpc(subject):
        yield ShapeFault(
            NETWORK_CONFIGURATION,
            "missing-field",
            "'networkConfiguration' is missing: tasks in awsvpc mode need subnets",
            "awsvpcConfiguration with subnets",
            remedy="write networkConfiguration: {awsvpcConfiguration: {subnets: [...]}}",
        )


def network_without_awsvpc(subject: Subject) -> Iterator[ShapeFault]:
    # What managed replicas do in another mode is said there.
    if subject.network_mode != "awsvpc" and _awsvpc(subject) and not subject.is_managed:
        yield ShapeFault(
            NETWORK_CONFIGURATION,
            "contradiction",
            "networkConfiguration is for awsvpc, and taskDefinition.networkMode is "
            f"{subject.network_mode}",
            f"no networkConfiguration with {subject.network_mode}",
            "awsvpcConfiguration",
            "take it out, or write taskDefinition.networkMode: awsvpc",
        )


def shared_chips_without_a_lock(subject: Subject) -> Iterator[ShapeFault]:
    """Only a port of the instance makes ECS wait until the task before has freed its chips."""
    mode = subject.network_mode
    if mode in MODES_WITH_HOST_PORTS or subject.neuron.lock != "hostPort":
        return
    if subject.shares_instances:
        yield ShapeFault(
            NETWORK_MODE,
            "contradiction",
            "replicas that share an instance are kept apart by its ports (neuron.lock: hostPort), "
            f"and networkMode: {mode} takes none",
            "bridge or host",
            shown(mode),
            "write bridge or host, or let a replica take whole instances with neuron.devices: all; "
            "neuron.lock: antiAffinity works in any mode, and is best effort",
        )


def lock_by_best_effort(subject: Subject) -> Iterator[ShapeFault]:
    """A constraint looks at the desired status: who is told to stop is gone for it at once."""
    if subject.neuron.lock == "antiAffinity" and not subject.is_managed:
        yield ShapeFault(
            (*NEURON, "lock"),
            "may-not-work",
            "antiAffinity is best effort: a task that is stopping still holds its chips, and ECS "
            "places the next one beside it already, which fails until they are free",
            "hostPort, with networkMode: bridge or host",
            remedy="leave lock out where ports can be taken; else let containers stop quickly",
            severity="warning",
        )


def public_address_on_ec2(subject: Subject) -> Iterator[ShapeFault]:
    """A task's own interface on EC2 capacity gets no public address (AwsVpcConfiguration)."""
    given = (subject.service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if given.get("assignPublicIp") == "ENABLED" and not subject.is_managed:
        yield ShapeFault(
            (*NETWORK_CONFIGURATION, "awsvpcConfiguration", "assignPublicIp"),
            "never-works",
            "tasks on EC2 instances get no public address of their own",
            "DISABLED",
            "ENABLED",
            "leave it out; a NAT gateway or an endpoint leads out of the subnet",
        )


def whole_instance_without_a_lock(subject: Subject) -> Iterator[ShapeFault]:
    """Without ports only memory makes ECS wait until the task before has freed its chips."""
    kind, mode = subject.instance_type, subject.network_mode
    if mode in MODES_WITH_HOST_PORTS or subject.neuron.lock != "hostPort" or subject.is_managed:
        return
    if kind is None or subject.chips != kind.chips:
        return
    reserved, least = reserved_memory(subject), kind.memory_mib // 2 + 1
    if reserved is not None and reserved.amount < least:
        yield ShapeFault(
            reserved.path,
            "never-works",
            f"networkMode: {mode} takes no ports of the instance, so what keeps two replicas off "
            f"the chips of one {kind.name} is its memory: a replica has to reserve more than half",
            f"at least {least} MiB",
            f"{reserved.amount} MiB",
            f"write {_member(reserved.path)}: {reserved.missing(least)}, or networkMode: bridge",
        )


def _member(path: Path) -> str:
    return str(path[-1]) if isinstance(path[-1], str) else "memoryReservation"


def _awsvpc(subject: Subject) -> bool:
    return bool((subject.service.get("networkConfiguration") or {}).get("awsvpcConfiguration"))


RULES: tuple[Rule, ...] = (
    awsvpc_without_a_network,
    network_without_awsvpc,
    shared_chips_without_a_lock,
    lock_by_best_effort,
    whole_instance_without_a_lock,
    public_address_on_ec2,
)
