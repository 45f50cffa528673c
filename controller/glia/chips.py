"""Who holds which chip: the picture of a cluster's Neuron instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.desired.service import PARTITION
from glia.neuron.catalogue import catalogue
from glia.occupancy import occupancy
from glia.status import Chip, Holder, InstanceStatus, TaskStatus
from glia.tags import KEY, OWNER
from glia.task_size import task_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.live import Fleet, LiveInstance
    from glia.neuron.catalogue import InstanceType
    from glia.occupancy import Occupant


# What agents can do, dozens of words an instance.
CAPABILITIES = ("ecs.capability.", "com.amazonaws.")
# Of a task that is not shown, or not yet.
NAMELESS = Holder(key="unknown", lane="", task_arn="", owned=False)


def instance_chips(
    fleet: Fleet, instance_types: Mapping[str, InstanceType], owner: str
) -> tuple[InstanceStatus, ...]:
    """The fleet's Neuron instances with all their chips, by type and EC2 instance id.

    Args:
        fleet: of one cluster.
        instance_types: by name; they come before the catalogue's.
        owner: the installation's name; its tasks are the owned ones.

    Returns:
        Every chip of a known type, or that ECS itself hands out. Of another instance those
        that tasks name, and the instance only if they name any: nothing else tells that it has
        some. A chip that ECS has handed out and no task is known to hold has a nameless holder.
    """
    known = {**catalogue(), **instance_types}
    occupied = occupancy(fleet)
    shown = (
        _instance(each, known.get(each.instance_type), occupied.on(each), owner)
        for each in occupied.instances
    )
    return tuple(each for each in shown if each.chips or each.type in known)


def holder(occupant: Occupant, owner: str) -> Holder:
    """A task as the holder of a chip."""
    task, definition = occupant.task, occupant.definition
    tags: Mapping[str, str] = definition.tags if definition else {}
    by_glia = OWNER in tags
    return Holder(
        key=tags.get(KEY, task.group) if by_glia else task.group,
        lane=task.service,
        task_arn=task.arn,
        owned=by_glia and tags[OWNER] == owner,
    )


def _instance(
    instance: LiveInstance,
    instance_type: InstanceType | None,
    occupants: Sequence[Occupant],
    owner: str,
) -> InstanceStatus:
    named = {number for each in occupants for number in each.devices}
    listed = sorted(named | instance.neuron_devices)
    chips = range(instance_type.chips) if instance_type else listed
    handed_out = instance.neuron_devices - instance.neuron_devices_left
    return InstanceStatus(
        arn=instance.arn,
        ec2_instance_id=instance.ec2_instance_id,
        type=instance.instance_type,
        partition=instance.attributes.get(PARTITION, ""),
        status=instance.status,
        chips=tuple(_chips(chips, occupants, owner, handed_out)),
        connected=instance.connected,
        capacity_provider=instance.capacity_provider,
        attributes={
            name: instance.attributes[name]
            for name in sorted(instance.attributes)
            if not name.startswith(CAPABILITIES)
        },
        cpu=instance.registered.get("CPU", 0),
        memory=instance.registered.get("MEMORY", 0),
        tasks=tuple(sorted((_task(each, chips) for each in occupants), key=lambda each: each.arn)),
    )


def _task(occupant: Occupant, chips: Iterable[int]) -> TaskStatus:
    members = occupant.definition.members if occupant.definition else {}
    size = task_size(members)
    return TaskStatus(
        arn=occupant.task.arn,
        group=occupant.task.group,
        devices=tuple(sorted(occupant.held(chips))),
        cpu=size.cpu,
        memory=size.memory,
        ports=tuple(sorted(size.ports)),
        enis=int(members.get("networkMode") == "awsvpc"),
    )


def _chips(
    chips: Iterable[int],
    occupants: Iterable[Occupant],
    owner: str,
    handed_out: frozenset[int],
) -> Iterator[Chip]:
    holders: dict[int, list[Holder]] = {number: [] for number in chips}
    for occupant in occupants:
        for number in occupant.held(holders):
            holders[number].append(holder(occupant, owner))
    for number, found in holders.items():
        if not found and number in handed_out:
            found.append(NAMELESS)
        by_name = sorted(found, key=lambda each: (each.key, each.lane, each.task_arn))
        yield Chip(number, tuple(by_name))
