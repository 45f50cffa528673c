"""Partitions that have lost instances: which ones of the default partition they get.

Whatever takes an instance from a labelled partition (EC2, a drain, somebody's hand) leaves its
lanes with too few, and a new instance has no label. So instances of the default partition are
labelled, as far as nobody else is worse off for it: first those that only tasks of the
partition are on, which somebody has taken the label from, then idle ones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glia.neuron.domain import Demand, LiveLane
from glia.neuron.lanes import DEFAULT_PARTITION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from glia.neuron.domain import Allocation, Domain


@dataclass(frozen=True, slots=True)
class Refill:
    """Instances of the default partition for one that has too few.

    Attributes:
        needed: instances, by the fullest of its lanes.
        had: instances that it has.
        strays: how many it gets that its tasks are on already.
        idle: how many idle ones it gets.
    """

    partition: str
    needed: int
    had: int
    strays: int
    idle: int


@dataclass(frozen=True, slots=True)
class Repaired:
    """The domain with its partitions refilled."""

    domain: Domain
    refills: tuple[Refill, ...] = ()


def repaired(
    domain: Domain, strays: Mapping[str, int], allocate: Callable[[Domain], Allocation]
) -> Repaired:
    """Refill the partitions, in their order, each with as many instances as it may get.

    Args:
        domain: as it is.
        strays: for each partition that may be refilled, on how many instances of the default one
            only tasks of its lanes are.
        allocate: what comes of a domain. Every lane that has to stay safe must be a lane that
            stays in it (``bystanders``).
    """
    found, refills = allocate(domain), []
    for partition, own in sorted(strays.items()):
        needed, had = _needed(found, partition), domain.instances.get(partition, 0)
        for count in range(min(needed - had, own + domain.idle), 0, -1):
            idle = max(count - own, 0)
            changed = _moved(domain, partition, count, idle)
            tried = allocate(changed)
            if not _is_worse(tried, found):
                domain, found = changed, tried
                refills.append(Refill(partition, needed, had, count - idle, idle))
                break
    return Repaired(domain, tuple(refills))


def with_idle(domain: Domain, partitions: Iterable[str]) -> Domain:
    """The domain with idle instances of these partitions back in the default one."""
    back = Counter(partitions)
    if not back:
        return domain
    instances = Counter(domain.instances)
    instances.subtract(back)
    instances[DEFAULT_PARTITION] += back.total()
    return replace(domain, instances=+instances, idle=domain.idle + back.total())


def bystanders(lanes: Iterable[LiveLane]) -> Iterator[tuple[Demand, LiveLane]]:
    """Lanes whose services are not asked, as services of their own: they stay as they are."""
    for lane in lanes:
        name = f"lane {lane.name}"
        yield (
            Demand(
                service=name,
                chips=len(lane.device_ids),
                replicas=lane.count,
                device_ids=lane.device_ids,
                surge=lane.surge,
                ports=lane.ports,
                cpu=lane.cpu,
                memory=lane.memory,
                enis=lane.enis,
                locked=lane.locked,
            ),
            replace(lane, service=name),
        )


def _needed(found: Allocation, partition: str) -> int:
    return max((each.needed for each in found.unsafe if each.partition == partition), default=0)


def _moved(domain: Domain, partition: str, count: int, idle: int) -> Domain:
    instances = Counter(domain.instances)
    instances[partition] += count
    instances[DEFAULT_PARTITION] -= count
    return replace(domain, instances=instances, idle=domain.idle - idle)


def _is_worse(now: Allocation, before: Allocation) -> bool:
    burdens = _burdens(before)
    return any(weight > burdens[name] for name, weight in _burdens(now).items())


def _burdens(found: Allocation) -> Counter[str]:
    """What is wrong, each with how much: replicas that lack, instances that lanes lack."""
    burdens = Counter[str]()
    for shortage in found.shortages:
        burdens[f"replicas of {shortage.service}"] = 1 + shortage.replicas
    for lane in found.unsafe:
        burdens[f"room of {lane.lane}"] = max(lane.needed - lane.instances, 0)
        burdens[f"{lane.resource} of {lane.lane}"] += bool(lane.resource)
    return burdens
