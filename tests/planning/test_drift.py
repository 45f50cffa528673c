"""Somebody changes the live service: every kind of it is seen, named and put back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from glia.tags import source_tag
from support.operator import fields, is_empty, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

NUMBERED = re.compile(r"\[[0-9]+\]")
IMAGE = "taskDefinition.containerDefinitions[server].image"


def another_image(operator: Operator) -> None:
    members = operator.driver.ecs.describe_task_definition(taskDefinition="inference-web")
    definition = members["taskDefinition"]
    container = {**definition["containerDefinitions"][0], "image": "server:theirs"}
    arn = operator.driver.register(
        family="inference-web",
        containerDefinitions=[container],
        placementConstraints=definition["placementConstraints"],
    )
    operator.driver.update(taskDefinition=arn)


def updated(**members: Any) -> Callable[[Operator], Any]:
    return lambda operator: operator.driver.update(**members)


def without_a_tag(operator: Operator) -> None:
    arn = operator.driver.describe()["serviceArn"]
    operator.driver.ecs.untag_resource(resourceArn=arn, tagKeys=["team"])


PERCENTAGES = {"maximumPercent": 200, "minimumHealthyPercent": 50}
BREAKER = {"enable": False, "rollback": False}
KINDS: dict[str, tuple[Callable[[Operator], Any], set[str]]] = {
    "image": (another_image, {IMAGE}),
    "count": (updated(desiredCount=1), {"replicas"}),
    "percentages": (
        updated(deploymentConfiguration=PERCENTAGES),
        {
            "service.deploymentConfiguration.maximumPercent",
            "service.deploymentConfiguration.minimumHealthyPercent",
        },
    ),
    "breaker": (
        updated(deploymentConfiguration={"deploymentCircuitBreaker": BREAKER}),
        {
            "service.deploymentConfiguration.deploymentCircuitBreaker.enable",
            "service.deploymentConfiguration.deploymentCircuitBreaker.rollback",
        },
    ),
    "constraints": (
        updated(placementConstraints=[{"type": "distinctInstance"}]),
        {"service.placementConstraints[memberOf attribute:glia.partition !exists]"},
    ),
    "strategy": (
        updated(placementStrategy=[{"type": "random"}]),
        {"service.placementStrategy"},
    ),
    "a member that the manifest leaves out": (
        updated(enableExecuteCommand=True),
        {"service.enableExecuteCommand"},
    ),
    "tags": (without_a_tag, {"service.tags[team]"}),
}


@pytest.mark.parametrize(("change", "paths"), KINDS.values(), ids=KINDS.keys())
def test_drift_is_named_and_put_back(
    operator: Operator, change: Callable[[Operator], Any], paths: set[str]
) -> None:
    manifest = neuron_service()
    manifest["metadata"]["labels"] = {"team": "vision"}
    operator.converge(manifest)
    change(operator)
    plan = operator.plan()
    assert [each.cause for each in plan.changes] == ["drift"]
    assert {NUMBERED.split(path)[0] for path in fields(plan)} == paths
    operator.converge()
    assert is_empty(operator.plan())


def test_tags_that_only_others_set_are_theirs(operator: Operator) -> None:
    operator.converge(neuron_service())
    arn = operator.driver.describe()["serviceArn"]
    tags = [{"key": "cost-centre", "value": "7"}]
    operator.driver.ecs.tag_resource(resourceArn=arn, tags=tags)
    assert is_empty(operator.plan())


def test_a_change_in_git_beside_drift_is_no_drift(operator: Operator) -> None:
    operator.converge(neuron_service())
    operator.driver.update(desiredCount=1)
    operator.write(neuron_service(image="server:2"))
    plan = operator.plan()
    assert [each.cause for each in plan.changes] == ["git"]
    assert fields(plan) == {IMAGE: ("server:1", "server:2"), "replicas": (1, 2)}


def test_another_family_is_drift_though_its_revision_has_the_same_number(
    operator: Operator,
) -> None:
    operator.converge(neuron_service())
    theirs = operator.driver.register("server:theirs", family="theirs")
    assert theirs.endswith("/theirs:1")
    operator.driver.update(taskDefinition=theirs)
    assert [each.cause for each in operator.plan().changes] == ["drift"]
    assert fields(operator.plan())[IMAGE] == ("server:theirs", "server:1")
    operator.converge()
    assert operator.driver.describe()["taskDefinition"].endswith("/inference-web:1")
    assert is_empty(operator.plan())


REVISION, SOURCE = "glia:revision", "glia:source"


def test_where_a_manifest_stood_is_told_as_aws_takes_it() -> None:
    assert source_tag("17c2f21", "m/web (1).yaml") == {SOURCE: "17c2f21:m/web _1_.yaml"}
    assert source_tag("", "m\t\n/häß 模.yaml") == {SOURCE: "m__/häß 模.yaml"}
    assert source_tag("", f"{'m/' * 200}web.yaml") == {SOURCE: "m/" * 128}


def test_what_was_applied_is_noted_again_where_the_tag_is_lost_and_nothing_rolls(
    operator: Operator,
) -> None:
    """It spares reads, and tells drift from a change in git."""
    operator.converge(neuron_service())
    noted, arn = operator.tags()[REVISION], operator.driver.describe()["serviceArn"]
    operator.driver.ecs.untag_resource(resourceArn=arn, tagKeys=[REVISION])
    (change,) = operator.plan().changes
    assert (change.cause, change.effect.calls) == ("git", ("TagResource",))
    assert {each.path for each in change.fields} == {f"service.tags[{REVISION}]"}

    with operator.changing() as calls:
        operator.converge()
    assert calls == {"TagResource": 1}
    assert len(operator.driver.describe()["deployments"]) == 1
    assert operator.tags()[REVISION] == noted
    assert operator.tags()[SOURCE].endswith("/all.yaml"), "of no commit that is known"
    begin = len(operator.driver.sandbox.calls)
    assert is_empty(operator.plan())
    assert operator.calls_of(since=begin) == {"DescribeServices": 1}
    operator.driver.update(desiredCount=1)
    assert [each.cause for each in operator.plan().changes] == ["drift"]
