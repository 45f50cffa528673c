"""What a domain has: usable instances by partition, and what others hold of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from glia.desired.labels import labelling_of, partition_in
from glia.neuron.domain import Domain, Foreign, Resources
from glia.occupancy import occupancy
from glia.tags import OWNER
from glia.task_size import task_size

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from glia.layout.adopted import Inherited
    from glia.layout.domains import DomainKey
    from glia.layout.roster import Roster
    from glia.live import LiveInstance
    from glia.neuron.catalogue import InstanceType
    from glia.occupancy import Occupancy, Occupant

# PortMapping.hostPort: at most 100 reserved ports an instance, six of them the system's own.
HOST_PORTS = 94
# What an agent registers of an instance's memory where none has yet, as a part of all.
REGISTERED_MEMORY = 0.95


def empty_domain(instance_type: InstanceType, instances: int) -> Domain:
    """Instances that nobody has used yet."""
    capacity = Resources(
        instance_type.cpu_units,
        int(instance_type.memory_mib * REGISTERED_MEMORY),
        HOST_PORTS,
        instance_type.enis - 1,
    )
    return Domain(instance_type, {"": instances}, capacity, instances)


def usable_instances(key: DomainKey, occupied: Occupancy) -> tuple[LiveInstance, ...]:
    """The domain's instances that ECS places tasks on.

    With them those that Glia has drained to label them: ECS does again when that has ended.
    """
    return tuple(
        each
        for each in occupied.instances
        if key.has(each) and (each.usable or _is_being_labelled(each, key.cluster.owner))
    )


def _is_being_labelled(instance: LiveInstance, owner: str) -> bool:
    draining = instance.status == "DRAINING" and instance.connected
    return draining and bool(labelling_of(owner, instance.attributes))


def supply(
    key: DomainKey,
    roster: Roster,
    instance_type: InstanceType,
    before: Iterable[Inherited] = (),
) -> Domain:
    """The domain as it is.

    Tasks of services that were there before and are a manifest's own close what they hold only
    if nothing else keeps others off it.
    """
    occupied = occupancy(roster.fleet)
    instances = usable_instances(key, occupied)
    if not instances:
        return empty_domain(instance_type, 0)
    ours = {service.name for service in roster.owned} | {each.service.name for each in before}
    unlocked = {each.service.name: each.figures.device_ids for each in before if each.unlocked}
    return Domain(
        instance_type=instance_type,
        instances=Counter(partition_of(each) for each in instances),
        capacity=Resources(
            min(each.registered.get("CPU", 0) for each in instances),
            min(each.registered.get("MEMORY", 0) for each in instances),
            HOST_PORTS,
            instance_type.enis - 1,
        ),
        idle=len(idle_instances(instances, occupied)),
        foreign=_foreign(
            instances,
            occupied,
            lambda each: each.task.service in ours or _is_ending(each, roster.cluster.owner),
            instance_type.chips,
            unlocked,
        ),
    )


def partition_of(instance: LiveInstance) -> str:
    """Empty for the default one."""
    return partition_in(instance.attributes)


def idle_instances(
    instances: Iterable[LiveInstance], occupied: Occupancy
) -> tuple[LiveInstance, ...]:
    """Those of the default partition that no task is on, not even a stopping one."""
    return tuple(each for each in instances if not partition_of(each) and not occupied.on(each))


def stray_instances(
    instances: Iterable[LiveInstance], occupied: Occupancy, services: Collection[str]
) -> tuple[LiveInstance, ...]:
    """Those of the default partition that tasks are on, and only of these services."""
    return tuple(
        each
        for each in instances
        if not partition_of(each)
        and (there := occupied.on(each))
        and all(occupant.task.service in services for occupant in there)
    )


def _is_ending(occupant: Occupant, owner: str) -> bool:
    """Whether it is the last of a lane that was deleted: ECS tells no more of such a service."""
    definition = occupant.definition
    ours = definition is not None and definition.tags.get(OWNER) == owner
    return ours and occupant.task.desired_status == "STOPPED"


def _foreign(
    instances: Iterable[LiveInstance],
    occupied: Occupancy,
    is_ours: Callable[[Occupant], bool],
    chips: int,
    unlocked: Mapping[str, Sequence[int]],
) -> dict[str, Foreign]:
    bare: dict[str, set[int]] = defaultdict(set)
    found: dict[str, list[list[Occupant]]] = defaultdict(list)
    for instance in instances:
        strangers = [each for each in occupied.on(instance) if not is_ours(each)]
        if strangers:
            found[partition_of(instance)].append(strangers)
        for each in occupied.on(instance):
            bare[partition_of(instance)].update(unlocked.get(each.task.service, ()))
    closed = {
        partition: Foreign(
            devices=frozenset(
                device for group in groups for each in group for device in each.held(range(chips))
            ),
            ports=frozenset(port for group in groups for each in group for port in _size(each)[1]),
            use=_most(groups),
        )
        for partition, groups in found.items()
    }
    for partition, devices in bare.items():
        there = closed.get(partition, Foreign())
        closed[partition] = replace(there, devices=there.devices | devices)
    return closed


def _most(groups: Iterable[Iterable[Occupant]]) -> Resources:
    """The most that strangers use of each on one instance; an interface each in awsvpc."""
    totals = [
        [sum(column) for column in zip(*(_size(each)[0] for each in group), strict=True)]
        for group in groups
    ]
    return Resources(*(max(column) for column in zip(*totals, strict=True)))


def _size(occupant: Occupant) -> tuple[Resources, frozenset[int]]:
    if occupant.definition is None:
        return Resources(), frozenset()
    members = occupant.definition.members
    size = task_size(members)
    enis = 1 if members.get("networkMode") == "awsvpc" else 0
    return Resources(size.cpu, size.memory, len(size.ports), enis), size.ports
