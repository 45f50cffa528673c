"""Services of one lane that have a name of their own, and lose it, or get another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lanes.fleet import (
    BIG,
    Watch,
    apply_and_die,
    died_for_a_taken_chip,
    lanes,
    sharing,
)
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator


def named(name: str | None, replicas: int = 1, *chips: int) -> dict[str, Any]:
    """``web``, its lane called so in ECS; with its chips pinned, if any are told."""
    made = sharing("web", replicas, 1)
    if name:
        made["spec"]["service"] = {"serviceName": name}
    if chips:
        del made["spec"]["neuron"]["devices"]
        made["spec"]["neuron"]["deviceIds"] = list(chips)
    return made


def assert_done(operator: Operator, **expected: int) -> None:
    operator.driver.run(300)
    assert is_empty(operator.plan())
    with operator.changing() as calls:
        operator.converge()
    assert not calls
    assert lanes(operator, "web") == expected
    assert not died_for_a_taken_chip(operator)


OTHER = sharing("other", 2, 4)


@pytest.mark.parametrize(("chips", "beside"), [((), (OTHER,)), ((3,), ()), ((3,), (OTHER,))])
def test_a_lane_is_called_what_its_manifest_says_whoever_shares_its_instances(
    make_operator: Callable[..., Operator], chips: tuple[int, ...], beside: tuple[dict[str, Any]]
) -> None:
    """And another name is another lane: Ready before the one of the old name goes."""
    operator = make_operator((BIG, 2))
    watch = Watch(operator)
    operator.converge(named("first", 1, *chips), *beside)
    assert_done(operator, first=1)
    watch.begin()
    for name in ("second", None, "third"):
        operator.write(named(name, 1, *chips), *beside)
        plan = operator.plan()
        (made,) = (each for each in plan.changes if each.action == "create")
        (gone,) = (each for each in plan.changes if each.action == "delete")
        assert made.id in gone.depends_on
        apply_and_die(operator, 2)  # the old one is left, and only a tag tells of it
        operator.converge()
        assert watch.fewest["inference/web"] == 1
        assert_done(operator, **{name or f"web-neuron{(*chips, 4)[0]}": 1})
    assert not watch.collisions


def test_another_name_on_a_full_fleet_is_taken_over_in_turns(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    pinned = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    operator.converge(named("first", 2, *pinned))
    operator.write(named("second", 2, *pinned))
    plan = operator.plan()
    assert not plan.errors
    (transition,) = plan.transitions
    assert transition.least == {"inference/web": 1}
    watch = Watch(operator)
    watch.begin()
    operator.converge()
    assert watch.fewest["inference/web"] == 1
    assert_done(operator, second=2)
    assert not watch.collisions


def was_there_before(operator: Operator, replicas: int) -> dict[str, Any]:
    """The manifest of a live service on chip 0 that nobody has told Glia of."""
    made = named("first", replicas, 0)
    container = made["spec"]["taskDefinition"]["containerDefinitions"][0]
    device = {"hostPath": "/dev/neuron0", "containerPath": "/dev/neuron0"}
    operator.driver.create(
        "first",
        count=replicas,
        placementConstraints=[{"type": "distinctInstance"}],
        taskDefinition=operator.driver.register(
            family="first",
            containerDefinitions=[{**container, "linuxParameters": {"devices": [device]}}],
        ),
    )
    operator.driver.run_until_steady("first")
    return made


def test_what_was_there_before_is_adopted_on_its_own_chips_and_shares_them_once_they_are_locked(
    make_operator: Callable[..., Operator],
) -> None:
    """Its task definition has no host port for its chip, so nobody else may be given that chip."""
    operator = make_operator((BIG, 2))
    made = was_there_before(operator, 1)
    container = made["spec"]["taskDefinition"]["containerDefinitions"][0]
    before = operator.driver.tasks("first")
    full = [sharing("other", 2, 11)]
    adopt = frozenset({"inference/web"})
    operator.write(made, *full)
    (blocked,) = operator.plan().blocked
    assert blocked.blocked_by[0].rule == "name-conflict"
    operator.converge(adopt=adopt)
    assert [each["taskArn"] for each in operator.driver.tasks("first")] == [
        each["taskArn"] for each in before
    ]
    beside = sharing("small", 1, 1)
    operator.write(made, *full, beside)
    plan = operator.plan()
    (error,) = plan.errors
    assert error.message.startswith("1 replica of small cannot be placed")
    (warning,) = (each for each in plan.diagnostics if each.code == "chips-unlocked")
    assert "keeps others off its chips 0" in warning.message
    made["spec"]["replicas"] = 2
    operator.write(made, *full)
    (error,) = operator.plan().errors
    assert "its own tasks were there before Glia" in error.message
    made["spec"]["replicas"] = 1

    container["image"] = "server:2"
    operator.write(made, *full)
    first, then = operator.plan().changes
    assert (first.effect.replicas, then.effect.replicas) == ((1, 0), (0, 1))
    assert first.id in then.depends_on
    operator.converge()
    operator.driver.run(100)
    operator.converge(made, *full, beside)
    assert lanes(operator, "small") == {"small-neuron0": 1}
    assert not operator.plan().diagnostics
    assert_done(operator, first=1)


@pytest.mark.parametrize("killed", [False, True])
def test_a_larger_lane_that_was_there_before_is_locked_at_once_only_where_downtime_is_allowed(
    make_operator: Callable[..., Operator],
    killed: bool,
) -> None:
    operator = make_operator((BIG, 2))
    made = was_there_before(operator, 2)
    allowed = {"adopt": frozenset({"inference/web"})}
    operator.converge(made, **allowed)
    made["spec"]["taskDefinition"]["containerDefinitions"][0]["image"] = "server:2"
    operator.write(made)
    plan = operator.plan()
    (warning,) = (each for each in plan.diagnostics if each.expected.startswith("all 2 replicas"))
    assert (warning.found, len(plan.changes)) == ("at most 1 may be", 1)
    assert "--allow-downtime" in warning.remedy

    plan = operator.plan(downtime=True)
    assert [each.effect.replicas for each in plan.changes] == [(2, 0), (0, 2)]
    assert not any(each.remedy == warning.remedy for each in plan.diagnostics)
    if killed:  # when nothing is left but what stops
        apply_and_die(operator, 1, downtime=True)
    operator.converge(downtime=True)
    assert_done(operator, first=2)
