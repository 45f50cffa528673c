"""A service from its creation to the day on which its name is free again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.refusals import refused
from support.requests import container

if TYPE_CHECKING:
    from support.driver import Driver

AWSVPC = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}


def names(driver: Driver, cluster: str = "inference", **wanted: Any) -> list[str]:
    arns = driver.ecs.list_services(cluster=cluster, **wanted)["serviceArns"]
    return [arn.rsplit("/", 1)[-1] for arn in arns]


def delete(driver: Driver, **members: Any) -> Any:
    return driver.ecs.delete_service(cluster="inference", service="web", **members)["service"]


def test_a_deleted_service_drains_then_is_inactive_and_then_its_name_is_free(
    driver: Driver,
) -> None:
    definition = driver.create()["taskDefinition"]
    driver.run_until_steady()
    with refused("InvalidParameterException", "scaled above 0"):
        delete(driver)

    gone = delete(driver, force=True)
    assert (gone["status"], gone["desiredCount"]) == ("DRAINING", 0)
    assert names(driver) == []
    assert driver.describe()["status"] == "DRAINING"
    with refused("InvalidParameterException", "still Draining"):
        driver.create(taskDefinition=definition)
    with refused("ServiceNotActiveException"):
        driver.update(desiredCount=1)
    assert delete(driver, force=True)["status"] == "DRAINING", "once more does no harm"

    driver.run_until(lambda: driver.describe()["status"] == "INACTIVE", within=40)
    inactive = driver.describe()
    assert inactive["deployments"] == []
    assert inactive["runningCount"] == inactive["pendingCount"] == 0
    assert names(driver) == []
    with refused("ServiceNotActiveException"):
        driver.update(desiredCount=1)
    with refused("ServiceNotFoundException"):
        delete(driver)

    again = driver.create(taskDefinition=definition)
    assert again["status"] == "ACTIVE"
    assert again["createdAt"] > inactive["createdAt"]


def test_a_service_without_tasks_is_deleted_without_force(driver: Driver) -> None:
    driver.create(count=0)
    assert delete(driver)["status"] == "DRAINING"
    driver.run(2)
    assert driver.describe()["status"] == "INACTIVE"


def test_a_name_in_use_is_refused_unless_the_same_request_is_repeated(driver: Driver) -> None:
    request = {
        "serviceName": "web",
        "taskDefinition": driver.register(),
        "desiredCount": 1,
        "clientToken": "once",
    }
    first = driver.ecs.create_service(cluster="inference", **request)["service"]
    driver.run_until_steady()
    arn = first["clusterArn"]
    repeated = driver.ecs.create_service(cluster=arn, **request)["service"]
    assert repeated["serviceArn"] == first["serviceArn"]
    assert repeated["createdAt"] == first["createdAt"]
    assert repeated["runningCount"] == 1, "it is told as it is now"
    for change in ({"desiredCount": 2}, {"clientToken": "twice"}):
        with refused("InvalidParameterException", "not idempotent"):
            driver.ecs.create_service(cluster="inference", **{**request, **change})
    assert driver.describe()["desiredCount"] == 1
    assert len(driver.tasks()) == 1


# Change -> error code; each is refused for its last member.
REFUSED_UPDATES: dict[str, tuple[dict[str, Any], str]] = {
    "no such task definition": ({"taskDefinition": "nope"}, "ClientException"),
    "negative count": ({"desiredCount": -3}, "InvalidParameterException"),
    "awsvpc for a bridge": ({"networkConfiguration": AWSVPC}, "InvalidParameterException"),
    "no such provider": (
        {"capacityProviderStrategy": [{"capacityProvider": "nope"}]},
        "InvalidParameterException",
    ),
    "eleven constraints": (
        {"placementConstraints": [{"type": "distinctInstance"}] * 11},
        "InvalidParameterException",
    ),
    "not an expression": (
        {"placementConstraints": [{"type": "memberOf", "expression": "(("}]},
        "InvalidParameterException",
    ),
    "no such volume": (
        {"volumeConfigurations": [{"name": "v"}]},
        "InvalidParameterException",
    ),
}


@pytest.mark.parametrize(("change", "code"), REFUSED_UPDATES.values(), ids=REFUSED_UPDATES)
def test_an_update_that_is_refused_changes_nothing(
    driver: Driver, change: dict[str, Any], code: str
) -> None:
    driver.create()
    before = driver.describe(include=["TAGS"])
    with refused(code):
        driver.update(
            **{
                "desiredCount": 9,
                "enableExecuteCommand": True,
                "placementStrategy": [{"type": "random"}],
                "forceNewDeployment": True,
                **change,
            }
        )
    assert driver.describe(include=["TAGS"]) == before


def test_the_task_definition_of_a_service_is_always_an_arn(driver: Driver) -> None:
    first = driver.create(taskDefinition=driver.register().rsplit("/", 1)[-1])
    assert first["taskDefinition"].startswith("arn:aws:ecs:us-west-2:123456789012:")
    second = driver.register()
    updated = driver.update(taskDefinition="server")
    assert updated["taskDefinition"] == updated["deployments"][0]["taskDefinition"] == second
    assert updated["deployments"][1]["taskDefinition"] == first["taskDefinition"]


def test_an_empty_list_takes_away_what_deployments_carry(driver: Driver) -> None:
    volume = {"name": "data", "configuredAtLaunch": True}
    port = {"containerPort": 8501, "name": "rest"}
    definition = driver.register(
        containerDefinitions=[container(portMappings=[port])], volumes=[volume]
    )
    lattice = {"roleArn": "role", "targetGroupArn": "group", "portName": "rest"}
    driver.create(
        taskDefinition=definition,
        volumeConfigurations=[{"name": "data"}],
        vpcLatticeConfigurations=[lattice],
        loadBalancers=[
            {"targetGroupArn": "group", "containerName": "server", "containerPort": 8501}
        ],
    )
    with refused("InvalidParameterException", "volumeConfigurations"):
        driver.update(
            taskDefinition=driver.register(containerDefinitions=[container(portMappings=[port])])
        )
    plain = driver.register()
    updated = driver.update(
        taskDefinition=plain,
        volumeConfigurations=[],
        vpcLatticeConfigurations=[],
        loadBalancers=[],
        serviceConnectConfiguration={"enabled": False},
    )
    new, old = updated["deployments"]
    assert not new.keys() & {"volumeConfigurations", "vpcLatticeConfigurations"}
    assert new["serviceConnectConfiguration"] == {"enabled": False}
    assert old["volumeConfigurations"] == [{"name": "data"}]
    assert updated["loadBalancers"] == []
    unchanged = driver.update(volumeConfigurations=[], loadBalancers=[])
    assert unchanged["deployments"][0]["id"] == new["id"], "there was nothing to take away"


def test_what_is_missing_is_a_failure_and_eleven_names_are_too_many(driver: Driver) -> None:
    arn = driver.create()["serviceArn"]
    other = arn.replace("/web", "/other")
    answer = driver.ecs.describe_services(
        cluster="inference", services=["web", "other", arn, other]
    )
    assert [each["serviceName"] for each in answer["services"]] == ["web", "web"]
    assert answer["failures"] == [{"arn": other, "reason": "MISSING"}] * 2
    with refused("InvalidParameterException", "10"):
        driver.ecs.describe_services(cluster="inference", services=["web"] * 11)
    with refused("ServiceNotFoundException"):
        driver.update("other", desiredCount=1)


def test_clusters_with_similar_names_are_told_apart(driver: Driver) -> None:
    """Neither by a part of the name nor by the ARN of a namesake elsewhere."""
    driver.ecs.create_cluster(clusterName="non-inference")
    definition = driver.create()["taskDefinition"]
    driver.ecs.create_service(
        cluster="non-inference", serviceName="web", taskDefinition=definition, desiredCount=0
    )
    assert names(driver) == names(driver, "non-inference") == ["web"]
    driver.run(10)
    assert driver.ecs.list_tasks(cluster="non-inference")["taskArns"] == []

    arn = driver.describe()["serviceArn"]
    for elsewhere in (
        arn.replace("/inference/", "/non-inference/"),
        arn.replace("us-west-2", "eu-west-1"),
        arn.replace("123456789012", "210987654321"),
        arn.replace(":service/", ":task/"),
        "inference/web",
    ):
        answer = driver.ecs.describe_services(cluster="inference", services=[elsewhere])
        assert answer["services"] == [], elsewhere
        with refused("ServiceNotFoundException"):
            driver.ecs.update_service(cluster="inference", service=elsewhere, desiredCount=0)
    short = arn.replace("/inference/", "/")  # the format of before 2018 names no cluster
    assert driver.describe(short)["serviceArn"] == arn


def test_every_call_about_services_knows_its_cluster(driver: Driver) -> None:
    calls: dict[str, dict[str, Any]] = {
        "create_service": {"serviceName": "web", "taskDefinition": "web", "desiredCount": 0},
        "delete_service": {"service": "web"},
        "describe_services": {"services": ["web"]},
        "list_services": {},
        "list_tasks": {},
        "run_task": {"taskDefinition": "web"},
        "update_service": {"service": "web"},
    }
    for name, members in calls.items():
        for wanted in ({"cluster": "nowhere"}, {"cluster": "web/inference"}, {}):
            with refused("ClusterNotFoundException"):
                getattr(driver.ecs, name)(**members, **wanted)


def test_lists_are_by_launch_type_and_scheduling_strategy(driver: Driver) -> None:
    definition = driver.create()["taskDefinition"]
    driver.create("agent", taskDefinition=definition, schedulingStrategy="DAEMON")
    assert names(driver, schedulingStrategy="DAEMON") == ["agent"]
    assert names(driver, schedulingStrategy="REPLICA") == ["web"]
    assert names(driver, launchType="FARGATE") == []


def test_tags_are_shown_only_if_asked_for_and_reach_tasks_only_if_propagated(
    driver: Driver,
) -> None:
    team, role = {"key": "team", "value": "ml"}, {"key": "role", "value": "api"}
    definition = driver.register(tags=[role])
    made = driver.create(count=1, taskDefinition=definition, tags=[team], propagateTags="SERVICE")
    assert made["tags"] == [team]
    assert "tags" not in driver.describe()
    assert driver.describe(include=["TAGS"])["tags"] == [team]
    driver.create(
        "other",
        count=1,
        taskDefinition=definition,
        tags=[team],
        propagateTags="TASK_DEFINITION",
        enableECSManagedTags=True,
    )
    driver.create("plain", count=1, taskDefinition=definition, tags=[team])
    driver.run(3)

    def tags(name: str) -> dict[str, str]:
        (task,) = driver.tasks(name)
        assert task["tags"] == []
        described = driver.ecs.describe_tasks(
            cluster="inference", tasks=[task["taskArn"]], include=["TAGS"]
        )
        return {tag["key"]: tag["value"] for tag in described["tasks"][0]["tags"]}

    assert tags("web") == {"team": "ml"}
    assert tags("other") == {
        "role": "api",
        "aws:ecs:clusterName": "inference",
        "aws:ecs:serviceName": "other",
    }
    assert tags("plain") == {}


def test_an_answer_is_a_snapshot(driver: Driver) -> None:
    """Neither later requests nor the passing of time reach into an answer or into a request."""
    tags = [{"key": "team", "value": "ml"}]
    made = driver.create(tags=tags)
    before = driver.sandbox.calls[-1].params
    copy = {name: str(value) for name, value in before.items()}
    driver.run_until_steady()
    driver.ecs.tag_resource(resourceArn=made["serviceArn"], tags=[{"key": "a", "value": "b"}])
    driver.update(deploymentConfiguration={"maximumPercent": 150})
    assert {name: str(value) for name, value in before.items()} == copy
    first = driver.sandbox.world.region(driver.sandbox.place)
    entry = first.clusters["inference"].services["web"].history[0]
    assert entry.configuration["maximumPercent"] == 200


def test_a_deleted_service_has_no_rollout_left_to_stop(driver: Driver) -> None:
    driver.create()
    driver.run_until_steady()
    driver.update(taskDefinition=driver.register("server:2"))
    arn = history(driver)[0]["serviceDeploymentArn"]
    driver.ecs.delete_service(cluster="inference", service="web", force=True)
    (entry,) = driver.ecs.describe_service_deployments(serviceDeploymentArns=[arn])[
        "serviceDeployments"
    ]
    assert (entry["status"], entry["statusReason"]) == ("STOPPED", "The service was deleted.")
    assert entry["stoppedAt"].timestamp() == entry["finishedAt"].timestamp() == driver.clock.now()
    for status in ("DRAINING", "INACTIVE"):
        assert driver.describe()["status"] == status
        with refused("ConflictException", status):
            driver.ecs.stop_service_deployment(serviceDeploymentArn=arn)
        driver.run(60)
    assert [each["status"] for each in history(driver)] == ["STOPPED", "SUCCESSFUL"]


def history(driver: Driver) -> list[Any]:
    answer = driver.ecs.list_service_deployments(cluster="inference", service="web")
    entries: list[Any] = answer["serviceDeployments"]
    return entries


@pytest.mark.parametrize("before", ["ECS", "EXTERNAL", "CODE_DEPLOY"])
@pytest.mark.parametrize("after", ["ECS", "EXTERNAL", "CODE_DEPLOY"])
def test_a_service_keeps_its_deployment_controller(driver: Driver, before: str, after: str) -> None:
    driver.create(count=1, deploymentController={"type": before})
    if before == after:
        driver.update(deploymentController={"type": after}, desiredCount=2)
    else:
        with refused("InvalidParameterException", f"from {before} to {after}"):
            driver.update(deploymentController={"type": after}, desiredCount=2)
    kept = driver.describe()
    assert kept["deploymentController"] == {"type": before}
    assert kept["desiredCount"] == (2 if before == after else 1)
