"""Replicas into columns: a service fills downwards, so that it has few lanes and wide ones."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from glia.neuron.patterns import free_run, largest_run, mask_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glia.neuron.domain import Demand
    from glia.neuron.safety import Ledger

Site: TypeAlias = tuple[str, int]
"""A partition's name and a device set, as a mask."""


@dataclass(slots=True)
class Layout:
    """Who is where so far.

    Attributes:
        ledgers: the partitions by name.
        counts: by service, the replicas of each of its lanes.
        barred: places of lanes that are leaving, where a new one of their service would have
            the same name.
    """

    ledgers: dict[str, Ledger]
    counts: dict[str, dict[Site, int]] = field(default_factory=dict)
    barred: frozenset[tuple[str, Site]] = frozenset()

    def copy(self) -> Layout:
        ledgers = {name: ledger.copy() for name, ledger in self.ledgers.items()}
        counts = {service: dict(lanes) for service, lanes in self.counts.items()}
        return Layout(ledgers, counts, self.barred)

    @property
    def lanes(self) -> int:
        return sum(map(len, self.counts.values()))

    @property
    def whole(self) -> int:
        """The room left whole: in each partition, its largest run that no lane touches."""
        return sum(each.width * largest_run(each.room) for each in self.ledgers.values())


@dataclass(frozen=True, slots=True)
class Want:
    """Replicas of a service that have no lane yet."""

    demand: Demand
    replicas: int


@dataclass(frozen=True, slots=True)
class Seat:
    """A place for a lane, or a lane that can grow.

    Attributes:
        room: for how many replicas.
        waste: chips of its column that a replica would not use.
        own: whether the service has a lane there.
    """

    site: Site
    room: int
    waste: int = 0
    own: bool = False


def fill(layout: Layout, wants: Iterable[Want], *, roomy: bool) -> tuple[Want, ...]:
    """Place what has room; what is left has none.

    To be roomy is to take a free run of devices rather than divide a service.
    """
    left = []
    for want in sorted(wants, key=lambda want: _order(layout, want)):
        missing = _place(layout, want, roomy=roomy)
        if missing:
            left.append(Want(want.demand, missing))
    return tuple(left)


def _order(layout: Layout, want: Want) -> tuple[bool, int, bool, int, str]:
    """What has the fewest places to go to comes first."""
    demand = want.demand
    ledger = next(iter(layout.ledgers.values()))
    share = demand.chips / ledger.board.chips
    heavy = any(
        used > share * free for used, free in zip(demand.use, ledger.free, strict=True) if used
    )
    pinned = demand.device_ids is not None
    difficult = heavy or bool(demand.ports)
    return not pinned, -demand.chips, not difficult, -want.replicas, demand.service


def _place(layout: Layout, want: Want, *, roomy: bool) -> int:
    """Place a service's replicas, lane by lane; how many have found no room."""
    demand, missing = want.demand, want.replicas
    lanes = layout.counts.setdefault(demand.service, {})
    while missing:
        seat = _choose(layout, demand, missing, roomy=roomy)
        if seat is None:
            break
        count = min(missing, seat.room)
        sit(layout, demand, seat, count)
        missing -= count
    if not lanes:
        del layout.counts[demand.service]
    return missing


def sit(layout: Layout, demand: Demand, seat: Seat, count: int) -> None:
    name, mask = seat.site
    lanes = layout.counts[demand.service]
    peak = count if lanes.get(seat.site) else count + demand.surge
    layout.ledgers[name].add(mask, demand.ports, demand.use, peak)
    lanes[seat.site] = lanes.get(seat.site, 0) + count


def _choose(layout: Layout, demand: Demand, missing: int, *, roomy: bool) -> Seat | None:
    """The next seat: own lanes first, then one that takes all, else the deepest."""
    seats = [
        seat
        for seat in _seats(layout, demand)
        if _spreads(layout, demand, seat, missing) and _unites(layout, demand, seat, missing)
    ]
    own = [seat for seat in seats if seat.own]
    if own:
        return max(own, key=lambda seat: seat.room)
    whole = [seat for seat in seats if seat.room >= missing]
    if whole:
        return min(whole, key=lambda seat: (seat.room, seat.waste))
    deepest = max(seats, key=lambda seat: (seat.room, -seat.waste), default=None)
    if roomy or deepest is None or deepest.room < _gap(layout, demand):
        opened = _widest(layout, demand, missing)
        if opened and not _unites(layout, demand, opened, missing):
            return None
        if opened and (deepest is None or opened.room >= min(missing, deepest.room + 1)):
            return opened
    return deepest


def spread(lanes: dict[Site, int]) -> int:
    """The instances that the replicas surely reach: a lane's are all on different ones."""
    widest: dict[str, int] = defaultdict(int)
    for (partition, _), count in lanes.items():
        widest[partition] = max(widest[partition], count)
    return sum(widest.values())


def _gap(layout: Layout, demand: Demand) -> int:
    """How many instances more the replicas must reach."""
    return demand.spread - spread(layout.counts[demand.service])


def _spreads(layout: Layout, demand: Demand, seat: Seat, missing: int) -> bool:
    """Whether replicas there reach instances that the service must and does not reach yet.

    Beside another lane of its partition only as many as close the gap surely do.
    """
    gap = _gap(layout, demand)
    if gap <= 0 or seat.own:
        return True
    lanes = layout.counts[demand.service].items()
    beside = max((count for (name, _), count in lanes if name == seat.site[0]), default=0)
    return not beside or min(missing, seat.room) >= beside + gap


def _unites(layout: Layout, demand: Demand, seat: Seat, missing: int) -> bool:
    """Whether it leaves a service in one lane that must be."""
    alone = seat.own or not layout.counts[demand.service]
    return not demand.one_lane or (alone and seat.room >= missing)


def _seats(layout: Layout, demand: Demand) -> Iterator[Seat]:
    """In the columns there are."""
    pinned = mask_of(demand.device_ids or ())
    for name, ledger in layout.ledgers.items():
        masks = (pinned,) if pinned else ledger.sites(demand.chips)
        for mask in masks:
            seat = seat_at(layout, demand, (name, mask))
            if seat:
                yield seat


def seat_at(layout: Layout, demand: Demand, site: Site) -> Seat | None:
    ledger, mask = layout.ledgers[site[0]], site[1]
    replicas = layout.counts[demand.service].get(site)
    room = ledger.headroom(mask, demand.ports) - (0 if replicas else demand.surge)
    if room <= 0 or (demand.service, site) in layout.barred or ledger.scarce(mask, demand.use):
        return None
    wide = max((each & mask == mask and each.bit_count() for each in ledger.planned), default=0)
    return Seat(site, room, max(0, wide - demand.chips), own=replicas is not None)


def _widest(layout: Layout, demand: Demand, missing: int) -> Seat | None:
    """A run of devices that no lane has, in the partition where it is no deeper than it must."""
    if demand.device_ids is not None:
        return None
    found = []
    for name, ledger in layout.ledgers.items():
        mask = free_run(ledger.room, demand.chips)
        seat = seat_at(layout, demand, (name, mask)) if mask else None
        if seat and _spreads(layout, demand, seat, missing):
            found.append(seat)
    return min(found, key=lambda seat: (-min(missing, seat.room), seat.room), default=None)
