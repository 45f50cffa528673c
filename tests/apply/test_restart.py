"""New tasks from the same manifest: what is waited for, and what is told when it goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.outcome import State
from glia.owned import owned
from glia.restart import restart
from glia.sandbox.faults import Fault
from support.operator import CutShort, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.clock import Clock
    from glia.outcome import Applied
    from support.operator import Operator


def restarted(operator: Operator, *keys: str, clock: Clock | None = None) -> Applied:
    online = operator.online(clock)
    ecs = online.in_region(None)
    return restart(owned(keys, ecs), ecs, online.clock, operator.told.append, wait=True)


def test_all_tasks_are_new_and_no_more_are_down_than_allowed(operator: Operator) -> None:
    operator.converge(neuron_service())
    before = {task["taskArn"] for task in operator.driver.tasks()}
    begin = operator.driver.clock.now()
    (outcome,) = restarted(operator, "inference/web")
    assert (outcome.state, outcome.ready) == (State.DONE, 2)
    assert before.isdisjoint(task["taskArn"] for task in operator.driver.tasks())
    assert operator.fewest_running(since=begin) == 1


def test_a_restart_that_ecs_rolls_back_has_not_converged(operator: Operator) -> None:
    operator.converge(neuron_service())
    ecs = operator.driver.ecs
    done: list[str] = []

    def roll_back(_: float) -> None:
        history = ecs.list_service_deployments(cluster="inference", service="web")
        newest, *older = history["serviceDeployments"]
        if older and not done:
            done.append(newest["status"])
            ecs.stop_service_deployment(
                serviceDeploymentArn=newest["serviceDeploymentArn"], stopType="ROLLBACK"
            )

    operator.driver.clock.on_advance(roll_back)
    (outcome,) = restarted(operator, "inference/web")
    assert (outcome.state, outcome.reason) == (State.ROLLED_BACK, "RolledBack")
    assert "glia:failed" not in operator.tags(), "it says nothing against the content"


def test_a_refused_restart_keeps_the_outcomes_before_it_and_goes_on_after_it(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 3))
    operator.converge(*(neuron_service(name, replicas=1) for name in ("a", "b", "c")))
    operator.driver.sandbox.faults.rewrite(Fault("UpdateService", "AccessDeniedException", 2, 2))
    outcomes = {each.lane: each for each in restarted(operator, *map("inference/{}".format, "abc"))}
    assert {name: each.state for name, each in outcomes.items()} == {
        "a": State.DONE,
        "b": State.FAILED,
        "c": State.DONE,
    }
    assert outcomes["b"].refused


def test_an_interruption_says_how_far_each_restart_has_come(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 3))
    operator.converge(*(neuron_service(name, replicas=1) for name in ("a", "b", "c")))
    begin = operator.driver.clock.now()
    keys = ("inference/a", "inference/b", "inference/c")
    restarted(operator, keys[0])
    one = operator.driver.clock.now() - begin
    applied = restarted(operator, *keys, clock=CutShort(operator.driver.clock, one * 1.5))
    assert applied.cut is State.INTERRUPTED
    assert [each.state for each in applied] == [
        State.DONE,
        State.INTERRUPTED,
        State.NOT_STARTED,
    ]
