"""Applies that end at any call: the next one goes on from what ECS shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from lanes.fleet import (
    SMALL,
    Watch,
    died_for_a_taken_chip,
    lanes,
    live_until_nothing_is_left,
    running,
    sharing,
)
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator


def fleet(image: str = "server:1", devices: int = 1) -> list[dict[str, Any]]:
    """One-chip replicas beside whole instances: they need a partition."""
    return [
        sharing("whole", 2, "all", kind=SMALL, image=image),
        sharing("one", 8 // devices, devices, kind=SMALL, image=image),
    ]


def test_what_dies_after_every_single_call_is_finished_and_nothing_is_made_twice(
    make_operator: Callable[..., Operator],
) -> None:
    """Whatever comes after a call, the next process has to find it out from ECS."""
    operator = make_operator((SMALL, 6))
    watch = Watch(operator)

    operator.write(*fleet())
    calls = live_until_nothing_is_left(operator)
    made = len(lanes(operator))
    # Where a lane comes to an instance between its mark and its drain, its mark makes way.
    again = calls["DeleteAttributes"] - 1
    assert 0 <= again <= len(lanes(operator, "one"))
    assert calls == {
        "PutAttributes": 2 + again,
        "UpdateContainerInstancesState": 2,
        "DeleteAttributes": 1 + again,
        "RegisterTaskDefinition": made,
        "CreateService": made,
    }
    assert is_empty(operator.plan())
    assert labels(operator) == {(): 4, ("glia.owner", "glia.partition"): 2}

    watch.begin()
    operator.write(*fleet("server:2"))
    calls = live_until_nothing_is_left(operator)
    assert calls == {
        "RegisterTaskDefinition": made,
        "UpdateService": made,
        "TagResource": made,
    }
    assert watch.fewest == {"inference/whole": 1, "inference/one": 7}
    assert is_empty(operator.plan())

    old = set(lanes(operator, "one"))
    watch.begin()
    operator.write(*fleet("server:2", 2))
    calls = live_until_nothing_is_left(operator)
    assert watch.fewest["inference/one"] >= 3
    assert calls["DeleteService"] == len(old)
    assert calls["CreateService"] == len(lanes(operator, "one"))
    operator.driver.run(300)
    assert running(operator) == {"whole": 2, "one": 4}
    assert is_empty(operator.plan())
    assert set(registered(operator).values()) == {1}
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def labels(operator: Operator) -> Counter[tuple[str, ...]]:
    """How many instances have which attributes of Glia's."""
    instances = operator.driver.sandbox.cluster.instances.values()
    return Counter(
        tuple(sorted(name for name in each.attributes if name.startswith("glia.")))
        for each in instances
    )


def registered(operator: Operator) -> Counter[tuple[str, str]]:
    """How often each family has got each content."""
    families = operator.driver.sandbox.world.region(operator.driver.sandbox.place).families
    return Counter(
        (family.name, revision.tags["glia:content"])
        for family in families.values()
        for revision in family.revisions.values()
    )
