"""What ECS has given up is held: what would start it again, until something changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.cli.plan import exit_code
from glia.outcome import State
from support.operator import fields, is_empty, neuron_service
from support.situations import wanted

if TYPE_CHECKING:
    from support.operator import Operator

CRASHING = "server:crash"
GROUP = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/0123456789abcdef"


@pytest.fixture
def rolled_back(operator: Operator) -> Operator:
    """One whose service runs its first image, because the second one crashed."""
    operator.converge(neuron_service())
    (outcome,) = operator.write(neuron_service(image=CRASHING)).apply().values()
    assert outcome.state is State.ROLLED_BACK
    return operator


def test_what_starts_no_deployment_is_put_back_beside_a_hold(rolled_back: Operator) -> None:
    plan = rolled_back.plan()
    assert (len(plan.held), plan.changes) == (1, ())
    configuration = {"maximumPercent": 200, "minimumHealthyPercent": 50}
    rolled_back.driver.update(desiredCount=0, deploymentConfiguration=configuration)
    rolled_back.driver.run_until_steady()

    plan = rolled_back.plan()
    assert len(plan.held) == 1
    assert exit_code(plan, detailed=True) == 3
    assert [(each.cause, each.effect.replaced_tasks) for each in plan.changes] == [("drift", 0)]
    prefix = "service.deploymentConfiguration."
    assert fields(plan) == {
        "replicas": (0, 2),
        f"{prefix}maximumPercent": (200, 100),
        f"{prefix}minimumHealthyPercent": (50, 1),
    }
    with rolled_back.changing() as calls:
        assert rolled_back.apply()["web"].state is State.DONE
    assert calls == {"UpdateService": 1}
    assert rolled_back.driver.statuses() == {"RUNNING": 2}
    assert rolled_back.driver.describe()["taskDefinition"].endswith(":1")
    plan = rolled_back.plan()
    assert (len(plan.held), plan.changes) == (1, ())


def test_a_service_that_has_failed_for_good_gets_its_count_back(operator: Operator) -> None:
    operator.write(neuron_service(image=CRASHING)).apply()
    operator.driver.update(desiredCount=1)
    plan = operator.plan()
    assert [each.reason for each in plan.held] == ["DeploymentFailed"]
    assert fields(plan) == {"replicas": (1, 2)}


def test_what_is_retried_is_no_drift(rolled_back: Operator) -> None:
    arn = rolled_back.driver.describe()["serviceArn"]
    mark = {"key": "glia:failed", "value": f"retry:{rolled_back.tags()['glia:failed']}"}
    rolled_back.driver.ecs.tag_resource(resourceArn=arn, tags=[mark])
    assert [each.cause for each in rolled_back.plan().changes] == ["git"]


def test_another_number_of_replicas_is_another_attempt_and_may_fail_again(
    rolled_back: Operator,
) -> None:
    """Its failure is found where nobody has waited for it, past the note of the first one."""
    rolled_back.write(neuron_service(image=CRASHING, replicas=1))
    plan = rolled_back.plan()
    assert not plan.held
    assert fields(plan)["replicas"] == (2, 1)
    rolled_back.apply(wait=False)
    rolled_back.driver.run(1200)
    assert not rolled_back.tags()["glia:failed"]
    assert len(rolled_back.plan().held) == 1
    rolled_back.write(neuron_service(image=CRASHING))
    assert not rolled_back.plan().held


def test_restoring_what_runs_changes_a_tag_and_nothing_else(rolled_back: Operator) -> None:
    with rolled_back.changing() as calls:
        rolled_back.converge(neuron_service())
    assert calls == {"TagResource": 1}
    assert is_empty(rolled_back.plan())
    rolled_back.driver.update(desiredCount=1)
    assert [each.cause for each in rolled_back.plan().changes] == ["drift"]


def test_members_that_were_rolled_back_are_held_though_the_task_definition_is_the_same(
    operator: Operator,
) -> None:
    definition = neuron_service(image="server:1-slow")["spec"]["taskDefinition"]
    definition["containerDefinitions"][0]["portMappings"] = [{"containerPort": 8501}]
    operator.converge(neuron_service(taskDefinition=definition))
    target = {"targetGroupArn": GROUP, "containerName": "server", "containerPort": 8501}
    operator.write(
        neuron_service(taskDefinition=definition, service={"loadBalancers": [target]})
    ).apply(wait=False)
    ecs = operator.driver.ecs
    history = ecs.list_service_deployments(cluster="inference", service="web")
    ecs.stop_service_deployment(
        serviceDeploymentArn=history["serviceDeployments"][0]["serviceDeploymentArn"]
    )
    operator.driver.run_until_steady()
    assert operator.driver.describe()["loadBalancers"] == []
    assert operator.driver.describe()["taskDefinition"].endswith(":1")
    plan = operator.plan()
    assert ([each.reason for each in plan.held], plan.changes) == (["RolledBack"], ())

    operator.driver.update(loadBalancers=[{**target, "containerPort": 8501}])
    assert is_empty(operator.plan()), "somebody has done it by hand"


CURES: dict[str, dict[str, Any]] = {
    "replicas": {"replicas": 1},
    "rollout": {"rollout": {"progressDeadlineSeconds": 60}},
    "pool": {
        "neuron": {
            "instanceType": "inf1.xlarge",
            "devices": "all",
            "pool": {"capacityProvider": "chips"},
        }
    },
    "lock": {"neuron": {"instanceType": "inf1.xlarge", "devices": "all", "lock": "none"}},
    "mapping": {"neuron": {"instanceType": "inf1.xlarge", "devices": "all", "mapping": "identity"}},
    "minInstances": {
        "neuron": {"instanceType": "inf1.xlarge", "devices": "all", "minInstances": 1}
    },
    "the task definition": {
        "taskDefinition": {"containerDefinitions": [{"name": "s", "image": "s", "memory": 9}]}
    },
    "a member of the service": {"service": {"placementStrategy": [{"type": "random"}]}},
}


@pytest.mark.parametrize("spec", CURES.values(), ids=CURES.keys())
def test_whatever_may_cure_a_failure_is_another_attempt(spec: dict[str, Any]) -> None:
    assert wanted(**spec).attempt != wanted().attempt


def test_tags_and_suspending_are_no_other_attempt() -> None:
    tags = [{"key": "team", "value": "vision"}]
    plain = wanted().attempt
    assert wanted(service={"tags": tags}).attempt == plain
    assert wanted(suspend=True).attempt == plain
