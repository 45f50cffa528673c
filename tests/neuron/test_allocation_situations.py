"""Situations that an operator meets, and what the allocator makes of each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from glia.neuron.allocation import allocate
from glia.neuron.domain import Demand, Foreign, LiveLane, NewPartition, Reason, Resources, Unsafe
from glia.neuron.lanes import Lane
from glia.neuron.patterns import board_of
from glia.neuron.safety import Ledger
from neuron.bin_packing import AMPLE, fresh

FOUR = fresh("inf1.6xlarge", 4)
"""Four instances of four chips."""


def live(service: str, devices: tuple[int, ...], count: int, partition: str = "") -> LiveLane:
    name = f"{service}-{devices[0]}{partition}"
    return LiveLane(service, name, devices, count, partition)


def test_twelve_replicas_of_a_chip_fill_one_instance() -> None:
    allocation = allocate([Demand("resnet", 1, 12)], fresh("inf2.48xlarge", 1))

    assert [lane.device_ids for lane in allocation.lanes["resnet"]] == [(d,) for d in range(12)]
    assert not allocation.shortages


def test_a_service_of_whole_instances_has_one_lane_with_its_own_name() -> None:
    allocation = allocate([Demand("llama", 4, 3, min_instances=2)], FOUR)

    assert allocation.lanes == {"llama": (Lane("llama", (0, 1, 2, 3), 3),)}


def test_a_service_without_replicas_has_a_lane_to_scale_up() -> None:
    allocation = allocate([Demand("idle", 2, 0), Demand("busy", 4, 4)], FOUR)

    assert allocation.lanes["idle"] == (Lane("idle-neuron0to1", (0, 1), 0),)
    assert allocation.lanes["busy"] == (Lane("busy", (0, 1, 2, 3), 4),)


def test_growing_fills_the_own_lane_before_it_takes_another_chip() -> None:
    running = (live("a", (0,), 2), live("b", (1,), 4))

    allocation = allocate([Demand("a", 1, 5), Demand("b", 1, 4)], FOUR, running)

    assert allocation.lanes["a"] == (Lane("a-0", (0,), 4), Lane("a-neuron2", (2,), 1))
    assert allocation.lanes["b"] == (Lane("b-1", (1,), 4),)


def test_scaling_down_ends_the_lane_that_frees_the_longest_run() -> None:
    """Of 16 chips, the end of chip 8 frees all from 3 on; chips 0 and 2 are beside another's."""
    domain = fresh("inf1.24xlarge", 4)
    running = (
        live("a", (0,), 2),
        live("a", (2,), 2),
        live("a", (8,), 2),
        live("b", (1,), 1),
    )

    allocation = allocate([Demand("a", 1, 3), Demand("b", 1, 1)], domain, running)

    assert allocation.lanes["a"] == (Lane("a-0", (0,), 1), Lane("a-2", (2,), 2))


def test_a_removed_service_keeps_its_room_until_its_lanes_are_gone() -> None:
    gone = live("gone", (0, 1, 2, 3), 4)
    demands = [Demand("next", 1, 1)]

    during = allocate(demands, FOUR, (gone,))
    afterwards = allocate(demands, FOUR)

    assert not during.lanes
    assert during.shortages[0].replicas == 1
    assert afterwards.lanes["next"][0].count == 1


def test_what_is_scaled_down_frees_room_only_once_it_runs_no_more() -> None:
    running = (live("a", (0, 1, 2, 3), 4),)
    demands = [Demand("a", 4, 2), Demand("b", 4, 2)]

    during = allocate(demands, FOUR, running)
    afterwards = allocate(demands, FOUR, (replace(running[0], count=2),))

    assert [each.service for each in during.shortages] == ["b"]
    assert afterwards.lanes["b"] == (Lane("b", (0, 1, 2, 3), 2),)


def test_other_chips_a_replica_need_new_lanes_beside_the_old_ones() -> None:
    running = (live("a", (0,), 2),)

    allocation = allocate([Demand("a", 2, 2)], FOUR, running)

    assert allocation.lanes == {"a": (Lane("a-neuron1to2", (1, 2), 2),)}


