"""Defragmentation: which replicas to move so that others find room, or more room is whole.

As few as possible. A run of chips is chosen, the lanes on it give up as many replicas as are in
the way, and allocation finds them other places. What is best of that is taken; where it is not
enough, it is done once more, as long as the effort lasts. Lanes that are pinned, leaving,
autoscaled or of services that are not asked stay where they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from glia.neuron.allocation import allocate
from glia.neuron.domain import LiveLane
from glia.neuron.evacuating import cheapest_first, evacuations, free_runs, freed_runs
from glia.neuron.shortage import Case, hopeless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glia.neuron.domain import Allocation, Demand, Domain

_MOST_TRIES: Final = 64  # in one round
# Services and lanes entered into layouts, some 20 us each: for an offer that nobody has asked
# for, and for a repacking that somebody has.
OFFERED: Final = 15_000
ASKED: Final = 400_000
_ALLOCATION: Final = 8  # it tries several layouts, and what an empty domain would get


@dataclass(slots=True)
class Effort:
    """How much a search may still do, in services and lanes entered, whatever time that takes.

    Attributes:
        cut: whether there was more to try.
    """

    left: int
    cut: bool = False

    def take(self, work: int) -> bool:
        """Whether so much may be done."""
        self.cut = self.cut or work > self.left
        if not self.cut:
            self.left -= work
        return not self.cut


@dataclass(frozen=True, slots=True)
class Move:
    """Replicas of a service that change lanes."""

    service: str
    source: str
    target: str
    replicas: int


@dataclass(frozen=True, slots=True)
class _State:
    """Lanes as they would be, and the allocation that makes them so."""

    live: tuple[LiveLane, ...]
    allocation: Allocation
    given: tuple[LiveLane, ...] = ()  # the live lanes that it is an allocation of


def repacked(  # noqa: PLR0913  (what bounds it comes by keyword)
    demands: Sequence[Demand],
    domain: Domain,
    live: Sequence[LiveLane],
    found: Allocation,
    *,
    effort: Effort,
    compact: bool = True,
) -> Allocation | None:
    """A better allocation that moves replicas; None where none is found.

    Better is one in which fewer replicas lack room and no service has less than before. Where
    none lacks any and it may ``compact``, it is one with more chips in whole free runs. What is
    found of it so far is what counts when the ``effort`` is at its end.
    """
    best = start = _State(tuple(live), found)
    cures = bool(_lacking(found))
    while best is start or not best.allocation.partitions:  # of which the next round knows nothing
        if cures:
            step = _cured(demands, domain, best, effort)
        else:
            step = _compacted(demands, domain, best, effort) if compact else None
        if step is None:
            break
        best = step
    return None if best is start else allocate(demands, domain, best.given)


def is_better(now: Allocation, before: Allocation) -> bool:
    """Whether less lacks, and no service lacks more than before."""
    burdens, others = _burdens(before), _burdens(now)
    return others != burdens and all(
        weight <= burdens[service] for service, weight in others.items()
    )


def moves(
    demands: Iterable[Demand], live: Iterable[LiveLane], target: Allocation
) -> tuple[Move, ...]:
    """Which replicas change lanes: those that a service only has more or fewer of do not."""
    wanted = {each.service for each in demands}
    before: dict[str, Counter[str]] = defaultdict(Counter)
    for lane in live:
        if lane.service in wanted and not lane.leaving:
            before[lane.service][lane.name] += lane.count
    return tuple(
        move for service in sorted(before) for move in _moves_of(service, before[service], target)
    )


def _moves_of(service: str, before: Counter[str], target: Allocation) -> Iterator[Move]:
    after = Counter({lane.name: lane.count or 0 for lane in target.lanes.get(service, ())})
    given, taken = before - after, after - before
    for source in sorted(given):
        for name in sorted(taken):
            number = min(given[source], taken[name])
            if number:
                yield Move(service, source, name, number)
                given[source] -= number
                taken[name] -= number


def whole_runs(
    domain: Domain, demands: Sequence[Demand], live: Sequence[LiveLane], target: Allocation
) -> tuple[tuple[str, int, int], ...]:
    """The chips of the largest free run of each partition's instances, before and after."""
    before, after = (
        free_runs(domain, demands, live),
        free_runs(domain, demands, as_live(demands, live, target)),
    )
    names = sorted(name for name in before if domain.instances.get(name))
    return tuple((name, before[name], after.get(name, 0)) for name in names)


