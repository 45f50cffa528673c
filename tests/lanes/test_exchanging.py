"""Services that change places with each other, on instances that are full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lanes.fleet import (
    SMALL,
    Watch,
    apply_and_die,
    died_for_a_taken_chip,
    lanes,
    live_until_nothing_is_left,
    running,
    sharing,
    tasks,
)
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

OTHER = "inf2.24xlarge"  # 6 chips


def assert_exchanged(operator: Operator, watch: Watch, expected: dict[str, int]) -> None:
    operator.driver.run(300)
    assert running(operator) == expected
    assert is_empty(operator.plan())
    with operator.changing() as calls:
        operator.converge()
    assert not calls
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_two_services_change_instance_types_with_each_other_in_turns(
    make_operator: Callable[..., Operator],
) -> None:
    """Both types are full, and each waits for the other's chips."""
    operator = make_operator((SMALL, 2), (OTHER, 2))
    operator.converge(sharing("web", 4, 2, kind=SMALL), sharing("api", 4, 3, kind=OTHER))
    watch = Watch(operator)
    watch.begin()
    operator.write(sharing("web", 4, 3, kind=OTHER), sharing("api", 4, 2, kind=SMALL))
    plan = operator.plan()
    assert not plan.errors
    (transition,) = plan.transitions
    assert transition.least == {"inference/web": 3, "inference/api": 3}
    for calls in (1, 3):
        apply_and_die(operator, calls)
    operator.converge()
    assert min(watch.fewest.values()) >= 3
    assert_exchanged(operator, watch, {"web": 4, "api": 4})


def swapped(web: str, api: str, each: int) -> list[dict[str, Any]]:
    """Lanes of ``web`` have the same names on both types, those of ``api`` have not."""
    return [
        sharing("web", 2 * each, 2, kind=web),
        sharing("api", 2 * each, 3 if api == OTHER else 2, kind=api),
    ]


def test_a_lane_that_keeps_its_name_is_empty_before_it_is_somewhere_else(
    make_operator: Callable[..., Operator],
) -> None:
    """By processes of one call each."""
    operator = make_operator((SMALL, 1), (OTHER, 1))
    operator.converge(*swapped(SMALL, OTHER, 1))
    watch = Watch(operator)
    watch.begin()
    operator.write(*swapped(OTHER, SMALL, 1))
    (transition,) = operator.plan().transitions
    assert transition.least == {"inference/web": 1, "inference/api": 1}
    live_until_nothing_is_left(operator)
    assert min(watch.fewest.values()) >= 1
    assert {*lanes(operator, "web")} == {"web-neuron0to1", "web-neuron2to3"}
    assert_exchanged(operator, watch, {"web": 2, "api": 2})


def test_a_circle_that_no_budget_resolves_is_told_with_the_numbers(
    make_operator: Callable[..., Operator],
) -> None:
    """A lane of two replicas is not empty before both are down."""
    operator = make_operator((SMALL, 2), (OTHER, 2))
    operator.converge(*swapped(SMALL, OTHER, 2))
    before = tasks(operator)
    operator.write(*swapped(OTHER, SMALL, 2))
    errors = {each.key: each for each in operator.plan().errors}
    circle = (
        "they wait for each other in a circle: api for web on inf1.6xlarge of inference "
        "(us-west-2), web for api on inf2.24xlarge of inference (us-west-2)"
    )
    assert all(each.message.endswith(circle) for each in errors.values())
    for name in ("web", "api"):
        remedy = errors[f"NeuronService/{name}"].remedy
        numbers = f"{name} would have 2 of 4 replicas ready, 2 down where maxUnavailable allows 1"
        assert remedy.startswith("--allow-downtime makes the room in steps: ")
        assert numbers in remedy
    with operator.changing() as calls:
        operator.apply(errors=True)
    assert not calls
    assert tasks(operator) == before

    watch = Watch(operator)
    watch.begin()
    operator.converge(downtime=True)
    assert watch.fewest["inference/web"] >= 2
    assert_exchanged(operator, watch, {"web": 4, "api": 4})
