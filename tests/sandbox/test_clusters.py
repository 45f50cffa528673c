"""Clusters, capacity providers and account settings: kept, counted, refused, kept apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.refusals import refused
from support.requests import container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

GROUP = {"autoScalingGroupArn": "arn:of:group"}


def described(driver: Driver, *include: str, name: str = "inference") -> Any:
    answer = driver.ecs.describe_clusters(clusters=[name], include=list(include))
    return answer["clusters"][0]


def statistics(driver: Driver) -> dict[str, int]:
    found = described(driver, "STATISTICS")["statistics"]
    return {each["name"]: int(each["value"]) for each in found if each["value"] != "0"}


def test_a_cluster_is_deleted_once_it_is_empty_and_its_name_can_be_used_again(
    driver: Driver,
) -> None:
    def delete() -> Any:
        return driver.ecs.delete_cluster(cluster="inference")["cluster"]["status"]

    definition = driver.create(count=0)["taskDefinition"]
    with refused("ClusterContainsServicesException"):
        delete()
    driver.ecs.delete_service(cluster="inference", service="web")
    driver.run(2)
    with refused("ClusterContainsContainerInstancesException"):
        delete()
    arns = driver.ecs.list_container_instances(cluster="inference")["containerInstanceArns"]
    for arn in arns:
        driver.ecs.deregister_container_instance(cluster="inference", containerInstance=arn)
    assert delete() == "INACTIVE"
    assert driver.ecs.list_clusters()["clusterArns"] == []
    assert described(driver)["status"] == "INACTIVE"
    with refused("ClusterNotFoundException"):
        driver.create(taskDefinition=definition)
    with refused("ClusterNotFoundException"):
        delete()
    assert driver.ecs.create_cluster(clusterName="inference")["cluster"]["status"] == "ACTIVE"


def test_a_cluster_with_a_fargate_task_is_not_empty(driver: Driver) -> None:
    driver.ecs.create_cluster(clusterName="serverless")
    driver.register(
        family="serverless",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[container(memoryReservation=None)],
    )
    (task,) = driver.ecs.run_task(
        cluster="serverless",
        taskDefinition="serverless",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )["tasks"]
    with refused("ClusterContainsTasksException"):
        driver.ecs.delete_cluster(cluster="serverless")
    driver.ecs.stop_task(cluster="serverless", task=task["taskArn"])
    assert driver.ecs.delete_cluster(cluster="serverless")["cluster"]["status"] == "INACTIVE"


def test_creating_a_cluster_twice_changes_nothing(driver: Driver) -> None:
    driver.create()
    driver.run_until_steady()
    before = described(driver, "TAGS", "SETTINGS", "CONFIGURATIONS", "STATISTICS")
    again = driver.ecs.create_cluster(clusterName="inference", tags=[{"key": "a", "value": "b"}])
    assert again["cluster"]["clusterArn"] == before["clusterArn"]
    assert described(driver, "TAGS", "SETTINGS", "CONFIGURATIONS", "STATISTICS") == before
    assert before["runningTasksCount"] == 2
    assert before["activeServicesCount"] == 1


def test_a_cluster_counts_what_it_really_has(driver: Driver) -> None:
    driver.create()
    driver.run(3)
    assert described(driver)["pendingTasksCount"] == 2
    assert described(driver)["statistics"] == []
    assert statistics(driver) == {"pendingEC2TasksCount": 2, "activeEC2ServiceCount": 1}
    for _ in range(2):
        driver.update()
    driver.run_until_steady()
    assert described(driver)["pendingTasksCount"] == 0
    assert statistics(driver) == {"runningEC2TasksCount": 2, "activeEC2ServiceCount": 1}
    driver.ecs.delete_service(cluster="inference", service="web", force=True)
    assert statistics(driver)["drainingEC2ServiceCount"] == 1
    driver.run(40)
    assert statistics(driver) == {}
    assert described(driver)["registeredContainerInstancesCount"] == 2
    assert described(driver)["activeServicesCount"] == 0


def test_details_are_shown_only_if_asked_for(driver: Driver) -> None:
    settings = [{"name": "containerInsights", "value": "enhanced"}]
    configuration = {"executeCommandConfiguration": {"logging": "DEFAULT"}}
    tags = [{"key": "team", "value": "ml"}]
    driver.ecs.create_cluster(
        clusterName="full", settings=settings, configuration=configuration, tags=tags
    )
    plain = described(driver, name="full")
    assert (plain.get("settings"), plain.get("configuration"), plain["tags"]) == (None, None, [])
    full = described(driver, "SETTINGS", "CONFIGURATIONS", "TAGS", name="full")
    assert (full["settings"], full["configuration"], full["tags"]) == (
        settings,
        configuration,
        tags,
    )
    off = [{"name": "containerInsights", "value": "disabled"}]
    driver.ecs.update_cluster_settings(cluster="full", settings=off)
    assert described(driver, "SETTINGS", name="full")["settings"] == off


def test_what_is_missing_is_a_failure_and_the_default_cluster_is_meant_by_nothing(
    driver: Driver,
) -> None:
    arn = described(driver)["clusterArn"]
    elsewhere = arn.replace("us-west-2", "eu-west-1")
    answer = driver.ecs.describe_clusters(clusters=["nowhere", arn, elsewhere])
    assert [each["clusterArn"] for each in answer["clusters"]] == [arn]
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"] * 2
    assert driver.ecs.describe_clusters()["failures"][0]["arn"].endswith(":cluster/default")
    with refused("InvalidParameterException"):
        driver.ecs.describe_clusters(clusters=["nowhere"] * 101)
    with refused("InvalidParameterException"):
        driver.ecs.create_cluster(clusterName="two words")


def test_accounts_and_regions_are_kept_apart(driver: Driver) -> None:
    role = "arn:aws:iam::210987654321:role/deployer"
    session = driver.client("sts").assume_role(RoleArn=role, RoleSessionName="test")
    keys = session["Credentials"]
    others = {
        "210987654321": driver.client(
            "ecs",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        ),
        "eu-west-1": driver.client("ecs", region="eu-west-1"),
    }
    mine = driver.create(count=0)
    for place, ecs in others.items():
        assert ecs.list_clusters()["clusterArns"] == []
        created = ecs.create_cluster(clusterName="inference")["cluster"]["clusterArn"]
        assert f":{place}:" in created
        assert ecs.list_task_definitions()["taskDefinitionArns"] == []
        answer = ecs.describe_services(cluster="inference", services=["web", mine["serviceArn"]])
        assert len(answer["failures"]) == 2
        with refused("ClusterNotFoundException"):
            ecs.list_services(cluster=mine["clusterArn"])
        with refused("ClientException"):
            ecs.describe_task_definition(taskDefinition=mine["taskDefinition"])
        with refused("InvalidParameterException"):
            ecs.list_tags_for_resource(resourceArn=mine["serviceArn"])
        with refused("ClusterNotFoundException"):
            driver.ecs.list_services(cluster=created)


def test_a_capacity_provider_is_made_used_changed_and_deleted(driver: Driver) -> None:
    made = driver.ecs.create_capacity_provider(
        name="chips", autoScalingGroupProvider=GROUP, tags=[{"key": "team", "value": "ml"}]
    )["capacityProvider"]
    assert (made["status"], made["type"]) == ("ACTIVE", "EC2_AUTOSCALING")
    with refused("ClientException", "already exists"):
        driver.ecs.create_capacity_provider(name="chips", autoScalingGroupProvider=GROUP)
    for name, members in (
        ("aws-chips", {"autoScalingGroupProvider": GROUP}),
        ("two words", {"autoScalingGroupProvider": GROUP}),
        ("none", {}),
    ):
        with refused("ClientException"):
            driver.ecs.create_capacity_provider(name=name, **members)

    strategy = [{"capacityProvider": "chips", "weight": 1}]
    with refused("InvalidParameterException", "not found"):
        driver.create(capacityProviderStrategy=strategy)
    with refused("InvalidParameterException", "default strategy"):
        driver.ecs.put_cluster_capacity_providers(
            cluster="inference", capacityProviders=[], defaultCapacityProviderStrategy=strategy
        )
    driver.ecs.put_cluster_capacity_providers(
        cluster="inference", capacityProviders=["chips"], defaultCapacityProviderStrategy=strategy
    )
    service = driver.create()
    assert service["capacityProviderStrategy"] == [{**strategy[0], "base": 0}]
    assert "launchType" not in service, "the cluster's default strategy takes its place"
    with refused("InvalidParameterException", "used by"):
        driver.ecs.delete_capacity_provider(capacityProvider="chips")

    driver.ecs.update_capacity_provider(
        name="chips", autoScalingGroupProvider={"managedDraining": "ENABLED"}
    )
    (found,) = driver.ecs.describe_capacity_providers(capacityProviders=["chips"])[
        "capacityProviders"
    ]
    assert found["autoScalingGroupProvider"] == {**GROUP, "managedDraining": "ENABLED"}
    assert found["tags"] == []
    answer = driver.ecs.describe_capacity_providers()
    assert [each["name"] for each in answer["capacityProviders"]] == [
        "FARGATE",
        "FARGATE_SPOT",
        "chips",
    ]
    driver.ecs.delete_service(cluster="inference", service="web", force=True)
    driver.run(2)
    driver.ecs.delete_capacity_provider(capacityProvider=made["capacityProviderArn"])
    gone = driver.ecs.describe_capacity_providers(capacityProviders=["chips"])
    assert gone["failures"] == [{"arn": made["capacityProviderArn"], "reason": "MISSING"}]
    assert described(driver)["capacityProviders"] == []


@pytest.mark.parametrize("put", ["put_account_setting", "put_account_setting_default"])
def test_account_settings_are_told_as_they_were_put(driver: Driver, put: str) -> None:
    operation: Callable[..., Any] = getattr(driver.ecs, put)
    made = operation(name="awsvpcTrunking", value="enabled")["setting"]
    operation(name="containerInsights", value="enhanced")
    listed = driver.ecs.list_account_settings(name="awsvpcTrunking")["settings"]
    assert listed == [made]
    assert driver.ecs.list_account_settings(value="enhanced")["settings"][0]["name"] == (
        "containerInsights"
    )
    driver.ecs.delete_account_setting(name="awsvpcTrunking")
    assert driver.ecs.list_account_settings(name="awsvpcTrunking")["settings"] == []
    with refused("InvalidParameterException"):
        operation(name="unheardOf", value="enabled")


def test_a_default_strategy_names_capacity_providers_of_its_cluster(driver: Driver) -> None:
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    nothing = [{"capacityProvider": name} for name in ("FARGATE", "FARGATE_SPOT")]
    both = ["FARGATE", "FARGATE_SPOT"]
    for providers, strategy, words in (
        (["nope"], [], "not found"),
        (["FARGATE"], spot, "not associated"),
        ([], spot, "not associated"),
        (both, nothing, "weight"),
    ):
        members = {"capacityProviders": providers, "defaultCapacityProviderStrategy": strategy}
        with refused("InvalidParameterException", words):
            driver.ecs.create_cluster(clusterName="new", **members)
        with refused("InvalidParameterException", words):
            driver.ecs.put_cluster_capacity_providers(cluster="inference", **members)
    members = {"capacityProviders": both, "defaultCapacityProviderStrategy": spot}
    made = driver.ecs.create_cluster(clusterName="new", **members)["cluster"]
    assert {name: made[name] for name in members} == members
