"""An enemy of lanes: it plays ECS placing tasks in whatever order hurts most.

It knows the inequality of lanes by heart and the allocator not at all: what is told here of
lanes is read from an allocation and the services, and counted by brute force.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.neuron.domain import Foreign, LiveLane, Resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from random import Random

    from glia.neuron.domain import Allocation, Demand, Domain


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one lane at its peak."""

    name: str
    devices: frozenset[int]
    ports: frozenset[int]
    use: Resources
    peak: int

    def conflicts(self, other: Group) -> bool:
        return bool(self.devices & other.devices or self.ports & other.ports)


@dataclass(frozen=True, slots=True)
class Fleet:
    """A partition: its instances, what each has left for tasks, and the lanes on them."""

    instances: int
    free: Resources
    groups: tuple[Group, ...]


def fleets(
    domain: Domain,
    demands: Iterable[Demand],
    allocation: Allocation,
    live: Iterable[LiveLane] = (),
) -> dict[str, Fleet]:
    """Each partition with its own number of instances, once the new ones are labelled.

    A live lane counts until it is gone, with the larger of both counts.
    """
    wanted = {demand.service: demand for demand in demands}
    groups: dict[str, dict[str, Group]] = defaultdict(dict)
    for old in live:
        if old.count:
            devices = frozenset(old.device_ids)
            peak = old.count + old.surge
            groups[old.partition][old.name] = Group(old.name, devices, old.ports, old.use, peak)
    for service, lanes in allocation.lanes.items():
        demand = wanted[service]
        for lane in lanes:
            before = groups[lane.partition].get(lane.name)
            peak = max(lane.count + demand.surge if lane.count else 0, before.peak if before else 0)
            if peak:
                groups[lane.partition][lane.name] = Group(
                    lane.name, frozenset(lane.device_ids), demand.ports, demand.use, peak
                )
    return {
        name: Fleet(width, _free(domain, name), tuple(groups[name].values()))
        for name, width in labelled(domain, allocation).items()
    }


def labelled(domain: Domain, allocation: Allocation) -> dict[str, int]:
    """The instances by partition once the labels are put."""
    widths = {"": 0, **domain.instances}
    for partition in allocation.partitions:
        assert partition.name not in widths
        assert partition.instances > 0
        widths[partition.name] = partition.instances
        widths[""] -= partition.instances
    return widths


def _free(domain: Domain, partition: str) -> Resources:
    foreign = domain.foreign.get(partition, domain.foreign.get("", Foreign()))
    return Resources(*(a - b for a, b in zip(domain.capacity, foreign.use, strict=True)))


def violations(fleet: Fleet) -> list[str]:
    """The lanes that the inequality does not hold for, and the resources that may run out."""
    found = []
    for group in fleet.groups:
        others = (other for other in fleet.groups if other is not group)
        needed = group.peak + sum(other.peak for other in others if group.conflicts(other))
        if needed > fleet.instances:
            found.append(f"{group.name} needs {needed} of {fleet.instances} instances")
    for index, name in enumerate(Resources._fields):
        if _heaviest(fleet.groups, index, 0) > fleet.free[index]:
            found.append(f"{name} may run out")
    return found


def _heaviest(groups: Sequence[Group], resource: int, start: int) -> int:
    """What lanes beside each other use at most, from that device on."""
    later = [group for group in groups if min(group.devices) >= start]
    firsts = sorted({min(group.devices) for group in later}, reverse=True)
    best: dict[int, int] = {}
    for first in firsts:
        here = [
            group.use[resource] + max((best[f] for f in best if f > max(group.devices)), default=0)
            for group in later
            if min(group.devices) == first
        ]
        best[first] = max(here)
    return max(best.values(), default=0)


class Adversary:
    """Tasks on the instances of one partition, placed where they hurt.

    A task goes to an instance that has no other of its lane and where its devices, ports and
    everything else are free, as with ``distinctInstance`` and the locks.
    """

    def __init__(self, fleet: Fleet, random: Random) -> None:
        self.fleet = fleet
        self.random = random
        self.tasks: list[list[Group]] = [[] for _ in range(fleet.instances)]

    def play(self, rounds: int) -> Group | None:
        """Place, kill and place again; a lane that finds no room ends it, None if none does."""
        for _ in range(rounds):
            missing = self._missing()
            self.random.shuffle(missing)
            for group in missing:
                if not self._place(group, self.random.choice([None, *self.fleet.groups])):
                    return group
            for instance in self.tasks:
                instance[:] = [task for task in instance if self.random.random() < 0.6]
        return None

    def besiege(self, target: Group) -> Group | None:
        """All others first, each where it takes an instance from the target."""
        self.tasks = [[] for _ in range(self.fleet.instances)]
        order = sorted(self._missing(), key=lambda group: (group is target, -len(group.devices)))
        return next((group for group in order if not self._place(group, target)), None)

    def _missing(self) -> list[Group]:
        return [
            group
            for group in self.fleet.groups
            for _ in range(group.peak - sum(group in instance for instance in self.tasks))
        ]

    def _place(self, group: Group, target: Group | None) -> bool:
        possible = [instance for instance in self.tasks if self._fits(group, instance)]
        if not possible:
            return False
        self.random.shuffle(possible)
        if target is not None:
            possible.sort(key=lambda instance: not self._fits(target, instance))
        possible[0].append(group)
        return True

    def _fits(self, group: Group, instance: Sequence[Group]) -> bool:
        if any(task is group or task.conflicts(group) for task in instance):
            return False
        return all(
            sum(task.use[index] for task in instance) + group.use[index] <= free
            for index, free in enumerate(self.fleet.free)
        )


def as_live(demands: Iterable[Demand], allocation: Allocation) -> tuple[LiveLane, ...]:
    """What ECS has once it is applied."""
    wanted: Mapping[str, Demand] = {demand.service: demand for demand in demands}
    return tuple(
        LiveLane(
            service,
            lane.name,
            lane.device_ids,
            lane.count or 0,
            lane.partition,
            wanted[service].surge,
            wanted[service].ports,
            wanted[service].cpu,
            wanted[service].memory,
            wanted[service].enis,
        )
        for service, lanes in allocation.lanes.items()
        for lane in lanes
    )
