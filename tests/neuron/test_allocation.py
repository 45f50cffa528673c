"""The allocator keeps its promises on any domain, against an adversary that plays ECS."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glia.neuron.allocation import allocate
from glia.neuron.catalogue import catalogue
from glia.neuron.domain import (
    Allocation,
    Demand,
    Domain,
    Foreign,
    LiveLane,
    Resources,
)
from neuron.adversary import Adversary, Fleet, Group, as_live, fleets, labelled, violations
from neuron.bin_packing import fresh, random_demands, strong_bound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.neuron.catalogue import InstanceType
    from glia.neuron.lanes import Lane

AMPLE = Resources(cpu=10**6, memory=10**7, ports=100, enis=40)
MANY = settings(
    max_examples=45, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
SEVERAL = settings(MANY, max_examples=15)  # of what needs several allocations each
FEW = settings(MANY, max_examples=8)  # of what needs many


def domain_of(instance_type: str, instances: int, **others: Any) -> Domain:
    given_type = catalogue()[instance_type]
    return Domain(
        given_type,
        **{"instances": {"": instances}, "capacity": AMPLE, "idle": instances, **others},
    )


@st.composite
def demands_on(draw: st.DrawFn, kind: InstanceType, names: str = "s") -> tuple[Demand, ...]:
    """Mixed sizes, some pinned, some with ports; a replica may take half of the CPU or memory."""
    sizes = [size for size in range(1, kind.chips + 1) if kind.valid_device_sets(size)]
    number = draw(st.integers(1, 40))
    random = Random(draw(st.integers(0, 2**32)))
    difficult = draw(st.booleans())
    found = []
    for index in range(number):
        size = random.choice(sizes)
        runs = kind.valid_device_sets(size)
        odd = difficult and random.random() < 0.2
        share = size / kind.chips * random.choice([0.2, 1, 1.5]) if odd else 0
        demand = Demand(
            f"{names}{index}",
            size,
            random.randint(0, 8),
            device_ids=tuple(random.choice(runs)) if difficult and random.random() < 0.1 else None,
            surge=random.choice([0, 0, 1]) if odd else 0,
            min_instances=random.choice([1, 2, 3]) if difficult else 1,
            ports=frozenset({random.choice([8500, 8501, 9000])}) if odd else frozenset(),
            cpu=int(AMPLE.cpu * min(share, 0.8)),
            memory=int(AMPLE.memory * min(share, 0.8)),
            enis=random.choice([0, 1]),
            one_lane=odd and random.random() < 0.3,
        )
        found.append(demand)
    return tuple(found)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Domain, tuple[Demand, ...]]:
    kind = draw(st.sampled_from(list(catalogue().values())))
    instances = draw(st.integers(1, 50))
    foreign = {}
    if draw(st.booleans()):
        held = draw(st.frozensets(st.integers(0, kind.chips - 1), max_size=3))
        use = Resources(cpu=1000, memory=1000, ports=2, enis=1)
        foreign[""] = Foreign(held, frozenset({9000}), use)
    idle = instances if not foreign else draw(st.integers(0, instances))
    domain = Domain(kind, {"": instances}, AMPLE, idle, foreign)
    return domain, draw(demands_on(kind))


def check(
    domain: Domain,
    demands: Iterable[Demand],
    allocation: Allocation,
    live: tuple[LiveLane, ...] = (),
) -> None:
    """What must be true of every allocation, without the running lanes that it calls unsafe."""
    demands, short = tuple(demands), {each.service: each for each in allocation.shortages}
    closed = domain.foreign.get("", Foreign())
    kept = {lane.name for lane in live}
    names = [lane.name for lanes in allocation.lanes.values() for lane in lanes]
    assert len(set(names)) == len(names)
    for demand in demands:
        lanes = allocation.lanes.get(demand.service, ())
        placed = sum(lane.count or 0 for lane in lanes)
        lacks = short[demand.service].replicas if demand.service in short else 0
        assert placed + lacks == demand.replicas
        if demand.service in short:
            assert short[demand.service].chips == lacks * demand.chips
        for lane in lanes:
            assert domain.instance_type.is_valid_device_set(lane.device_ids)
            assert lane.device_ids == tuple(sorted(lane.device_ids))
            assert len(lane.device_ids) == demand.chips
            assert demand.device_ids in {None, lane.device_ids}
            if lane.count and lane.name not in kept:
                assert closed.devices.isdisjoint(lane.device_ids)
                assert closed.ports.isdisjoint(demand.ports)
        if not lacks and demand.service not in short:
            assert reached(lanes) >= demand.spread
        if demand.one_lane:
            assert len(lanes) <= 1
    assert sum(each.instances for each in allocation.partitions) <= domain.idle
    for fleet in fleets(domain, demands, allocation, live).values():
        assert fleet.instances >= 0
        assert not violations(fleet)


def reached(lanes: Iterable[Lane]) -> int:
    widest: dict[str, int] = {}
    for lane in lanes:
        widest[lane.partition] = max(widest.get(lane.partition, 0), lane.count or 0)
    return sum(widest.values())


@MANY
@given(cases())
def test_every_replica_has_a_safe_lane_or_is_in_a_shortage(
    case: tuple[Domain, tuple[Demand, ...]],
) -> None:
    domain, demands = case

    allocation = allocate(demands, domain)

    check(domain, demands, allocation)
    assert not allocation.unsafe


@SEVERAL
@given(cases())
def test_with_as_many_instances_as_a_shortage_says_all_have_room(
    case: tuple[Domain, tuple[Demand, ...]],
) -> None:
    domain, demands = case
    allocation = allocate(demands, domain)
    numbers = {each.enough for each in allocation.shortages} - {None}
    assert len(numbers) <= 1

    for enough in numbers:
        assert enough is not None
        more = enough - sum(domain.instances.values())
        assert more > 0
        grown = replace(domain, instances={"": enough}, idle=domain.idle + more)
        left = allocate(demands, grown).shortages
        lost = {each.service for each in allocation.shortages if each.enough is None}
        assert {each.service for each in left} <= lost


@MANY
@given(cases(), st.integers(0, 2**32))
def test_no_order_of_placing_and_dying_leaves_a_replica_without_room(
    case: tuple[Domain, tuple[Demand, ...]], seed: int
) -> None:
    domain, demands = case
    random = Random(seed)

    allocation = allocate(demands, domain)

    for fleet in fleets(domain, demands, allocation).values():
        adversary = Adversary(fleet, random)
        assert adversary.play(rounds=4) is None
        for target in random.sample(fleet.groups, min(4, len(fleet.groups))):
            assert adversary.besiege(target) is None


@SEVERAL
@given(cases(), st.integers(0, 2**32))
def test_one_instance_fewer_than_the_inequality_needs_gets_a_lane_stuck(
    case: tuple[Domain, tuple[Demand, ...]], seed: int
) -> None:
    domain, demands = case
    for fleet in fleets(domain, demands, allocate(demands, domain)).values():
        if not fleet.groups:
            continue
        needed = {
            group: group.peak
            + sum(o.peak for o in fleet.groups if o is not group and group.conflicts(o))
            for group in fleet.groups
        }
        target = max(needed, key=lambda group: needed[group])
        rivals = [each for each in fleet.groups if each is target or each.conflicts(target)]
        short = Fleet(needed[target] - 1, fleet.free, tuple(rivals))

        assert Adversary(short, Random(seed)).besiege(target) is not None


def test_whole_instances_beside_single_chips_need_a_partition() -> None:
    whole = Group("whole", frozenset(range(12)), frozenset(), Resources(), 5)
    single = [Group(f"s{d}", frozenset({d}), frozenset(), Resources(), 5) for d in range(12)]
    mixed = Fleet(10, AMPLE, (whole, *single))
    assert Adversary(mixed, Random(1)).besiege(whole) is whole
    demands = (Demand("whole", 12, 5), Demand("single", 1, 60))
    domain = domain_of("inf2.48xlarge", 10)

    allocation = allocate(demands, domain)

    assert not allocation.shortages
    assert [each.instances for each in allocation.partitions] == [5]
    for fleet in fleets(domain, demands, allocation).values():
        for seed in range(20):
            adversary = Adversary(fleet, Random(seed))
            assert adversary.play(rounds=10) is None
            assert [adversary.besiege(target) for target in fleet.groups] == [None] * len(
                fleet.groups
            )


def after(domain: Domain, allocation: Allocation) -> Domain:
    """Its labels are put, as many instances idle as surely are; a foreign task may be anywhere."""
    widths = labelled(domain, allocation)
    used = [lane for lanes in allocation.lanes.values() for lane in lanes if not lane.partition]
    idle = max(0, widths[""] - sum(lane.count or 0 for lane in used))
    foreign = dict.fromkeys(widths, domain.foreign[""]) if domain.foreign else {}
    return replace(domain, instances=widths, idle=idle, foreign=foreign)


@FEW
@given(st.data())
def test_adding_scaling_and_removing_a_service_moves_no_lane_of_another(
    data: st.DataObject,
) -> None:
    domain, demands = data.draw(cases())
    allocation = allocate(demands, domain)
    live, domain = as_live(demands, allocation), after(domain, allocation)
    for step in range(3):
        chosen = data.draw(st.integers(0, len(demands) - 1))
        change = data.draw(st.sampled_from(["scale", "remove", "add"]))
        changed = demands[chosen].service
        before = {lane.name: lane for lane in live if lane.service != changed}
        if change == "scale":
            scaled = replace(demands[chosen], replicas=data.draw(st.integers(0, 12)))
            demands = (*demands[:chosen], scaled, *demands[chosen + 1 :])
        elif change == "remove" and len(demands) > 1:
            demands = (*demands[:chosen], *demands[chosen + 1 :])
        else:
            new = replace(demands[chosen], service=f"new{step}")
            demands = (*demands, new)

        allocation = allocate(demands, domain, live)

        check(domain, demands, allocation, live)
        lanes = {lane.name: lane for each in allocation.lanes.values() for lane in each}
        for name, old in before.items():
            assert lanes[name].device_ids == old.device_ids
            assert lanes[name].partition == old.partition
            assert (lanes[name].count or 0) >= old.count
        live, domain = as_live(demands, allocation), after(domain, allocation)


@SEVERAL
@given(cases(), st.randoms())
def test_the_order_in_which_services_and_lanes_come_does_not_matter(
    case: tuple[Domain, tuple[Demand, ...]], random: Random
) -> None:
    domain, demands = case
    first = allocate(demands, domain)
    live = as_live(demands, first)
    fewer = tuple(replace(each, replicas=each.replicas // 2) for each in demands)
    mixed_fewer, mixed_live = list(fewer), list(live)
    random.shuffle(mixed_fewer)
    random.shuffle(mixed_live)

    assert allocate(mixed_fewer, domain, mixed_live) == allocate(fewer, domain, live)


@MANY
@given(st.integers(0, 2**32))
def test_whatever_part_of_an_allocation_is_made_the_rest_of_it_follows(seed: int) -> None:
    """As when whoever makes it is killed: labels come first, lanes in any order."""
    random = Random(seed)
    kind = random.choice(("inf1.6xlarge", "inf2.48xlarge", "trn1.32xlarge"))
    demands = random_demands(random, kind, random.randint(2, 15), 6)
    domain = fresh(kind, strong_bound(demands, catalogue()[kind].chips) + 1)
    whole = allocate(demands, domain)
    live = as_live(demands, whole)
    some = random.sample(live, random.randint(0, len(live)))

    rest = allocate(demands, after(domain, whole), some)

    assert not whole.shortages
    assert rest.lanes == whole.lanes
    assert not rest.partitions