def test_idle_instances_of_the_default_partition_make_a_new_one_while_it_stays_safe() -> None:
    domain = replace(fresh("inf1.6xlarge", 6), idle=3)
    running = tuple(live(f"s{device}", (device,), 4) for device in range(4))
    small = [Demand(f"s{device}", 1, 4) for device in range(4)]

    allocation = allocate([*small, Demand("whole", 4, 2)], domain, running)
    too_many = allocate([*small, Demand("whole", 4, 3)], domain, running)

    assert allocation.partitions == (NewPartition("a", ((0, 1, 2, 3),), 2),)
    assert allocation.lanes["whole"] == (Lane("whole-neuron0to3-a", (0, 1, 2, 3), 2, "a"),)
    assert [(s.replicas, s.chips, s.enough) for s in too_many.shortages] == [(1, 4, 7)]


def test_pinned_services_share_just_their_devices() -> None:
    demands = [Demand(name, 2, 2, device_ids=(1, 2)) for name in ("a", "b", "c")]

    allocation = allocate(demands, FOUR)

    lanes = [lane for each in allocation.lanes.values() for lane in each]
    assert {lane.device_ids for lane in lanes} == {(1, 2)}
    assert [(s.service, s.replicas, s.enough) for s in allocation.shortages] == [("c", 2, 6)]


def test_spread_over_too_few_instances_is_a_shortage_that_says_so() -> None:
    allocation = allocate([Demand("a", 1, 2, min_instances=2)], fresh("inf1.6xlarge", 1))

    shortage = allocation.shortages[0]
    assert (shortage.replicas, shortage.reason, shortage.enough) == (1, Reason.SPREAD, 2)


@pytest.mark.parametrize(
    ("demand", "reason"),
    [
        (Demand("a", 5, 1), Reason.DEVICE_SET),
        (Demand("a", 2, 1, device_ids=(0, 3)), Reason.DEVICE_SET),
        (Demand("a", 1, 1, memory=AMPLE.memory + 1), Reason.REPLICA),
        (Demand("a", 2, 1), Reason.CLOSED),
        (Demand("a", 1, 1, ports=frozenset({9000})), Reason.CLOSED),
    ],
)
def test_what_no_number_of_instances_helps_is_told_as_such(demand: Demand, reason: Reason) -> None:
    foreign = Foreign(frozenset({1, 3}), frozenset({9000}))
    domain = replace(FOUR, foreign={"": foreign})

    allocation = allocate([demand, Demand("fine", 1, 1)], domain)

    shortage = allocation.shortages[0]
    assert (shortage.service, shortage.reason, shortage.enough) == ("a", reason, None)
    assert allocation.lanes["fine"][0].count == 1


def test_a_service_of_one_lane_is_never_divided() -> None:
    others = [Demand(f"s{device}", 1, 3) for device in range(4)]
    running = tuple(live(f"s{device}", (device,), 3) for device in range(4))
    domain = replace(FOUR, idle=0)

    divided = allocate([*others, Demand("a", 1, 2)], domain, running)
    united = allocate([*others, Demand("a", 1, 2, one_lane=True)], domain, running)

    assert [lane.count for lane in divided.lanes["a"]] == [1, 1]
    assert [(each.replicas, each.enough) for each in united.shortages] == [(2, 5)]


def test_replicas_too_heavy_to_meet_share_a_chip_or_stay_apart() -> None:
    """Any instance has the memory for one of them: seven need seven instances."""
    heavy = [Demand(name, 1, 2, memory=600) for name in ("a", "b")]
    domain = replace(FOUR, capacity=Resources(memory=1000, ports=100))

    allocation = allocate(heavy, domain)
    more = allocate([*heavy, Demand("c", 1, 3, memory=600)], domain)

    assert {lane.device_ids for each in allocation.lanes.values() for lane in each} == {(0,)}
    assert not allocation.shortages
    assert {each.enough for each in more.shortages} == {7}


