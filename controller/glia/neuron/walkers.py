"""Lanes on their way: those that run and those that shall, each with what it has and gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.neuron.domain import Resources
from glia.neuron.patterns import mask_of
from glia.neuron.running import site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.neuron.domain import Allocation, Demand, LiveLane
    from glia.neuron.placing import Site


@dataclass(slots=True, eq=False)
class Walker:
    """A lane and its replicas, now and in the end.

    Attributes:
        ports, use, surge: the larger of what it runs with and what it shall run with.
        lives: whether ECS has it.
        stays: whether it is one of the lanes that shall be.
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


def walkers(
    live: Iterable[LiveLane], demands: Sequence[Demand], target: Allocation
) -> tuple[Walker, ...]:
    """All lanes in their order; those of services without a demand stay as they are."""
    wanted = {each.service: each for each in demands}
    found: dict[tuple[str, Site, str], Walker] = {}
    for lane in live:
        known = lane.service in wanted
        walker = Walker(
            lane.service,
            lane.name,
            site_of(lane),
            lane.device_ids,
            lane.ports,
            lane.use,
            lane.surge,
            lane.count,
            0 if known else lane.count,
            lives=True,
            stays=not known,
        )
        found[lane.service, walker.site, lane.name] = walker
    for service, lanes in target.lanes.items():
        for shall in lanes:
            site = shall.partition, mask_of(shall.device_ids)
            demand, there = wanted[service], found.get((service, site, shall.name))
            made = _made(demand, there, site, shall.name, shall.device_ids)
            made.target, made.stays = shall.count or 0, True
            found[service, site, shall.name] = made
    return tuple(sorted(found.values(), key=lambda each: each.order))


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
