"""Other chips a replica, another instance type: new lanes for old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lanes.fleet import BIG, Watch, died_for_a_taken_chip, lanes, running, sharing, tasks
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


def test_on_a_full_fleet_it_is_a_shortage_until_downtime_is_allowed(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    operator.converge(sharing("web", 6, 4))
    before = tasks(operator)
    operator.write(sharing("web", 12, 2))
    (error,) = operator.plan().errors
    assert error.message.startswith("12 replicas of web cannot be placed")
    assert error.remedy.startswith("--allow-downtime ")
    with operator.changing() as calls:
        operator.apply(errors=True)
    assert not calls
    assert tasks(operator) == before

    watch = Watch(operator)
    operator.converge(downtime=True)
    assert running(operator) == {"web": 12}
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
    operator.converge(sharing("web", 4, 2, kind="inf1.6xlarge"), sharing("other", 2, 4))
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
