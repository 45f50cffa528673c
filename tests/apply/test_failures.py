"""Rollouts that do not converge: what is told, what is remembered, and how one goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glia.cli.online import Online
from glia.outcome import State
from glia.owned import owned, retry
from support.operator import is_empty, neuron_service

if TYPE_CHECKING:
    from support.operator import Operator


def retried(operator: Operator) -> None:
    ecs = Online(None, operator.driver.clock).in_region(None)
    retry(owned(["inference/web"], ecs), ecs)


def test_a_rolled_back_content_is_held_until_it_is_retried_or_the_manifest_changes(
    operator: Operator,
) -> None:
    operator.converge(neuron_service())
    operator.write(neuron_service(image="server:crash"))
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.ROLLED_BACK, "RolledBack")
    assert outcome.message.startswith("ECS rolled back to inference-web:1: ")
    assert "circuit breaker" in outcome.message
    assert outcome.message.endswith("Essential container in task exited; server: exit code 1")

    (held,) = operator.plan().held
    assert (held.service.key, held.reason) == ("inference/web", "RolledBack")
    assert "web runs inference-web:1" in held.message
    with operator.changing() as calls:
        assert not operator.apply()
    assert not calls

    retried(operator)
    with operator.changing() as calls:
        again = operator.apply()["web"]
    assert again.state is State.ROLLED_BACK
    assert ": 3 tasks ended: " in again.message, "those of the first try are not counted again"
    assert "RegisterTaskDefinition" not in calls
    assert operator.plan().held, "one retry is one try"

    operator.converge(neuron_service(image="server:2"))
    assert is_empty(operator.plan())


def test_a_retry_that_nobody_waited_for_is_one_try_too(operator: Operator) -> None:
    operator.converge(neuron_service())
    operator.write(neuron_service(image="server:crash"))
    operator.apply()
    retried(operator)
    operator.apply(wait=False)
    operator.driver.run(1200)
    assert operator.driver.describe()["taskDefinition"].endswith("inference-web:1")
    assert operator.plan().held


def test_a_rollback_that_nobody_saw_is_found_in_the_history(operator: Operator) -> None:
    operator.converge(neuron_service())
    operator.write(neuron_service(image="server:crash"))
    (outcome,) = operator.apply(wait=False).values()
    assert outcome.state is State.SUBMITTED
    operator.driver.run(1200)
    assert "glia:failed" not in operator.tags()
    (held,) = operator.plan().held
    assert held.reason == "RolledBack"
    assert "circuit breaker" in held.message

    retried(operator)
    operator.write(neuron_service(image="server:crash"))
    (change,) = operator.plan().changes
    assert change.effect.calls == ("UpdateService", "TagResource")


def test_a_first_deployment_that_crashes_has_nothing_to_roll_back_to(operator: Operator) -> None:
    operator.write(neuron_service(image="server:crash"))
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.FAILED, "DeploymentFailed")
    assert "server: exit code 1" in outcome.message
    (held,) = operator.plan().held
    assert held.reason == "DeploymentFailed"

    operator.converge(neuron_service(image="server:2"))
    assert operator.driver.statuses() == {"RUNNING": 2}
    assert is_empty(operator.plan())


def test_a_first_deployment_that_failed_is_started_once_more_on_demand(operator: Operator) -> None:
    operator.write(neuron_service(image="server:crash"))
    operator.apply()
    retried(operator)
    (change,) = operator.plan().changes
    assert change.effect.calls[0] == "UpdateService"
    assert operator.apply()["web"].reason == "DeploymentFailed"
    assert operator.plan().held


def test_replicas_that_start_and_end_again_and_again_are_crash_looping(operator: Operator) -> None:
    """ECS's circuit breaker does not count tasks that have run."""
    operator.write(neuron_service(image="server:exit", replicas=1))
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.STALLED, "CrashLooping")
    assert "tasks ended: Essential container in task exited; server: exit code 1" in (
        outcome.message
    )


def test_replicas_without_an_instance_are_unplaceable_once_the_deadline_has_passed(
    operator: Operator,
) -> None:
    rollout = {"progressDeadlineSeconds": 300}
    operator.write(neuron_service(replicas=3, rollout=rollout))
    begin = operator.driver.clock.now()
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason, outcome.ready) == (State.STALLED, "Unplaceable", 2)
    assert outcome.message.startswith("was unable to place a task because no container instance")
    assert 300 <= operator.driver.clock.now() - begin < 500

    (again,) = operator.apply().values()
    assert (again.action, again.reason) == ("wait", "Unplaceable"), "ECS does not say it twice"
    assert again.message == outcome.message

    operator.driver.sandbox.add_instances("inf1.xlarge")
    operator.driver.run_until_steady()
    assert is_empty(operator.plan()), "the content is right, and ECS has gone on by itself"


@pytest.mark.parametrize("seconds", [20, 40])
def test_an_end_that_comes_before_anything_looks_wrong_has_a_cause_all_the_same(
    operator: Operator, seconds: int
) -> None:
    rollout = {"progressDeadlineSeconds": 20}
    operator.write(neuron_service(replicas=3, rollout=rollout if seconds == 40 else {}))
    (outcome,) = operator.apply(timeout=seconds).values()
    assert outcome.state is (State.STALLED if seconds == 40 else State.TIMED_OUT)
    assert outcome.message.startswith("was unable to place a task because no container instance")


def test_somebody_elses_deployment_ends_the_waiting(operator: Operator) -> None:
    operator.converge(neuron_service())
    theirs = operator.driver.register("server:theirs", family="inference-web")
    operator.write(neuron_service(image="server:2-slow"))
    intrusion = {"at": operator.driver.clock.now() + 20, "done": False}

    def intrude(now: float) -> None:
        if now >= intrusion["at"] and not intrusion["done"]:
            intrusion["done"] = True
            operator.driver.update(taskDefinition=theirs)

    operator.driver.clock.on_advance(intrude)
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.FAILED, "Superseded")
    assert outcome.message.startswith("the deployment was replaced by inference-web:2")
    assert "glia:failed" not in operator.tags(), "nothing speaks against the content"
    (change,) = operator.plan().changes
    assert change.action == "update"


def test_a_service_that_is_deleted_meanwhile_ends_the_waiting(operator: Operator) -> None:
    operator.write(neuron_service())
    end = operator.driver.clock.now() + 10
    gone: list[float] = []

    def delete(now: float) -> None:
        if now >= end and not gone:
            gone.append(now)
            operator.driver.ecs.delete_service(cluster="inference", service="web", force=True)

    operator.driver.clock.on_advance(delete)
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.FAILED, "Deleted")


def test_without_a_circuit_breaker_tasks_that_never_run_are_crash_looping_too(
    operator: Operator,
) -> None:
    breaker = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    service = {"deploymentConfiguration": breaker}
    operator.write(neuron_service(image="server:crash", replicas=1, service=service))
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.STALLED, "CrashLooping")
