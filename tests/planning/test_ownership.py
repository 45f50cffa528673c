"""Whose a service is: nothing of others is touched, and adopting changes no more than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.errors import UsageError
from glia.outcome import State
from support.operator import fields, is_empty, neuron_cluster, neuron_service

if TYPE_CHECKING:
    from support.operator import Operator

KEY = "inference/web"


def made_by_hand(operator: Operator) -> None:
    """What Glia would have made, and nobody's."""
    operator.converge(neuron_service())
    arn = operator.driver.describe()["serviceArn"]
    operator.driver.ecs.untag_resource(resourceArn=arn, tagKeys=sorted(operator.tags()))


@pytest.mark.parametrize(
    ("tags", "whose"),
    [
        ({}, "service web is there already and has no tag of Glia's"),
        ({"glia:owner": "others", "glia:key": KEY}, f"service web belongs to others ({KEY})"),
        ({"glia:owner": "tests", "glia:key": "inference/api"}, "belongs to tests (inference/api)"),
    ],
    ids=["nobody's", "another owner's", "another manifest's"],
)
def test_what_is_not_ours_is_blocked_with_the_command_that_adopts_it(
    operator: Operator, tags: dict[str, str], whose: str
) -> None:
    given = [{"key": key, "value": value} for key, value in tags.items()]
    operator.driver.create(tags=given)
    operator.write(neuron_service())
    (change,) = operator.plan().changes
    (block,) = change.blocked_by
    assert block.rule == "name-conflict"
    assert block.message.endswith(whose)
    assert block.allow_with == f"glia apply --adopt {KEY}"
    with operator.changing() as calls:
        assert operator.apply()["web"].state is State.BLOCKED
    assert not calls


def test_a_key_to_adopt_that_no_manifest_has_is_refused_before_aws_is_asked(
    operator: Operator,
) -> None:
    operator.write(neuron_service())
    begin = len(operator.driver.sandbox.calls)
    with pytest.raises(UsageError, match=r"--adopt inference/wbe: .*; did you mean inference/web"):
        operator.plan(adopt=frozenset({"inference/wbe"}))
    assert len(operator.driver.sandbox.calls) == begin


def test_adopting_an_identical_service_changes_its_tags_and_nothing_else(
    operator: Operator,
) -> None:
    made_by_hand(operator)
    plan = operator.plan(adopt=frozenset({KEY}))
    assert {path.partition("[")[0] for path in fields(plan)} == {"service.tags"}
    with operator.changing() as calls:
        operator.converge(adopt=frozenset({KEY}))
    assert calls == {"TagResource": 1}
    assert is_empty(operator.plan())
    assert len(operator.driver.describe()["deployments"]) == 1


def test_an_adopted_service_keeps_live_values_where_glia_would_only_default(
    operator: Operator,
) -> None:
    """Until its tasks are replaced anyway: then Glia's defaults come with the new ones.

    The old tasks hold their chips without a lock, so they have to be quick to stop.
    """
    manifest = neuron_service(image="server:1-quick-stop")
    container = manifest["spec"]["taskDefinition"]["containerDefinitions"][0]
    device = {"hostPath": "/dev/neuron0", "containerPath": "/dev/neuron0"}
    held: dict[str, Any] = {**container, "linuxParameters": {"devices": [device]}}
    arn = operator.driver.register(family="inference-web", containerDefinitions=[held])
    configuration = {"maximumPercent": 150, "minimumHealthyPercent": 50}
    operator.driver.create(taskDefinition=arn, deploymentConfiguration=configuration)
    operator.write(manifest)
    with operator.changing() as calls:
        operator.converge(adopt=frozenset({KEY}))
    assert calls == {"TagResource": 1}
    assert is_empty(operator.plan())
    assert operator.driver.describe()["deploymentConfiguration"]["maximumPercent"] == 150

    operator.converge(neuron_service(image="server:2"))
    now = operator.driver.describe()["deploymentConfiguration"]
    assert (now["maximumPercent"], now["minimumHealthyPercent"]) == (100, 1)
    assert is_empty(operator.plan())


def test_an_adopted_family_is_remembered_and_another_one_of_its_number_is_drift(
    operator: Operator,
) -> None:
    """Families are named as somebody named them; that costs no plan a read."""
    manifest = neuron_service(image="server:1-quick-stop")
    (container,) = manifest["spec"]["taskDefinition"]["containerDefinitions"]
    device = {"hostPath": "/dev/neuron0", "containerPath": "/dev/neuron0"}
    held: dict[str, Any] = {**container, "linuxParameters": {"devices": [device]}}
    arn = operator.driver.register(family="models", containerDefinitions=[held])
    operator.driver.create(taskDefinition=arn)
    operator.write(manifest).converge(adopt=frozenset({KEY}))
    begin = len(operator.driver.sandbox.calls)
    assert is_empty(operator.plan())
    assert operator.calls_of(since=begin) == {"DescribeServices": 1}

    theirs = {**held, "image": "server:theirs"}
    arn = operator.driver.register(family="more-models", containerDefinitions=[theirs])
    assert arn.endswith(":1")
    operator.driver.update(taskDefinition=arn)
    (change,) = operator.plan().changes
    assert change.cause == "drift"
    image = "taskDefinition.containerDefinitions[server].image"
    assert fields(operator.plan())[image] == ("server:theirs", "server:1-quick-stop")


def test_adopting_a_different_service_makes_it_what_the_manifest_says(operator: Operator) -> None:
    operator.driver.create(image="server:theirs", count=1)
    operator.write(neuron_service())
    operator.converge(adopt=frozenset({KEY}))
    assert operator.driver.describe()["taskDefinition"].endswith("/inference-web:1")
    assert operator.driver.statuses() == {"RUNNING": 2}
    assert is_empty(operator.plan())


def test_a_manifest_of_another_owner_finds_our_service_taken(operator: Operator) -> None:
    operator.converge(neuron_service())
    theirs = neuron_cluster("inference", owner="others")
    operator.write(neuron_service(image="server:2"), clusters=(theirs,))
    (change,) = operator.plan().changes
    assert change.blocked_by[0].message == f"service web belongs to tests ({KEY})"