def as_live(
    demands: Iterable[Demand], live: Iterable[LiveLane], target: Allocation
) -> tuple[LiveLane, ...]:
    """The lanes once the target is reached, but for those that leave: they may be there still.

    Those of services that are not asked stay.
    """
    wanted = {each.service: each for each in demands}
    stay = [lane for lane in live if lane.service not in wanted or lane.leaving]
    return (
        *stay,
        *(
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
            for service, lanes in sorted(target.lanes.items())
            for lane in lanes
        ),
    )


def _lacking(allocation: Allocation) -> tuple[str, ...]:
    """The services that lack replicas, those that a run of chips could help."""
    found = [each for each in allocation.shortages if each.replicas and each.enough is not None]
    return tuple(
        each.service for each in sorted(found, key=lambda each: (-each.chips, each.service))
    )


def _burdens(allocation: Allocation) -> Counter[str]:
    """Replicas that lack, and services that are not spread as they should be."""
    burdens = Counter[str]()
    for each in allocation.shortages:
        burdens[each.service] += 2 * each.replicas + 1
    return burdens


def _missing(demands: Iterable[Demand], domain: Domain, lanes: Sequence[LiveLane]) -> int:
    """The chips that lack: much sooner known than how many instances would be enough."""
    hopeful = [each for each in demands if hopeless(each, domain) is None]
    wants = Case(domain, lanes, hopeful).attempt().missing
    return sum(want.replicas * want.demand.chips for want in wants)


def _cured(
    demands: Sequence[Demand], domain: Domain, state: _State, effort: Effort
) -> _State | None:
    """Less lacks, with the fewest replicas moved."""
    by_name = {each.service: each for each in demands}
    missing = {each.service: each.replicas for each in state.allocation.shortages}
    size = len(demands) + len(state.live)
    ways = [
        way
        for name in _lacking(state.allocation)
        for way in evacuations(demands, domain, state.live, by_name[name], missing[name])
    ]
    lacks = _missing(demands, domain, state.live)
    best: tuple[tuple[int, int], _State] | None = None
    for given, lanes in islice(cheapest_first(ways), _MOST_TRIES):
        if best is not None and best[0] <= (0, given):
            break  # none is missing, and all others move more
        if not effort.take(size):
            break
        if _missing(demands, domain, lanes) >= lacks:
            continue
        if not effort.take(_ALLOCATION * size):
            break
        tried = allocate(demands, domain, lanes, rough=True)
        if not is_better(tried, state.allocation):
            continue
        left = sum(each.chips for each in tried.shortages)
        cost = sum(each.replicas for each in moves(demands, state.live, tried))
        if best is None or (left, cost) < best[0]:
            best = (left, cost), _State(as_live(demands, state.live, tried), tried, lanes)
    return best[1] if best else None


def _compacted(
    demands: Sequence[Demand], domain: Domain, state: _State, effort: Effort
) -> _State | None:
    """More chips in whole free runs, and of such ways one that moves the fewest replicas."""
    whole = _whole(domain, demands, as_live(demands, state.live, state.allocation))
    best: tuple[tuple[int, int], _State] | None = None
    size = len(demands) + len(state.live)
    for (potential, _), lanes in islice(freed_runs(demands, domain, state.live), _MOST_TRIES):
        if best is not None and best[0][0] < potential:
            break
        if not effort.take(size):
            break
        if _missing(demands, domain, lanes):
            continue
        if not effort.take(_ALLOCATION * size):
            break
        tried = allocate(demands, domain, lanes, rough=True)
        if tried.partitions or _burdens(tried) - _burdens(state.allocation):
            continue
        then = as_live(demands, [each for each in lanes if each.service], tried)
        gain = _whole(domain, demands, then) - whole
        cost = sum(each.replicas for each in moves(demands, state.live, tried))
        if gain > 0 and (best is None or (-gain, cost) < best[0]):
            best = (-gain, cost), _State(then, tried, lanes)
    return best[1] if best else None


def _whole(domain: Domain, demands: Sequence[Demand], live: Iterable[LiveLane]) -> int:
    runs = free_runs(domain, demands, live)
    return sum(runs[name] * width for name, width in domain.instances.items())
