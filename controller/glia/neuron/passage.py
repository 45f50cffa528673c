"""From the lanes that run to those that shall be, in steps that keep every promise on the way.

A lane gives up replicas only where others of its service stand in for them, but for as many as
may be down at once. A lane grows only as far as the inequality of lanes (safety.py) holds with
all that is there then, old lanes and new ones. The next step begins when the new replicas are
Ready. Nothing is remembered: from any state in between the way that is left is found again.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from glia.neuron.lanes import DEFAULT_PARTITION
from glia.neuron.running import empty_ledger
from glia.neuron.steps import Passage, Trail
from glia.neuron.walkers import place_name, twins, walkers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.neuron.safety import Ledger
    from glia.neuron.walkers import Ground, Walker


def passage(grounds: Sequence[Ground], beyond: int = 0) -> Passage | None:
    """The way from the live lanes to those of the targets; None where there is none.

    A service with fewer replicas than it shall have may have given some up before somebody was
    killed. Only where nothing else goes on, and in one domain, it is taken for one that grows.

    Args:
        grounds: the domain; several where services of each go over to another of them.
        beyond: how many replicas more than services allow may be down.
    """
    way = _Way(grounds, beyond)
    if not way.begins_safely():
        return None
    found = way.found()
    if found is None and way.grows and len(grounds) == 1:
        return _Way(grounds, beyond, firm=False).found()
    return found


def eased(grounds: Sequence[Ground]) -> Passage | None:
    """The way for which the fewest replicas more than allowed have to be down at once."""
    most = max((each.replicas for ground in grounds for each in ground.demands), default=0)
    most = max(most, *(lane.count for ground in grounds for lane in ground.live), 0)
    low, high, best = 0, 1, passage(grounds, 1)
    while best is None and high < most:
        low, high = high, min(2 * high, most)
        best = passage(grounds, high)
    while best is not None and high - low > 1:
        middle = (low + high) // 2
        tried = passage(grounds, middle)
        low, high, best = (low, middle, tried) if tried else (middle, high, best)
    return best


def _places(ground: Ground, number: int) -> Iterator[tuple[str, Ledger]]:
    """The partitions that there are and those that are to be, without lanes."""
    domain, target = ground.domain, ground.target
    new = {each.name: each.instances for each in target.partitions}
    used = {lane.partition for lane in ground.live}
    used.update(lane.partition for lanes in target.lanes.values() for lane in lanes)
    for name in {*domain.instances, *new, *used, DEFAULT_PARTITION}:
        width = domain.instances.get(name, new.get(name, 0))
        width -= 0 if name else sum(new.values())
        like = DEFAULT_PARTITION if name in new else None
        ledger = empty_ledger(domain, name, width, like=like)
        ledger.name = place_name(number, name)
        yield ledger.name, ledger


class _Way:
    """A state of the domains that goes towards the targets."""

    def __init__(self, grounds: Sequence[Ground], beyond: int, *, firm: bool = True) -> None:
        self.lanes = walkers(grounds)
        self.twins = twins(self.lanes)
        self.unavailable = {
            each.service: each.unavailable for ground in grounds for each in ground.demands
        }
        self.beyond = beyond
        self.firm = firm
        self.own: dict[str, int] = {}
        self.trail = Trail()
        self.turns = 0
        self.least: dict[str, int] = {}
        self.below = Counter[str]()
        self.places = {
            name: ledger
            for number, ground in enumerate(grounds)
            for name, ledger in _places(ground, number)
        }
        self.relabels = any(ground.target.partitions for ground in grounds)
        self.rivals = {lane: self._rivals(lane) for lane in self.lanes}
        self.loads = {
            lane: lane.peak + sum(each.peak for each in self.rivals[lane]) for lane in self.lanes
        }
        self.scarce = {name for name in self.places if self._may_run_short(name)}
        self.wanted, self.highest = Counter[str](), Counter[str]()
        for lane in self.lanes:
            self.wanted[lane.service] += lane.target
        self.grows = any(count < self.wanted[name] for name, count in self._totals().items())

    def _rivals(self, lane: Walker) -> frozenset[Walker]:
        return frozenset(
            other for other in self.lanes if other is not lane and other.conflicts_with(lane)
        )

    def _may_run_short(self, partition: str) -> bool:
        """Whether all lanes together use more of something than an instance has."""
        uses = [lane.use for lane in self.lanes if lane.site[0] == partition]
        totals = map(sum, zip(*uses, strict=True))
        free = self.places[partition].free
        return any(total > there for total, there in zip(totals, free, strict=False))

    def begins_safely(self) -> bool:
        """Labels come first: what runs must be safe with the instances that they leave."""
        return not self.relabels or all(
            self.loads[lane] <= self.places[DEFAULT_PARTITION].width
            for lane in self.lanes
            if lane.count and lane.site[0] == DEFAULT_PARTITION
        )

    def found(self) -> Passage | None:
        self._record(self._snapshot(), [lane for lane in self._resuming() if self._grow(lane)])
        while self._pending():
            if not self._turn():
                return None
        before = self._snapshot()
        for lane in self.lanes:
            self._set(lane, lane.target)
        self._record(before, [])
        return Passage(tuple(self.trail.steps), self.turns, self.least, dict(self.below))

    def _snapshot(self) -> dict[Walker, int]:
        return {lane: lane.count for lane in self.lanes}

    def _pending(self) -> list[Walker]:
        return [lane for lane in self.lanes if lane.count < lane.target]

    def _resuming(self) -> list[Walker]:
        """What is to grow, first that of services which may have given up the room for it."""
        totals = self._totals()
        giving = {lane.service for lane in self.lanes if lane.count > lane.target}
        short = {name for name in giving if totals[name] < self.wanted[name]}
        return sorted(self._pending(), key=lambda lane: lane.service not in short)

    def _totals(self) -> Counter[str]:
        totals = Counter[str]()
        for lane in self.lanes:
            totals[lane.service] += lane.count
        return totals

    def _set(self, lane: Walker, count: int) -> None:
        before = lane.peak
        lane.count = count
        more = lane.peak - before
        for each in (lane, *self.rivals[lane]):
            self.loads[each] += more

    def _turn(self) -> bool:
        """Give up what may be down, and fill the room; whether there was any."""
        totals, before = self._totals(), self._snapshot()
        for service in self.unavailable:
            self.highest[service] = max(self.highest[service], totals[service])
        spare = self._spare(totals, firm=self.firm)
        for_others = self._spare(totals, firm=True)
        self.own = {service: count - for_others[service] for service, count in spare.items()}
        grown: list[Walker] = []
        for by_others in (False, True):
            grown = [
                lane
                for lane in self._pending()
                if self._make_room(lane, spare, by_others=by_others)
            ]
            if grown:
                break
        self.turns += 1
        self._note(before, totals)
        self._record(before, grown)
        return bool(grown)

    def _spare(self, totals: Mapping[str, int], *, firm: bool) -> dict[str, int]:
        """How many replicas of each service may be given up now."""
        floors = {service: self._floor(service, firm=firm) for service in self.unavailable}
        return {
            service: totals[service] - max(0, floor - self.beyond)
            for service, floor in floors.items()
        }

    def _floor(self, service: str, *, firm: bool) -> int:
        """The fewest replicas of a service: so many below what it shall have, or what it had.

        Others may be given the room that it has given up, and nobody remembers that it has. So
        ``firm`` lets no service give up more that is below what it shall have already; else it
        is taken for one that has never had more.
        """
        wanted, highest = self.wanted[service], self.highest[service]
        allowed = self.unavailable[service]
        return max(0, min(wanted - allowed, highest) if firm else min(wanted, highest) - allowed)

    def _note(self, before: Mapping[Walker, int], totals: Mapping[str, int]) -> None:
        given = Counter[str]()
        for lane, count in before.items():
            given[lane.service] += max(0, count - lane.count)
        for service, number in (+given).items():
            left = totals[service] - number
            self.least[service] = min(self.least.get(service, left), left)
            self.below[service] += left < self._floor(service, firm=self.firm)
        self.below = +self.below

    def _record(self, before: Mapping[Walker, int], grown: Iterable[Walker]) -> None:
        """What was given up first, then what has grown."""
        for lane, count in before.items():
            if lane.count < count:
                self.trail.add(lane, count, self.trail.grown[lane.service])
        for lane in grown:
            near = {lane, self.twins.get(lane, lane), *self.rivals[lane]}
            near = near.union(*(self.rivals[each] for each in near))
            if lane.site[0] in self.scarce:
                near = {each for each in self.lanes if each.site[0] == lane.site[0]}
            gone = [place for each in near for place in self.trail.shrunk[each]]
            self.trail.add(lane, before[lane], gone)

    def _grow(self, lane: Walker) -> bool:
        room = min(self._room(lane), lane.target - lane.count)
        if room > 0:
            self._set(lane, lane.count + room)
        return room > 0

    def _make_room(self, lane: Walker, spare: dict[str, int], *, by_others: bool) -> bool:
        """Let it grow as far as others may give up replicas for it; whether it has."""
        begin = lane.count
        while lane.count < lane.target:
            given: list[Walker] = []
            while self._room(lane) < 1:
                giver = self._giver(lane, spare, by_others=by_others)
                if giver is None:
                    for each in given:
                        self._set(each, each.count + 1)
                        spare[each.service] += 1
                    return lane.count > begin
                self._set(giver, giver.count - 1)
                spare[giver.service] -= 1
                given.append(giver)
            self._grow(lane)
        return True

    def _giver(self, lane: Walker, spare: dict[str, int], *, by_others: bool) -> Walker | None:
        """Who gives up a replica: what stands in the way of most, and is gone the soonest.

        Another service only if it has all that it shall have, so that it need not wait for
        room itself, unless nothing else goes on; and never what may be spared for its ``own``.
        """
        twin = self.twins.get(lane)
        if twin is not None and twin.count:
            return twin if spare.get(twin.service, 0) > 0 else None
        width = self.places[lane.site[0]].width
        extra = 1 if lane.count else 1 + lane.surge
        tight = [
            each
            for each in (lane, *self.rivals[lane])
            if (each.count or each is lane) and self.loads[each] + extra > width
        ]
        waiting = {each.service for each in self._pending()}
        found = [
            (relieved, each)
            for each in self.lanes
            if each.count > each.target
            and each.site[0] == lane.site[0]
            and spare.get(each.service, 0)
            > (0 if each.service == lane.service else self.own[each.service])
            and (by_others or each.service == lane.service or each.service not in waiting)
            and (relieved := sum(each is one or each in self.rivals[one] for one in tight))
            >= (1 if tight else 0)
        ]
        best = min(found, key=lambda pair: (-pair[0], pair[1].count, pair[1].order), default=None)
        return best[1] if best else None

    def _room(self, lane: Walker) -> int:
        place, mask = self.places[lane.site[0]], lane.site[1]
        if lane in self.twins and self.twins[lane].count:
            return 0
        if mask & place.board.taken or lane.ports & place.closed_ports:
            return 0
        if place.name in self.scarce and self._runs_short(lane):
            return 0
        beside = (each for each in self.rivals[lane] if each.count)
        worst = max(self.loads[each] for each in (lane, *beside))
        return place.width - worst - (0 if lane.count else lane.surge)

    def _runs_short(self, lane: Walker) -> bool:
        ledger = self.places[lane.site[0]].copy()
        for each in self.lanes:
            if each.count and each.site[0] == lane.site[0]:
                ledger.add(each.site[1], each.ports, each.use, each.peak)
        return bool(ledger.scarce(lane.site[1], lane.use))