def test_one_static_port_is_for_one_replica_an_instance() -> None:
    port = frozenset({8501})
    demands = [Demand("a", 1, 3, ports=port), Demand("b", 1, 2, ports=port)]

    allocation = allocate(demands, FOUR)

    assert sum(lane.count or 0 for each in allocation.lanes.values() for lane in each) == 4
    assert [(each.replicas, each.enough) for each in allocation.shortages] == [(1, 5)]


def test_a_running_lane_stays_where_its_instances_became_too_few_and_is_told() -> None:
    running = (live("a", (0,), 3, "x"), live("b", (0,), 1, "x"))
    domain = replace(FOUR, instances={"": 4, "x": 3})

    allocation = allocate([Demand("a", 1, 3), Demand("b", 1, 1)], domain, running)

    assert allocation.lanes["a"] == (Lane("a-0x", (0,), 3, "x"),)
    assert allocation.unsafe == (
        Unsafe("a", "a-0x", "x", 4, 3),
        Unsafe("b", "b-0x", "x", 4, 3),
    )


def test_services_that_cannot_be_placed_keep_what_runs() -> None:
    running = (live("a", (0,), 2),)

    allocation = allocate([Demand("a", 7, 2)], fresh("trn1.32xlarge", 2), running)

    assert allocation.lanes == {"a": (Lane("a-0", (0,), 2),)}


def test_a_lane_that_is_leaving_lends_its_name_and_place_to_no_new_one() -> None:
    leaving = LiveLane("a", "a-neuron0", (0,), 1, leaving=True)

    allocation = allocate([Demand("a", 1, 2)], FOUR, (leaving,))

    assert allocation.lanes == {"a": (Lane("a-neuron1", (1,), 2),)}


def test_instances_with_tasks_are_never_labelled() -> None:
    demands = [Demand("whole", 12, 5), Demand("single", 1, 60)]
    domain = fresh("inf2.48xlarge", 10)

    allocation = allocate(demands, replace(domain, idle=4))

    assert sum(each.instances for each in allocation.partitions) <= 4
    assert {each.enough for each in allocation.shortages} == {11}


def test_surge_that_a_running_service_is_given_counts_at_once() -> None:
    running = (live("a", (0, 1, 2, 3), 2),)

    before = allocate([Demand("a", 4, 2), Demand("b", 4, 2)], FOUR, running)
    surging = allocate([Demand("a", 4, 2, surge=1), Demand("b", 4, 2)], FOUR, running)

    assert not before.shortages
    assert [(each.service, each.replicas) for each in surging.shortages] == [("b", 1)]


def test_scaling_down_keeps_the_replicas_on_as_many_instances_as_they_must_be() -> None:
    running = (live("a", (0,), 1), live("a", (1,), 1), live("a", (8,), 2))
    domain = fresh("inf1.24xlarge", 4)

    allocation = allocate([Demand("a", 1, 2, min_instances=2)], domain, running)

    assert allocation.lanes == {"a": (Lane("a-8", (8,), 2),)}


def test_a_growing_lane_takes_room_from_what_lies_beside_its_neighbour() -> None:
    ledger = Ledger("", 4, board_of(FOUR.instance_type), AMPLE, frozenset())
    for chips in (0b0011, 0b0110):
        ledger.add(chips, frozenset(), Resources(), 1)
    assert ledger.headroom(0b0100, frozenset()) == 2

    ledger.add(0b0011, frozenset(), Resources(), 2)

    assert ledger.headroom(0b0100, frozenset()) == 0


def test_a_single_replica_grows_beside_its_lane_where_the_new_one_alone_is_spread_enough() -> None:
    others = [Demand("b", 1, 3)]
    running = (live("a", (0,), 1), live("b", (0,), 3))

    two = allocate([Demand("a", 1, 2, min_instances=2), *others], FOUR, running)
    three = allocate([Demand("a", 1, 3, min_instances=2), *others], FOUR, running)

    assert [(each.replicas, each.reason) for each in two.shortages] == [(1, Reason.SPREAD)]
    assert [lane.count for lane in three.lanes["a"]] == [1, 2]
    assert not three.shortages
