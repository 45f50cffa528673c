"""Apply against the embedded ECS: what it calls, what it does to running replicas, how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glia.diff import ABSENT
from glia.outcome import State
from glia.sandbox.faults import Fault
from support.operator import fields, is_empty, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator


def test_a_new_service_converges_and_one_more_apply_changes_nothing(operator: Operator) -> None:
    operator.write(neuron_service())
    with operator.changing() as calls:
        (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.ready, outcome.replicas) == (State.DONE, 2, 2)
    assert calls == {"RegisterTaskDefinition": 1, "CreateService": 1}
    assert operator.driver.statuses() == {"RUNNING": 2}

    with operator.changing() as calls:
        assert not operator.apply()
    assert not calls
    assert is_empty(operator.plan())


def test_an_update_is_three_calls_and_takes_down_no_more_replicas_than_allowed(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 4))
    rollout = {"maxUnavailable": 2}
    operator.converge(neuron_service(replicas=4, rollout=rollout))
    begin = operator.driver.clock.now()
    operator.write(neuron_service(replicas=4, rollout=rollout, image="server:2"))
    with operator.changing() as calls:
        (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.ready) == (State.DONE, 4)
    assert outcome.calls == ("RegisterTaskDefinition", "UpdateService", "TagResource")
    assert calls == dict.fromkeys(outcome.calls, 1)
    assert operator.fewest_running(since=begin) == 2
    assert is_empty(operator.plan())


def test_a_surge_takes_the_spare_instance_and_no_replica_is_ever_missing(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 3))
    rollout = {"maxUnavailable": 0, "maxSurge": 1}
    operator.converge(neuron_service(rollout=rollout))
    begin = operator.driver.clock.now()
    operator.converge(neuron_service(rollout=rollout, image="server:2"))
    assert operator.fewest_running(since=begin) == 2


def test_a_refused_service_keeps_no_other_from_converging(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 3))
    operator.driver.sandbox.faults.rewrite(Fault("CreateService", "AccessDeniedException"))
    operator.write(*(neuron_service(name, replicas=1) for name in ("a", "b", "c")))
    outcomes = operator.apply()
    assert sorted(each.state.value for each in outcomes.values()) == ["done", "done", "failed"]
    (refused,) = (each for each in outcomes.values() if each.state is State.FAILED)
    assert refused.reason == "Refused"
    assert refused.calls == ("RegisterTaskDefinition",)
    assert "CreateService: A fault of the sandbox's script (AccessDeniedException)" in (
        refused.message
    )

    with operator.changing() as calls:
        operator.converge()
    assert calls == {"CreateService": 1}, "the content was registered before the refusal"
    assert is_empty(operator.plan())


def test_an_update_that_was_cut_off_after_its_registration_goes_on_without_a_second_one(
    operator: Operator,
) -> None:
    operator.converge(neuron_service())
    operator.driver.sandbox.faults.rewrite(Fault("UpdateService", "AccessDeniedException"))
    operator.write(neuron_service(image="server:2"))
    (outcome,) = operator.apply().values()
    assert outcome.state is State.FAILED
    assert not operator.plan().held, "what never ran has not failed"
    with operator.changing() as calls:
        operator.converge()
    assert calls == {"UpdateService": 1, "TagResource": 1}


@pytest.mark.parametrize(
    "operation", ["RegisterTaskDefinition", "CreateService", "UpdateService", "TagResource"]
)
def test_a_lost_answer_makes_nothing_twice(operator: Operator, operation: str) -> None:
    operator.driver.sandbox.faults.rewrite(Fault(operation, "lost"))
    operator.converge(neuron_service())
    operator.converge(neuron_service(image="server:2"))
    families = operator.driver.ecs.list_task_definitions()["taskDefinitionArns"]
    assert [arn.rpartition("/")[2] for arn in families] == ["inference-web:1", "inference-web:2"]
    history = operator.driver.ecs.list_service_deployments(cluster="inference", service="web")
    assert len(history["serviceDeployments"]) == 2
    assert is_empty(operator.plan())


def test_what_is_blocked_is_left_alone_and_what_is_right_is_made(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 3))
    operator.driver.create("taken", count=1)
    operator.write(neuron_service(replicas=1), neuron_service("taken", replicas=1))
    with operator.changing() as calls:
        outcomes = operator.apply()
    assert outcomes["web"].state is State.DONE
    assert outcomes["taken"].state is State.BLOCKED
    assert calls == {"RegisterTaskDefinition": 1, "CreateService": 1}


def test_a_count_that_is_not_in_the_manifest_is_left_to_autoscaling(operator: Operator) -> None:
    operator.converge(neuron_service(replicas=None))
    assert operator.driver.describe()["desiredCount"] == 1
    operator.driver.update(desiredCount=2)
    assert is_empty(operator.plan())
    operator.converge(neuron_service(replicas=None, image="server:2"))
    assert operator.driver.describe()["desiredCount"] == 2
    assert operator.driver.statuses() == {"RUNNING": 2}


def test_a_scale_down_to_zero_and_up_again_keeps_the_revision(operator: Operator) -> None:
    operator.converge(neuron_service())
    for count in (0, 1):
        operator.write(neuron_service(replicas=count))
        with operator.changing() as calls:
            (outcome,) = operator.apply().values()
        assert (outcome.state, outcome.ready) == (State.DONE, count)
        assert "RegisterTaskDefinition" not in calls
        assert is_empty(operator.plan())


def test_a_suspended_service_stays_as_it_is(operator: Operator) -> None:
    operator.converge(neuron_service())
    operator.driver.update(desiredCount=1)
    operator.write(neuron_service(image="server:2", suspend=True))
    plan = operator.plan()
    assert plan.suspended == ("inference/web",)
    assert is_empty(plan)
    with operator.changing() as calls:
        assert not operator.apply()
    assert not calls


def test_the_name_of_a_service_that_is_being_deleted_is_waited_for(operator: Operator) -> None:
    operator.converge(neuron_service())
    operator.driver.ecs.delete_service(cluster="inference", service="web", force=True)
    assert operator.driver.describe()["status"] == "DRAINING"
    with operator.changing() as calls:
        operator.converge()
    assert calls == {"CreateService": 1}, "its task definition is there still"
    assert operator.driver.describe()["status"] == "ACTIVE"


def a_daemon_instead(operator: Operator) -> None:
    """Ours by its tags, and of a scheduling strategy that ECS cannot change."""
    operator.converge(neuron_service())
    tags = [{"key": key, "value": value} for key, value in operator.tags().items()]
    operator.driver.ecs.delete_service(cluster="inference", service="web", force=True)
    operator.driver.run(120)
    operator.driver.create(taskDefinition="inference-web:1", schedulingStrategy="DAEMON", tags=tags)


def test_what_cannot_be_changed_in_place_is_replaced_only_when_downtime_is_allowed(
    operator: Operator,
) -> None:
    a_daemon_instead(operator)
    (change,) = operator.plan().changes
    assert change.action == "replace"
    assert [each.rule for each in change.blocked_by] == ["replace"]
    assert change.blocked_by[0].allow_with == "glia apply --allow-downtime"
    assert operator.apply()["web"].state is State.BLOCKED

    with operator.changing() as calls:
        operator.converge(downtime=True)
    assert calls == {"DeleteService": 1, "CreateService": 1}
    assert operator.driver.describe()["schedulingStrategy"] == "REPLICA"
    assert is_empty(operator.plan())


def test_a_replacement_deletes_nothing_before_ecs_has_taken_the_new_task_definition(
    operator: Operator,
) -> None:
    a_daemon_instead(operator)
    operator.write(neuron_service(image="server:2"))
    operator.driver.sandbox.faults.rewrite(Fault("RegisterTaskDefinition", "ClientException"))
    (outcome,) = operator.apply(downtime=True).values()
    assert (outcome.state, outcome.calls) == (State.FAILED, ())
    assert operator.driver.describe()["status"] == "ACTIVE"


def test_a_replacement_that_is_cut_off_half_way_is_finished_by_the_next_apply(
    operator: Operator,
) -> None:
    a_daemon_instead(operator)
    operator.driver.run(60)
    (outcome,) = operator.apply(downtime=True, timeout=5).values()
    assert (outcome.state, outcome.calls) == (State.TIMED_OUT, ("DeleteService",))
    operator.converge()
    assert operator.driver.describe()["schedulingStrategy"] == "REPLICA"


def test_labels_become_tags_and_a_changed_one_costs_one_call_and_no_replica(
    operator: Operator,
) -> None:
    operator.converge(neuron_service())
    labelled = neuron_service()
    labelled["metadata"]["labels"] = {"team": "vision"}
    operator.write(labelled)
    assert fields(operator.plan()) == {"service.tags[team]": (ABSENT, "vision")}
    with operator.changing() as calls:
        operator.converge()
    assert calls == {"TagResource": 1}
    assert operator.tags()["team"] == "vision"
    assert is_empty(operator.plan())
