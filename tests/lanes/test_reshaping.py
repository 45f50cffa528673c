"""Other chips a replica, another instance type: new lanes for old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanes.fleet import (
    BIG,
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


def test_with_room_new_lanes_are_ready_before_the_old_ones_go(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3))
    operator.converge(sharing("web", 4, 2), sharing("other", 2, 1))
    beside = tasks(operator, "other")
    old = lanes(operator, "web")
    watch = Watch(operator)
    watch.begin()
    operator.write(sharing("web", 4, 4), sharing("other", 2, 1))
    plan = operator.plan()
    gone = [each for each in plan.changes if each.action == "delete"]
    made = {each.id for each in plan.changes if each.action == "create"}
    assert {each.lane.lane.name for each in gone} == set(old)
    assert all(made <= set(each.depends_on) for each in gone)
    operator.converge()
    assert watch.fewest["inference/web"] >= 4
    assert all("to" in name for name in lanes(operator, "web"))
    assert running(operator) == {"web": 4, "other": 2}
    assert tasks(operator, "other") == beside
    operator.driver.run(300)
    assert is_empty(operator.plan())
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_whoever_comes_next_waits_until_new_lanes_have_been_steady_for_as_long_as_they_have_to(
    make_operator: Callable[..., Operator],
) -> None:
    """Nobody remembers who has made them: ECS's events tell."""
    operator = make_operator((BIG, 2))
    operator.converge(sharing("web", 2, 2))
    old = set(lanes(operator))
    operator.write(sharing("web", 2, 4, rollout={"minReadySeconds": 30}))
    apply_and_die(operator, 2)
    driver, (new,) = operator.driver, set(lanes(operator)) - old

    def waits() -> bool:
        plan = operator.plan()
        (gone,) = (each for each in plan.changes if each.action == "delete")
        return bool(gone.depends_on)

    while waits():
        driver.run(10)
    (steady,) = (
        each["createdAt"].timestamp()
        for each in driver.describe(new)["events"]
        if "steady state" in each["message"]
    )
    assert 30 <= driver.clock.now() - steady < 45
    operator.converge()
    assert running(operator) == {"web": 2}


def test_a_full_fleet_gets_other_chips_in_steps_and_is_never_short_of_more_than_it_may_be(
    make_operator: Callable[..., Operator],
) -> None:
    """Eight replicas of one chip become four of two, by processes that live for one call each."""
    operator = make_operator((SMALL, 2))
    operator.converge(sharing("web", 8, 1, kind=SMALL))
    old = set(lanes(operator))
    operator.write(sharing("web", 4, 2, kind=SMALL))
    plan = operator.plan()
    assert not plan.errors
    (transition,) = plan.transitions
    assert transition.least == {"inference/web": 3}
    assert not transition.below

    watch = Watch(operator)
    watch.begin()
    made = live_until_nothing_is_left(operator)
    operator.driver.run(120)
    assert watch.fewest["inference/web"] >= 3
    assert running(operator) == {"web": 4}
    assert made["DeleteService"] == len(old)
    assert made["CreateService"] == made["RegisterTaskDefinition"] == len(lanes(operator))
    assert made["UpdateService"] > 0
    with operator.changing() as calls:
        operator.apply()
    assert not calls
    assert is_empty(operator.plan())
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_one_apply_goes_all_the_way_where_as_many_replicas_are_down_as_allowed(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3))
    allowed = {"maxUnavailable": 2}
    operator.converge(sharing("web", 6, 4, rollout=allowed), sharing("other", 12, 1))
    beside = tasks(operator, "other")
    watch = Watch(operator)
    watch.begin()
    operator.converge(sharing("web", 12, 2, rollout=allowed), sharing("other", 12, 1))
    assert watch.fewest["inference/web"] >= 4
    assert running(operator) == {"web": 12, "other": 12}
    assert tasks(operator, "other") == beside
    operator.driver.run(300)
    assert is_empty(operator.plan())
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_what_no_steps_can_keep_up_is_told_in_numbers_and_needs_downtime_to_be_allowed(
    make_operator: Callable[..., Operator],
) -> None:
    """A lane with a surge leaves its new one no room until both of its replicas are gone."""
    operator = make_operator((BIG, 3))
    beside = sharing("beside", 3, 4)
    operator.converge(sharing("web", 2, 4, rollout={"maxSurge": 1}), beside)
    before = tasks(operator)
    operator.write(sharing("web", 2, 8, rollout={"maxSurge": 1}), beside)
    (error,) = operator.plan().errors
    assert error.message.startswith("2 replicas of web cannot be placed")
    assert error.remedy.startswith(
        "--allow-downtime makes the room in steps: web would have 0 of 2 replicas ready, "
        "2 down where maxUnavailable allows 1, during 1 step of 1, "
    )
    with operator.changing() as calls:
        operator.apply(errors=True)
    assert not calls
    assert tasks(operator) == before

    watch = Watch(operator)
    operator.converge(downtime=True)
    assert running(operator) == {"web": 2, "beside": 3}
    assert tasks(operator, "beside").items() <= before.items()
    operator.driver.run(300)
    assert is_empty(operator.plan())
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_old_lanes_stay_as_long_as_not_all_new_replicas_have_room(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    operator.converge(sharing("web", 4, 2))
    before = tasks(operator)
    operator.write(sharing("web", 3, 8))
    (error,) = operator.plan().errors
    assert error.message.startswith("1 replica of web cannot be placed")
    operator.apply(errors=True)
    assert before.items() < tasks(operator).items()
    assert running(operator) == {"web": 6}

    operator.driver.sandbox.add_instances(BIG)
    operator.converge()
    operator.driver.run(300)
    assert running(operator) == {"web": 3}
    assert is_empty(operator.plan())


def test_a_service_moves_to_another_instance_type_within_its_budget(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2), ("inf1.6xlarge", 4))
    operator.converge(sharing("web", 4, 2), sharing("other", 2, 4))
    beside = tasks(operator, "other")
    watch = Watch(operator)
    watch.begin()
    operator.write(sharing("web", 4, 2, kind="inf1.6xlarge"), sharing("other", 2, 4))
    for calls in (2, 1, 2):
        apply_and_die(operator, calls)
    operator.converge()
    assert watch.fewest["inference/web"] >= 3
    assert running(operator) == {"web": 4, "other": 2}
    on = {
        task.instance.instance_type
        for service in operator.driver.sandbox.cluster.services.values()
        if service.name.startswith("web")
        for task in service.tasks.values()
        if task.live and task.instance is not None
    }
    assert on == {"inf1.6xlarge"}
    assert tasks(operator, "other") == beside
    operator.driver.run(300)
    assert is_empty(operator.plan())


def test_a_replica_that_now_takes_the_whole_instance_leaves_its_old_lanes(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    operator.converge(sharing("web", 2, 4), sharing("other", 2, 1))
    operator.converge(sharing("web", 2, "all"), sharing("other", 2, 1))
    assert lanes(operator, "web") == {"web": 2}
    operator.driver.run(300)
    assert running(operator) == {"web": 2, "other": 2}
    assert is_empty(operator.plan())
    assert not died_for_a_taken_chip(operator)
