"""What a status says is left of shared instances, and whether that is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.render.status_text import status_text
from lanes.fleet import BIG, partitions, sharing, status_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.status import Room
    from support.operator import Operator


def rooms(operator: Operator) -> dict[str, Room]:
    (cluster,) = status_of(operator).clusters
    return {each.partition: each for each in cluster.rooms}


def pinned(name: str, *devices: int, replicas: int = 2) -> dict[str, Any]:
    made = sharing(name, replicas, len(devices))
    made["spec"]["neuron"] = {"instanceType": BIG, "deviceIds": list(devices)}
    return made


def test_so_many_replicas_as_a_status_says_get_lanes_and_not_one_more(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    fleet = [sharing("whole", 3, "all"), sharing("one", 20, 1)]
    operator.converge(*fleet)
    assert set(partitions(operator)) == {"", "a"}
    found = rooms(operator)
    assert found["a"].free > 0
    assert {size for size, count in found["a"].fits.items() if count}
    for size in (1, 2, 8):
        fits = sum(each.fits[size] for each in found.values())
        for more, lacks in ((fits, False), (fits + 1, True)):
            if more:
                operator.write(*fleet, sharing("more", more, size, minInstances=1))
                short = [each for each in operator.plan().errors if each.code == "shortage"]
                assert bool(short) == lacks, (size, more)


def test_free_chips_that_lie_apart_are_told_and_so_are_lanes_in_danger(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    fleet = [pinned("even", 2, 3), pinned("odd", 6, 7), pinned("late", 10, 11), sharing("w", 2, 1)]
    operator.converge(*fleet)
    (room,) = rooms(operator).values()
    assert (room.instances, room.chips, room.free) == (2, 24, 10)
    assert (room.longest_run, room.unsafe) == (2, ())
    assert room.fits == {1: 10, 2: 4, 4: 0, 8: 0, 12: 0}
    shown = status_text(status_of(operator), colour=False, width=100).split("\n\n")
    assert (
        "\n".join(
            [
                "room in inference (us-west-2)",
                f"    2 {BIG}: 10 of 24 chips free, longest run 2",
                "        room for 10 more replicas of 1 chip, or 4 of 2",
                "        fragmented: no room for 4 or 8 chips",
            ]
        )
        in shown
    )

    lost = next(iter(operator.driver.sandbox.cluster.instances.values()))
    operator.driver.sandbox.lose_instance(lost)
    operator.driver.run(60)
    found = status_of(operator)
    (room,) = found.clusters[0].rooms
    assert {(each.name, each.needed, each.instances) for each in room.unsafe} == {
        ("even-neuron2to3", 2, 1),
        ("odd-neuron6to7", 2, 1),
        ("late-neuron10to11", 2, 1),
        ("w-neuron0", 2, 1),
    }
    text = status_text(found, colour=False, width=100)
    assert "        lane w-neuron0 is not safe with 1 instance: 2 are needed" in text
