"""Rolling updates of services that are several lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.outcome import State
from lanes.fleet import BIG, Watch, died_for_a_taken_chip, lanes, running, sharing, tasks
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator


def three_lanes(image: str = "server:1", **spec: Any) -> dict[str, Any]:
    return sharing("web", 9, 4, image=image, **spec)


@pytest.mark.parametrize("budget", [1, 2])
def test_no_more_replicas_are_down_than_allowed_over_all_lanes_together(
    make_operator: Callable[..., Operator], budget: int
) -> None:
    operator = make_operator((BIG, 3))
    rollout = {"maxUnavailable": budget}
    operator.converge(three_lanes(rollout=rollout))
    assert len(lanes(operator)) == 3
    operator.driver.run(60)
    watch = Watch(operator)
    watch.begin()
    operator.converge(three_lanes("server:2", rollout=rollout))
    assert watch.fewest == {"inference/web": 9 - budget}
    assert watch.rolling == 1, "one lane after another"
    assert {name for _, name in tasks(operator).values()} == {
        f"inference-{lane}:2" for lane in lanes(operator)
    }
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)
    assert is_empty(operator.plan())


def test_a_failing_image_stops_at_its_first_lane_and_a_fixed_one_goes_there_first(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3))
    operator.converge(three_lanes())
    operator.driver.run(60)
    watch = Watch(operator)
    watch.begin()
    operator.write(three_lanes("server:2-crash"))
    outcomes = operator.apply()
    states = [each.state for each in outcomes.values()]
    assert states == [State.ROLLED_BACK, State.HELD, State.HELD]
    failed, *_ = outcomes
    assert watch.fewest["inference/web"] == 8
    assert {name.rpartition(":")[2] for _, name in tasks(operator, "web").values()} == {"1"}
    (held,) = operator.plan().held
    assert held.reason == "RolledBack"
    with operator.changing() as calls:
        operator.apply()
    assert not calls

    operator.write(three_lanes("server:3"))
    assert next(iter(operator.plan().changes)).lane.lane.name == failed
    operator.converge()
    assert running(operator) == {"web": 9}
    assert is_empty(operator.plan())


def test_a_fix_reaches_a_lane_that_does_not_run_before_it_costs_another_a_replica(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3))
    operator.converge(three_lanes())
    operator.driver.run(60)
    broken = "web-neuron4to7"
    theirs = operator.driver.describe(broken)["taskDefinition"]
    told = operator.driver.ecs.describe_task_definition(taskDefinition=theirs)["taskDefinition"]
    (holder,) = told["containerDefinitions"]
    crash = operator.driver.register(
        family=told["family"], containerDefinitions=[{**holder, "image": "server:crash"}]
    )
    at_once = {
        "maximumPercent": 100,
        "minimumHealthyPercent": 0,
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    }
    operator.driver.update(broken, taskDefinition=crash, deploymentConfiguration=at_once)
    operator.driver.run(400)
    first, *others = operator.write(three_lanes("server:2")).plan().changes
    assert first.lane.lane.name == broken
    assert not first.depends_on
    assert all(each.lane.lane.name != broken for each in others)
    operator.converge()
    assert running(operator) == {"web": 9}
