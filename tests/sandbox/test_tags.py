"""Tags: on every resource that ECS tags, fifty at most, and none of AWS's own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.refusals import refused

if TYPE_CHECKING:
    from support.driver import Driver

TEAM = {"key": "team", "value": "ml"}


def pairs(count: int, prefix: str = "key") -> list[dict[str, str]]:
    return [{"key": f"{prefix}-{number}", "value": str(number)} for number in range(count)]


def tagged_resources(driver: Driver) -> dict[str, str]:
    """One of each kind, made with the tag TEAM; its ARN by its kind."""
    tags = [TEAM]
    ecs = driver.ecs
    cluster = ecs.create_cluster(clusterName="tagged", tags=tags)["cluster"]
    definition = driver.register(tags=tags)
    service = driver.create(taskDefinition=definition, count=0, tags=tags)
    (task,) = ecs.run_task(cluster="inference", taskDefinition=definition, tags=tags)["tasks"]
    instance = ecs.register_container_instance(
        cluster="inference",
        instanceIdentityDocument=json.dumps({"instanceType": "inf1.xlarge"}),
        tags=tags,
    )["containerInstance"]
    provider = ecs.create_capacity_provider(
        name="chips", autoScalingGroupProvider={"autoScalingGroupArn": "arn:of:group"}, tags=tags
    )["capacityProvider"]
    return {
        "cluster": cluster["clusterArn"],
        "task definition": definition,
        "service": service["serviceArn"],
        "task": task["taskArn"],
        "container instance": instance["containerInstanceArn"],
        "capacity provider": provider["capacityProviderArn"],
    }


def test_every_kind_of_resource_is_tagged_retagged_and_untagged(driver: Driver) -> None:
    for kind, arn in tagged_resources(driver).items():

        def tags(arn: str = arn) -> Any:
            return driver.ecs.list_tags_for_resource(resourceArn=arn)["tags"]

        assert tags() == [TEAM], kind
        driver.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "b"}, *pairs(1)])
        assert tags() == [{"key": "team", "value": "b"}, *pairs(1)], kind
        driver.ecs.untag_resource(resourceArn=arn, tagKeys=["team", "unknown"])
        assert tags() == pairs(1), kind


def test_fifty_tags_are_the_limit_all_together(driver: Driver) -> None:
    arn = driver.create(count=0, tags=pairs(49))["serviceArn"]
    with refused("InvalidParameterException", "50"):
        driver.ecs.tag_resource(resourceArn=arn, tags=pairs(2, "more"))
    assert len(driver.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == 49
    driver.ecs.tag_resource(resourceArn=arn, tags=[*pairs(49), *pairs(1, "more")])
    assert len(driver.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == 50


def test_tags_of_aws_neither_come_nor_go_by_these_calls(driver: Driver) -> None:
    driver.create(count=1, enableECSManagedTags=True)
    driver.run(3)
    (task,) = driver.tasks()
    arn = task["taskArn"]
    before = driver.ecs.list_tags_for_resource(resourceArn=arn)["tags"]
    assert {tag["key"] for tag in before} == {"aws:ecs:serviceName", "aws:ecs:clusterName"}
    driver.ecs.untag_resource(resourceArn=arn, tagKeys=["aws:ecs:serviceName"])
    assert driver.ecs.list_tags_for_resource(resourceArn=arn)["tags"] == before
    with refused("InvalidParameterException", "aws:"):
        driver.ecs.tag_resource(resourceArn=arn, tags=[{"key": "aws:mine", "value": "x"}])
    driver.ecs.tag_resource(resourceArn=arn, tags=pairs(50))
    assert len(driver.ecs.list_tags_for_resource(resourceArn=arn)["tags"]) == 52


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("arn:aws:ecs:us-west-2:123456789012:service/web", "Long arn format"),
        ("arn:aws:ecs:us-west-2:123456789012:service/inference/nope", "not found"),
        ("arn:aws:ecs:eu-west-1:123456789012:service/inference/web", "not found"),
        ("web", "not found"),
    ],
)
def test_tags_belong_to_a_resource_by_its_whole_arn(driver: Driver, arn: str, words: str) -> None:
    driver.create(count=0)
    with refused("InvalidParameterException", words):
        driver.ecs.tag_resource(resourceArn=arn, tags=[TEAM])
    with refused("InvalidParameterException", words):
        driver.ecs.list_tags_for_resource(resourceArn=arn)


@pytest.mark.parametrize("tags", [pairs(51), [TEAM, TEAM], [{"key": "aws:x", "value": "y"}]])
def test_no_resource_begins_with_tags_that_it_could_not_have(
    driver: Driver, tags: list[dict[str, str]]
) -> None:
    definition = driver.register()
    group = {"autoScalingGroupArn": "arn:of:group"}
    document = json.dumps({"instanceType": "inf1.xlarge"})
    calls: dict[str, dict[str, Any]] = {
        "create_capacity_provider": {"name": "chips", "autoScalingGroupProvider": group},
        "create_cluster": {"clusterName": "tagged"},
        "create_service": {
            "cluster": "inference",
            "serviceName": "web",
            "taskDefinition": definition,
            "desiredCount": 0,
        },
        "register_container_instance": {
            "cluster": "inference",
            "instanceIdentityDocument": document,
        },
        "run_task": {"cluster": "inference", "taskDefinition": definition},
    }
    for name, members in calls.items():
        with refused("InvalidParameterException"):
            getattr(driver.ecs, name)(**members, tags=tags)
    assert len(driver.ecs.list_clusters()["clusterArns"]) == 1
    assert driver.ecs.list_services(cluster="inference")["serviceArns"] == []
    assert driver.tasks(None) == []
