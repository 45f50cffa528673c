"""Reshaping and repacking keep every promise at every moment, in whatever order steps are made."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from glia.neuron.allocation import allocate
from glia.neuron.catalogue import catalogue
from glia.neuron.domain import Demand, Domain, LiveLane, Resources
from glia.neuron.lanes import lane_name
from glia.neuron.settling import settle
from neuron.adversary import Fleet, Group, as_live, labelled, violations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.neuron.domain import Allocation
    from glia.neuron.steps import LaneStep, Passage

AMPLE = Resources(cpu=10**6, memory=10**7, ports=100, enis=40)
MANY = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
Case: TypeAlias = tuple[Domain, tuple[Demand, ...], tuple[LiveLane, ...]]
KINDS = ("inf1.6xlarge", "inf2.24xlarge", "inf2.48xlarge", "trn1.32xlarge")


@st.composite
def crowded(draw: st.DrawFn) -> Case:
    """A domain with what has found room on it; no instance is idle."""
    kind = catalogue()[draw(st.sampled_from(KINDS))]
    instances = draw(st.integers(1, 5))
    random = Random(draw(st.integers(0, 2**32)))
    sizes = [size for size in range(1, kind.chips + 1) if kind.valid_device_sets(size)]
    demands = tuple(
        Demand(
            f"s{index}",
            random.choice(sizes),
            random.randint(1, 2 * instances),
            surge=random.choice([0, 0, 0, 1]),
            ports=frozenset({8500}) if random.random() < 0.1 else frozenset(),
            cpu=random.choice([0, 0, AMPLE.cpu // 3]),
            one_lane=random.random() < 0.1,
            unavailable=random.choice([1, 1, 2, 3]),
        )
        for index in range(draw(st.integers(1, 8)))
    )
    empty = Domain(kind, {"": instances}, AMPLE, 0)
    found = allocate(demands, empty)
    placed = {name: sum(lane.count or 0 for lane in lanes) for name, lanes in found.lanes.items()}
    fitting = tuple(
        replace(each, replicas=placed[each.service]) for each in demands if each.service in placed
    )
    return empty, fitting, as_live(fitting, found)


@st.composite
def fragmented(draw: st.DrawFn) -> Case:
    """A domain with gaps between its lanes; some services have several, some must not move."""
    kind = catalogue()[draw(st.sampled_from(KINDS))]
    instances = draw(st.integers(1, 4))
    random = Random(draw(st.integers(0, 2**32)))
    runs = [run for size in range(1, 5) for run in kind.valid_device_sets(size)]
    random.shuffle(runs)
    taken, lanes = set[int](), list[LiveLane]()
    for run in runs:
        if taken.isdisjoint(run) and len(taken) < kind.chips * 0.6:
            taken.update(run)
            name = f"s{random.randint(0, 3)}x{len(run)}"
            lane = lane_name(name, run, kind.chips)
            lanes.append(LiveLane(name, lane, tuple(run), random.randint(1, instances)))
    demands = tuple(
        Demand(
            name,
            int(name[-1]),
            replicas,
            one_lane=sum(each.service == name for each in lanes) == 1 and random.random() < 0.2,
            unavailable=random.choice([1, 1, 2]),
        )
        for name, replicas in sorted(total(lanes).items())
    )
    return Domain(kind, {"": instances}, AMPLE, 0), demands, tuple(lanes)


class Playing:
    """Steps made in any order that they allow, with all that is there counted at every moment."""

    def __init__(
        self,
        domain: Domain,
        demands: Iterable[Demand],
        live: Iterable[LiveLane],
        target: Allocation,
    ) -> None:
        self.widths = labelled(domain, target)
        self.free = domain.capacity
        self.demands = {each.service: each for each in demands}
        self.lanes = {lane.name: lane for lane in live}
        self.load = Counter({lane.name: lane.count for lane in self.lanes.values()})
        self.ready = Counter(self.load)
        self.target = target
        self.begun = self._capacity()

    def _capacity(self) -> Counter[str]:
        found = Counter[str]()
        for name, lane in self.lanes.items():
            found[lane.service] += self.ready[name]
        return found

    def _begin(self, step: LaneStep) -> None:
        """A replica that is to be takes room at once, and one given up serves no more."""
        demand, name, count = self.demands[step.service], step.lane.name, step.lane.count or 0
        assert (step.action == "create") == (name not in self.lanes)
        assert max(self.load[name], self.ready[name]) == step.before
        made = LiveLane(
            step.service,
            name,
            step.lane.device_ids,
            count,
            step.lane.partition,
            demand.surge,
            demand.ports,
            demand.cpu,
            demand.memory,
            demand.enis,
        )
        self.lanes.setdefault(name, made)
        self.load[name] = max(self.load[name], count)
        self.ready[name] = min(self.ready[name], count)

    def _end(self, step: LaneStep) -> None:
        self.load[step.lane.name] = self.ready[step.lane.name] = step.lane.count or 0

    def check(self) -> None:
        """ECS may place what is there in any order, and no service is short of too much."""
        for partition, width in self.widths.items():
            groups = [
                Group(
                    name,
                    frozenset(lane.device_ids),
                    lane.ports,
                    lane.use,
                    self.load[name] + lane.surge,
                )
                for name, lane in self.lanes.items()
                if lane.partition == partition and self.load[name]
            ]
            assert not violations(Fleet(width, self.free, tuple(groups)))
        now = self._capacity()
        for service, demand in self.demands.items():
            least = min(self.begun[service], demand.replicas) - demand.unavailable
            assert now[service] >= least

    def play(self, steps: Sequence[LaneStep], random: Random, most: int) -> None:
        """Begin and end as many steps as that, each once what it needs has ended."""
        begun, ended = set[int](), set[int]()
        for _ in range(most):
            able = [
                at
                for at, step in enumerate(steps)
                if at not in begun and ended.issuperset(step.needs)
            ]
            choice = random.choice([*able, *(begun - ended)])
            if choice in begun:
                self._end(steps[choice])
                ended.add(choice)
            else:
                self._begin(steps[choice])
                begun.add(choice)
            self.check()
        for at in begun - ended:  # an apply that goes on waits for them first
            self._end(steps[at])

    def left(self) -> tuple[LiveLane, ...]:
        """What ECS has then."""
        return tuple(
            replace(lane, count=self.load[name])
            for name, lane in self.lanes.items()
            if self.load[name]
        )


def total(lanes: Iterable[LiveLane]) -> Counter[str]:
    """Replicas by service."""
    found = Counter[str]()
    for lane in lanes:
        found[lane.service] += lane.count
    return found


def counts(allocation: Allocation) -> dict[str, int]:
    return {
        lane.name: lane.count for lanes in allocation.lanes.values() for lane in lanes if lane.count
    }


@st.composite
def changing(draw: st.DrawFn) -> Case:
    """One service wants other chips a replica, and as many chips as before, or fewer."""
    domain, demands, live = draw(crowded())
    assume(demands)
    sizes = [n for n in range(1, 17) if domain.instance_type.valid_device_sets(n)]
    index, size = draw(st.integers(0, len(demands) - 1)), draw(st.sampled_from(sizes))
    old = demands[index]
    number = max(1, old.chips * old.replicas // size)
    new = replace(old, chips=size, replicas=number, one_lane=False)
    wanted = (*demands[:index], new, *demands[index + 1 :])
    return domain, wanted, parting(wanted, live)


def parting(demands: Iterable[Demand], live: Iterable[LiveLane]) -> tuple[LiveLane, ...]:
    """The lanes, those with other chips than their services want to go."""
    shapes = {each.service: each.chips for each in demands}
    return tuple(replace(e, leaving=len(e.device_ids) != shapes[e.service]) for e in live)


def play_to_the_end(
    domain: Domain,
    demands: Sequence[Demand],
    live: tuple[LiveLane, ...],
    random: Random,
) -> tuple[LiveLane, ...]:
    """Until nothing is left to do, though every process is killed after some steps.

    What has as many replicas as it shall have, or more, never falls below that for all of them.
    """
    begun = total(live)
    for each in demands:
        if begun[each.service] < each.replicas:
            del begun[each.service]
    for _ in range(100):
        settled = settle(demands, domain, live)
        way: Passage | None = settled.passage
        if way is None:  # new lanes have room beside the old ones, which are deleted then
            assert not settled.allocation.shortages
            return as_live(demands, settled.allocation)
        assert not way.below
        playing = Playing(domain, demands, live, settled.allocation)
        playing.begun |= begun
        playing.play(way.steps, random, min(2 * len(way.steps), random.randint(1, 30)))
        live = parting(demands, playing.left())
    raise AssertionError("it gets nowhere")


@MANY
@given(changing(), st.integers(0, 2**32))
def test_a_service_gets_other_chips_in_steps_that_are_safe_in_any_order(
    case: Case, seed: int
) -> None:
    (domain, wanted, live), random = case, Random(seed)
    settled = settle(wanted, domain, live)
    if settled.passage is None:
        return
    way = settled.passage
    playing = Playing(domain, wanted, live, settled.allocation)
    playing.play(way.steps, random, 2 * len(way.steps))
    assert +playing.load == counts(settled.allocation)
    others = {each.name for each in live if not each.leaving}
    assert others.isdisjoint(step.lane.name for step in way.steps if step.action == "delete")


@settings(MANY, max_examples=15)
@given(changing(), st.integers(0, 2**32))
def test_whoever_is_killed_on_the_way_the_next_one_goes_on_and_arrives(
    case: Case, seed: int
) -> None:
    (domain, wanted, live), random = case, Random(seed)
    if settle(wanted, domain, live).passage is None:
        return
    end = play_to_the_end(domain, wanted, live, random)
    assert total(end) == {each.service: each.replicas for each in wanted}


@pytest.mark.parametrize(
    ("kind", "instances", "wanted", "live", "begun"),
    [
        pytest.param(
            "inf1.6xlarge",
            5,
            [Demand("a", 2, 2), Demand("b", 1, 5, unavailable=2)],
            [("a", (3,), 5), ("b", (0, 1, 2), 1), ("b", (2,), 2)],
            Counter(a=5, b=5),
            id="it gets the room back that it has given up for itself",
        ),
        pytest.param(
            "inf2.24xlarge",
            4,
            [Demand("a", 2, 2), Demand("b", 1, 12, surge=1, unavailable=2), Demand("c", 1, 1)],
            [
                *(("a", (4,), 1), ("c", (5,), 1), ("b", (0, 1, 2, 3), 1)),
                *(("b", (5,), 2), ("b", (4,), 2), ("b", (0,), 1)),
            ],
            Counter(a=4),
            id="it gives up no more for another one",
        ),
    ],
)
def test_what_was_given_up_before_a_kill_counts_though_others_may_have_its_room(
    kind: str,
    instances: int,
    wanted: list[Demand],
    live: list[tuple[str, tuple[int, ...], int]],
    begun: Counter[str],
) -> None:
    domain = Domain(catalogue()[kind], {"": instances}, AMPLE, 0)
    surges = {each.service: each.surge for each in wanted}
    chips = domain.instance_type.chips
    there = [LiveLane(n, lane_name(n, at, chips), at, c, surge=surges[n]) for n, at, c in live]
    lanes = parting(wanted, there)
    for seed in range(5):
        settled = settle(wanted, domain, lanes)
        assert settled.passage is not None
        playing = Playing(domain, wanted, lanes, settled.allocation)
        playing.begun |= begun
        playing.play(settled.passage.steps, Random(seed), 2 * len(settled.passage.steps))


@MANY
@given(fragmented(), st.integers(0, 2**32))
def test_repacking_moves_only_what_may_move_and_is_done_once(case: Case, seed: int) -> None:
    domain, demands, live = case
    random = Random(seed)
    strangers = {each.service for each in demands if random.random() < 0.1}
    asked = tuple(each for each in demands if each.service not in strangers)
    settled = settle(asked, domain, live, repack=True)
    without = settle(asked, domain, live)
    assert without.allocation == allocate(asked, domain, live)
    assert without.passage is None
    way = settled.passage
    if way is None:
        assert not settled.moves
        return
    fixed = {each.service for each in asked if each.one_lane} | strangers
    assert fixed.isdisjoint(each.service for each in settled.moves)
    assert fixed.isdisjoint(step.service for step in way.steps)
    assert sum(after - before for _, before, after in settled.runs) > 0

    playing = Playing(domain, asked, live, settled.allocation)
    playing.play(way.steps, random, 2 * len(way.steps))
    end = playing.left()
    assert total(end) == total(live)
    assert not settle(asked, domain, end, repack=True).moves


@MANY
@given(fragmented(), st.integers(0, 2**32))
def test_what_repacking_cures_lacks_no_more_and_nobody_has_less_for_it(
    case: Case, seed: int
) -> None:
    domain, demands, live = case
    random = Random(seed)
    sizes = [n for n in range(2, 9) if domain.instance_type.valid_device_sets(n)]
    number = random.randint(1, domain.instances[""])
    wanted = (*demands, Demand("new", random.choice(sizes), number))
    without = settle(wanted, domain, live)
    settled = settle(wanted, domain, live, repack=True)
    assert without.allocation == allocate(wanted, domain, live)
    if settled.passage is None or not settled.cured:
        assert not without.offer
        return
    assert without.offer == sum(each.replicas for each in settled.moves)
    assert settled.cured == without.cured == ("new",)
    playing = Playing(domain, wanted, live, settled.allocation)
    playing.play(settled.passage.steps, random, 2 * len(settled.passage.steps))
    assert +playing.load == counts(settled.allocation)
    assert total(playing.left()) == total(live) + Counter(new=number)
