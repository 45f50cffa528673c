"""What runs stays where it is: the layout that an allocation starts from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.neuron.domain import Foreign, Resources, Unsafe
from glia.neuron.lanes import DEFAULT_PARTITION, lane_name
from glia.neuron.patterns import board_of, mask_of
from glia.neuron.placing import Layout, Want, spread
from glia.neuron.safety import Ledger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from glia.neuron.domain import Demand, Domain, LiveLane
    from glia.neuron.placing import Site


@dataclass(frozen=True, slots=True)
class Running:
    """The lanes that stay, and what is wanted beyond them.

    Attributes:
        names: of the live lanes, by service and place.
        kept: the live lanes that go on, those of no replica too.
        services: all that are not stuck.
        leaving: whether some of the live lanes do not go on.
    """

    layout: Layout
    wants: tuple[Want, ...]
    names: Mapping[tuple[str, Site], str]
    kept: tuple[LiveLane, ...]
    services: tuple[Demand, ...] = ()
    leaving: bool = False


def site_of(lane: LiveLane) -> Site:
    return lane.partition, mask_of(lane.device_ids)


def empty_ledger(domain: Domain, name: str, width: int, like: str | None = None) -> Ledger:
    """A partition without lanes.

    Args:
        domain: it is one of.
        name: its own.
        width: its instances.
        like: another partition, whose foreign tasks may come to this one.
    """
    foreign = domain.foreign.get(name if like is None else like, Foreign())
    board = board_of(domain.instance_type).without(mask_of(foreign.devices))
    pairs = zip(domain.capacity, foreign.use, strict=True)
    free = Resources(*(capacity - used for capacity, used in pairs))
    return Ledger(name, width, board, free, foreign.ports)


def running(
    demands: Sequence[Demand],
    domain: Domain,
    live: Iterable[LiveLane],
    stuck: Collection[str] = (),
) -> Running:
    """Enter the live lanes; the services that are stuck keep theirs and want no more.

    A lane holds its room until it is gone, and the larger of what it has and what it shall
    have: what is scaled down or deleted now is free for others in a later pass.
    """
    lanes = sorted(live, key=lambda lane: (lane.service, *site_of(lane), lane.name))
    wanted = {demand.service: demand for demand in demands}
    kept = tuple(
        lane for lane in lanes if _goes_on(lane, wanted.get(lane.service), lane.service in stuck)
    )
    kept_names = {lane.name for lane in kept}
    names = {*domain.instances, *(lane.partition for lane in lanes), DEFAULT_PARTITION}
    widths = {name: domain.instances.get(name, 0) for name in sorted(names)}
    layout = Layout({name: empty_ledger(domain, name, width) for name, width in widths.items()})
    for lane in lanes:
        _enter(layout, lane, wanted[lane.service] if lane.name in kept_names else None)
    layout.barred = frozenset(
        (lane.service, site_of(lane))
        for lane in lanes
        if lane.name not in kept_names and _has_its_name(lane, wanted.get(lane.service), domain)
    )
    layout.counts = _counts(demands, kept, layout)
    running = {service: sum(counts.values()) for service, counts in layout.counts.items()}
    wants = (Want(each, each.replicas - running.get(each.service, 0)) for each in demands)
    return Running(
        layout,
        tuple(want for want in wants if want.replicas > 0 and want.demand.service not in stuck),
        {(lane.service, site_of(lane)): lane.name for lane in kept},
        kept,
        tuple(each for each in demands if each.service not in stuck),
        leaving=len(kept) < len(lanes),
    )


def _has_its_name(lane: LiveLane, demand: Demand | None, domain: Domain) -> bool:
    """Whether a new lane at its place would be called the same."""
    own = demand.name if demand else ""
    chips = domain.instance_type.chips
    return lane.name == (own or lane_name(lane.service, lane.device_ids, chips, lane.partition))


def _goes_on(lane: LiveLane, demand: Demand | None, stuck: bool) -> bool:
    """Whether it has the shape that its service wants: another one needs new lanes."""
    if demand is None or lane.leaving:
        return False
    if stuck:
        return True
    if len(lane.device_ids) != demand.chips:
        return False
    return demand.device_ids is None or set(demand.device_ids) == set(lane.device_ids)


def _enter(layout: Layout, lane: LiveLane, demand: Demand | None) -> None:
    """With the figures of now and then, whichever is larger: during a rollout both run."""
    surge, ports, use = lane.surge, lane.ports, lane.use
    if demand is not None:
        surge, ports = max(surge, demand.surge), ports | demand.ports
        use = Resources(*map(max, use, demand.use))
    if lane.count:
        ledger = layout.ledgers[lane.partition]
        ledger.add(mask_of(lane.device_ids), ports, use, lane.count + surge)


def _counts(
    demands: Iterable[Demand], kept: Iterable[LiveLane], layout: Layout
) -> dict[str, dict[Site, int]]:
    counts: dict[str, dict[Site, int]] = defaultdict(dict)
    users: dict[Site, set[str]] = defaultdict(set)
    for lane in kept:
        counts[lane.service][site_of(lane)] = lane.count
        users[site_of(lane)].add(lane.service)
    for demand in demands:
        if demand.service in counts:
            _shrink(demand, counts[demand.service], users, layout)
    return dict(counts)


def _shrink(
    demand: Demand, counts: dict[Site, int], users: dict[Site, set[str]], layout: Layout
) -> None:
    """End what is too much: whole lanes first, those that free the most room in one piece."""
    excess = sum(counts.values()) - demand.replicas
    while excess > 0:
        ends = [site for site in counts if _may_end(demand, counts, site, excess)]
        if not ends:
            _lower(demand, counts, excess)
            return
        best = max(ends, key=lambda site: (_freed(layout, users, site), counts[site], site))
        excess -= counts.pop(best)
        users[best].discard(demand.service)


def _may_end(demand: Demand, counts: dict[Site, int], site: Site, excess: int) -> bool:
    """The last lane stays, and so does the spread that there is."""
    rest = {other: count for other, count in counts.items() if other != site}
    enough = min(demand.spread, spread(counts))
    return counts[site] <= excess and bool(rest) and spread(rest) >= enough


def _lower(demand: Demand, counts: dict[Site, int], excess: int) -> None:
    """Take from the smallest lanes, which are the next to end, as long as the spread holds."""
    enough = min(demand.spread, spread(counts))
    for site in sorted(counts, key=lambda site: (counts[site], site)):
        while excess and counts[site] and spread({**counts, site: counts[site] - 1}) >= enough:
            counts[site] -= 1
            excess -= 1


def _freed(layout: Layout, users: dict[Site, set[str]], ending: Site) -> int:
    """The largest run that its chips are part of once it has ended; 0 if others share them."""
    partition, mask = ending
    taken = 0
    for (name, other), services in users.items():
        if name == partition and (len(services) > 1 if other == mask else services):
            taken |= other
    runs = layout.ledgers[partition].board.without(taken)
    free = (run for row in reversed(runs.runs) for run in row if not run & runs.taken)
    return 0 if taken & mask else next((run.bit_count() for run in free if run & mask), 0)


def unsafe(start: Running, layout: Layout) -> Iterator[Unsafe]:
    """The running lanes that the inequality no longer holds for."""
    for lane in start.kept:
        if not lane.count:
            continue
        ledger, mask = layout.ledgers[lane.partition], mask_of(lane.device_ids)
        needed = ledger.needed(mask)
        resource = ledger.scarce()
        if mask & ledger.board.taken and not lane.unlocked:
            resource = "devices"
        elif lane.ports & ledger.closed_ports:
            resource = "ports"
        if needed > ledger.width or resource:
            yield Unsafe(lane.service, lane.name, lane.partition, needed, ledger.width, resource)
