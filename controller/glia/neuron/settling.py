"""What shall be, and the way there, where the room has to be made first.

Nothing that runs is touched where there is room. Where there is none, lanes that have to go
anyway give way in steps; lanes that could stay do so only where repacking is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.neuron.allocation import allocate
from glia.neuron.passage import eased, passage
from glia.neuron.repacking import (
    ASKED,
    OFFERED,
    Effort,
    Move,
    is_better,
    moves,
    repacked,
    whole_runs,
)
from glia.neuron.walkers import Ground

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from glia.neuron.domain import Allocation, Demand, Domain, LiveLane
    from glia.neuron.steps import Passage


@dataclass(frozen=True, slots=True)
class Settlement:
    """An allocation, and what it takes.

    Attributes:
        passage: the steps to it; None where new lanes have room beside the old ones.
        moves: replicas that change places to make room for others.
        runs: chips in the largest free run of each partition's instances, before and after.
        costly: the steps that would cure the shortages, where they need downtime.
        offer: how many replicas a repacking would move to cure shortages; 0 if none would.
        cured: services that the offer, or the repacking, places in full.
        cut: whether there was more to try when the search for one ended.
        shared: whether the steps are of several domains, and told with another one.
    """

    allocation: Allocation
    passage: Passage | None = None
    moves: tuple[Move, ...] = ()
    runs: tuple[tuple[str, int, int], ...] = ()
    costly: Passage | None = None
    offer: int = 0
    cured: tuple[str, ...] = ()
    cut: bool = False
    shared: bool = False


def settle(  # noqa: PLR0913  (what is allowed comes by keyword)
    demands: Sequence[Demand],
    domain: Domain,
    live: Sequence[LiveLane],
    *,
    downtime: bool = False,
    repack: bool = False,
    gone: Collection[str] = (),
) -> Settlement:
    """The lanes that shall be, and the steps to them.

    Args:
        demands: all services of the domain that may change.
        domain: the instances that there are.
        live: the lanes that ECS has on them.
        downtime: more replicas may be down at once than their services say.
        repack: lanes that could stay may be moved.
        gone: names of live lanes that are being deleted already.
    """
    found = allocate(demands, domain, live)
    there = [lane for lane in live if lane.name not in gone]
    if _lacks(found) and any(lane.leaving for lane in live):
        tried = allocate(demands, domain, [lane for lane in live if not lane.leaving])
        leaving = {lane.service for lane in live if lane.leaving}
        if is_better(tried, found) and leaving.isdisjoint(_lacks(tried)):
            way, costly = _ways(demands, domain, there, tried, downtime=downtime)
            return Settlement(tried, way) if way else Settlement(found, costly=costly)
    if not (repack or _lacks(found)):
        return Settlement(found)
    effort = Effort(ASKED if repack else OFFERED)
    tight = repacked(demands, domain, there, found, effort=effort, compact=repack)
    if tight is None:
        return Settlement(found, cut=effort.cut)
    moved, cured = moves(demands, there, tight), tuple(sorted(_lacks(found) - _lacks(tight)))
    way, costly = _ways(demands, domain, there, tight, downtime=downtime)
    if not repack:
        offer = sum(each.replicas for each in moved) if way else 0
        return Settlement(found, offer=offer, cured=cured, cut=effort.cut)
    if way is None:
        return Settlement(found, costly=costly, cut=effort.cut)
    return Settlement(tight, way, moved, whole_runs(domain, demands, there, tight), cured=cured)


def _ways(
    demands: Sequence[Demand],
    domain: Domain,
    live: Sequence[LiveLane],
    target: Allocation,
    *,
    downtime: bool,
) -> tuple[Passage | None, Passage | None]:
    """The steps that may be made, and those that could be if downtime were allowed."""
    grounds = (Ground(domain, live, demands, target),)
    way = passage(grounds)
    costly = None if way else eased(grounds)
    return (way or costly, None) if downtime else (way, costly)


def _lacks(allocation: Allocation) -> frozenset[str]:
    return frozenset(each.service for each in allocation.shortages if each.replicas)
