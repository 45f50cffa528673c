"""Lanes on their way: those that run and those that shall, each with what it has and gets."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from glia.neuron.domain import Resources
from glia.neuron.patterns import mask_of
from glia.neuron.running import site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.neuron.domain import Allocation, Demand, Domain, LiveLane
    from glia.neuron.placing import Site


@dataclass(frozen=True, slots=True)
class Ground:
    """A domain on whose instances lanes change.

    Attributes:
        domain: as it is; the target's new partitions are labelled before the first step.
        live: all lanes on it. Of services without a demand they stay.
        demands: of the services that may change, with how many of their replicas may be down.
        target: safe once everything else is gone.
        ending: services whose lanes on it all end, as another domain is where they shall be.
    """

    domain: Domain
    live: Sequence[LiveLane]
    demands: Sequence[Demand]
    target: Allocation
    ending: frozenset[str] = frozenset()


def place_name(number: int, partition: str) -> str:
    """What tells a partition of a ground from those of the others."""
    return f"{number}\0{partition}" if number else partition


@dataclass(slots=True, eq=False)
class Walker:
    """A lane and its replicas, now and in the end.

    Attributes:
        ports, use, surge: the larger of what it runs with and what it shall run with.
        lives: whether ECS has it.
        stays: whether it is one of the lanes that shall be.
        partition: its own name for where ``site`` is.
    """

    service: str
    name: str
    site: Site
    device_ids: tuple[int, ...]
    ports: frozenset[int]
    use: Resources
    surge: int
    count: int
    target: int
    lives: bool
    stays: bool
    partition: str = ""

    @property
    def order(self) -> tuple[str, Site, str]:
        return self.service, self.site, self.name

    @property
    def peak(self) -> int:
        return self.count + self.surge if self.count else 0

    def conflicts_with(self, other: Walker) -> bool:
        """Whether a replica of each can never be on one instance."""
        (here, mask), (there, others) = self.site, other.site
        return here == there and bool(mask & others or self.ports & other.ports)


def walkers(grounds: Sequence[Ground]) -> tuple[Walker, ...]:
    """All lanes in their order; those of services without a demand stay as they are."""
    found = chain.from_iterable(_on(ground, number) for number, ground in enumerate(grounds))
    return tuple(sorted(found, key=lambda each: each.order))


def twins(lanes: Iterable[Walker]) -> dict[Walker, Walker]:
    """For each new lane that is called as one of another domain, which goes on as it: that one.

    ECS has one service of the name: it has to be without tasks in between.
    """
    living = {each.name: each for each in lanes if each.lives}
    found = {each: living[each.name] for each in lanes if not each.lives and each.name in living}
    for each in found.values():
        each.stays = True
    return found


def _on(ground: Ground, number: int) -> Iterable[Walker]:
    wanted = {each.service: each for each in ground.demands}
    found: dict[tuple[str, Site, str], Walker] = {}
    for lane in ground.live:
        known = lane.service in wanted or lane.service in ground.ending
        partition, mask = site_of(lane)
        walker = Walker(
            lane.service,
            lane.name,
            (place_name(number, partition), mask),
            lane.device_ids,
            lane.ports,
            lane.use,
            lane.surge,
            lane.count,
            0 if known else lane.count,
            lives=True,
            stays=not known,
            partition=partition,
        )
        found[lane.service, walker.site, lane.name] = walker
    for service, lanes in ground.target.lanes.items():
        for shall in lanes:
            site = place_name(number, shall.partition), mask_of(shall.device_ids)
            demand, there = wanted[service], found.get((service, site, shall.name))
            made = _made(demand, there, site, shall.name, shall.device_ids)
            made.target, made.stays, made.partition = shall.count or 0, True, shall.partition
            found[service, site, shall.name] = made
    return found.values()


def _made(
    demand: Demand, there: Walker | None, site: Site, name: str, device_ids: tuple[int, ...]
) -> Walker:
    if there is None:
        return Walker(
            demand.service,
            name,
            site,
            device_ids,
            demand.ports,
            demand.use,
            demand.surge,
            0,
            0,
            lives=False,
            stays=True,
        )
    there.ports |= demand.ports
    there.use = Resources(*map(max, there.use, demand.use))
    there.surge = max(there.surge, demand.surge)
    return there
