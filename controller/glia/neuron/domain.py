"""What the allocator of chips is told and what it answers, as values.

A domain is a set of container instances that are interchangeable: one cluster, one instance
type, one pool. Its instances are divided into partitions by the attribute ``glia.partition``;
the default partition is those without it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from glia.neuron.lanes import DEFAULT_PARTITION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.neuron.catalogue import InstanceType
    from glia.neuron.lanes import Lane


class Resources(NamedTuple):
    """What ECS counts on an instance: CPU units, MiB, static TCP host ports, task ENIs."""

    cpu: int = 0
    memory: int = 0
    ports: int = 0
    enis: int = 0


NOTHING: Final = Resources()


@dataclass(frozen=True, slots=True)
class Demand:
    """A service that wants chips.

    Attributes:
        service: its name; no two demands of a domain have the same.
        chips: that each replica holds.
        device_ids: just these, where they are pinned by hand.
        surge: replicas of one lane that may run in addition while it is updated.
        min_instances: over how many instances the replicas must be spread, if there are so many.
        ports: static TCP host ports without the locks.
        cpu: of one replica, in CPU units.
        memory: of one replica, in MiB.
        enis: of one replica.
        locked: whether a host port stands for each of its chips.
        one_lane: whether all replicas must be in one lane: where something else owns their
            number, or a deployment needs twice the chips.
        unavailable: how many replicas may be down at once.
        name: that its one lane has, instead of one that says where it is.
    """

    service: str
    chips: int
    replicas: int
    device_ids: tuple[int, ...] | None = None
    surge: int = 0
    min_instances: int = 1
    ports: frozenset[int] = frozenset()
    cpu: int = 0
    memory: int = 0
    enis: int = 0
    locked: bool = True
    one_lane: bool = False
    unavailable: int = 1
    name: str = ""

    @property
    def use(self) -> Resources:
        """Of one replica, with the locks of its chips."""
        ports = len(self.ports) + (self.chips if self.locked else 0)
        return Resources(self.cpu, self.memory, ports, self.enis)

    @property
    def spread(self) -> int:
        """The instances that all replicas together must reach."""
        return min(self.min_instances, self.replicas)


@dataclass(frozen=True, slots=True)
class LiveLane:
    """A lane that ECS has, with what its task definition uses: nothing ever moves it.

    Attributes:
        count: its desired count.
        leaving: whether it is being deleted: it holds its room and gets no replica.
        unlocked: whether its tasks have no lock, so that its chips are closed to all others.
    """

    service: str
    name: str
    device_ids: tuple[int, ...]
    count: int
    partition: str = DEFAULT_PARTITION
    surge: int = 0
    ports: frozenset[int] = frozenset()
    cpu: int = 0
    memory: int = 0
    enis: int = 0
    locked: bool = True
    leaving: bool = False
    unlocked: bool = False

    @property
    def use(self) -> Resources:
        ports = len(self.ports) + (len(self.device_ids) if self.locked else 0)
        return Resources(self.cpu, self.memory, ports, self.enis)


@dataclass(frozen=True, slots=True)
class Foreign:
    """What tasks that are not Glia's hold in a partition.

    They may be anywhere in it: a device or port that one holds is closed on all instances.

    Attributes:
        use: the most that is used of each resource on any one instance.
    """

    devices: frozenset[int] = frozenset()
    ports: frozenset[int] = frozenset()
    use: Resources = NOTHING


@dataclass(frozen=True, slots=True)
class Domain:
    """Interchangeable instances.

    Attributes:
        instances: the usable ones by partition; a partition without any may be left out.
        capacity: what every instance has registered, of unequal ones the least.
        foreign: by partition.
        idle: how many instances of the default partition have no task at all: only these can
            be labelled.
    """

    instance_type: InstanceType
    instances: Mapping[str, int]
    capacity: Resources
    idle: int
    foreign: Mapping[str, Foreign] = field(default_factory=lambda: MappingProxyType({}))


class Reason(Enum):
    """Why a replica has no lane."""

    DEVICE_SET = "the instance type does not give such a set of chips to one task"
    REPLICA = "one replica needs more than an instance has left"
    CLOSED = "tasks that are not Glia's hold the chips or host ports that it needs"
    SPREAD = "the replicas cannot be spread over as many instances as minInstances says"
    ROOM = "too few instances have room"


@dataclass(frozen=True, slots=True)
class Shortage:
    """Replicas without a lane.

    Attributes:
        replicas: how many; none where all run, on fewer instances than they must.
        chips: that these replicas lack.
        enough: with how many instances in the domain, all added to the default partition, no
            service lacks any, those left out that no number can help; None for such a one.
        resource: ``cpu``, ``memory``, ``ports`` or ``enis``, where chips there would be enough.
    """

    service: str
    replicas: int
    chips: int
    reason: Reason
    enough: int | None
    resource: str = ""


@dataclass(frozen=True, slots=True)
class NewPartition:
    """Instances of the default partition to label, all idle ones.

    Attributes:
        pattern: the device sets that its lanes use.
    """

    name: str
    pattern: tuple[tuple[int, ...], ...]
    instances: int


@dataclass(frozen=True, slots=True)
class Unsafe:
    """A running lane whose tasks ECS may find no room for, as instances or figures changed.

    Attributes:
        needed: instances, where these are too few for the lane and what conflicts with it.
        resource: what else may run out on an instance: ``cpu``, ``memory``, ``ports``, ``enis``.
    """

    service: str
    lane: str
    partition: str
    needed: int
    instances: int
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who gets which chips.

    Attributes:
        lanes: of every service that has any, in the order of partitions and devices. A live
            lane that is not among them is to be deleted.
        unsafe: running lanes that the instances are no longer enough for.
    """

    lanes: Mapping[str, tuple[Lane, ...]]
    partitions: tuple[NewPartition, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    unsafe: tuple[Unsafe, ...] = ()
