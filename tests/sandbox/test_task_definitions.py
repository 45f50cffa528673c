"""Families and revisions: numbered, deregistered, deleted, and found by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.refusals import refused

if TYPE_CHECKING:
    from support.driver import Driver


def described(driver: Driver, name: str) -> Any:
    return driver.ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]


def listed(driver: Driver, **wanted: Any) -> list[str]:
    arns = driver.ecs.list_task_definitions(**wanted)["taskDefinitionArns"]
    return [arn.rsplit("/", 1)[-1] for arn in arns]


def test_revisions_count_up_and_a_deleted_one_is_never_used_again(driver: Driver) -> None:
    assert [driver.register().rsplit(":", 1)[-1] for _ in range(3)] == ["1", "2", "3"]
    for number in (1, 2, 3):
        driver.ecs.deregister_task_definition(taskDefinition=f"server:{number}")
    answer = driver.ecs.delete_task_definitions(taskDefinitions=["server:2", "server:3"])
    assert [each["status"] for each in answer["taskDefinitions"]] == ["DELETE_IN_PROGRESS"] * 2
    assert driver.register().endswith(":4")
    assert listed(driver, status="INACTIVE") == ["server:1"]
    with refused("ClientException", "Unable to describe task definition."):
        described(driver, "server:3")


def test_a_family_means_its_latest_active_revision(driver: Driver) -> None:
    for _ in range(3):
        driver.register()
    driver.ecs.deregister_task_definition(taskDefinition="server:3")
    assert described(driver, "server")["revision"] == 2
    assert described(driver, "server:3")["status"] == "INACTIVE"
    assert described(driver, "server:3")["deregisteredAt"].timestamp() == driver.clock.now()
    for number in (1, 2):
        driver.ecs.deregister_task_definition(taskDefinition=f"server:{number}")
    with refused("ClientException"):
        described(driver, "server")


def test_deregistering_names_a_revision_that_is_active(driver: Driver) -> None:
    driver.register()
    with refused("ClientException", "Revision is missing."):
        driver.ecs.deregister_task_definition(taskDefinition="server")
    driver.ecs.deregister_task_definition(taskDefinition="server:1")
    with refused("ClientException", "inactive"):
        driver.ecs.deregister_task_definition(taskDefinition="server:1")


def test_only_inactive_revisions_are_deleted_and_ten_at_a_time(driver: Driver) -> None:
    arn = driver.register()
    answer = driver.ecs.delete_task_definitions(taskDefinitions=["server:1", "other:1"])
    assert [failure["arn"] for failure in answer["failures"]] == [arn, "other:1"]
    assert "still in ACTIVE status" in answer["failures"][0]["reason"]
    assert not answer["taskDefinitions"]
    for names in ([], ["server:1"] * 11):
        with refused("InvalidParameterException"):
            driver.ecs.delete_task_definitions(taskDefinitions=names)


def test_a_refused_registration_takes_no_number(driver: Driver) -> None:
    with refused("ClientException"):
        driver.register(cpu="much")
    assert driver.register().endswith(":1")


@pytest.mark.parametrize(
    "name",
    [
        "server:",
        "server:x",
        "server:2",
        "server:\N{SUPERSCRIPT ONE}",
        "task-definition/server:1",
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/server:1",
        "arn:aws:ecs:us-west-2:210987654321:task-definition/server:1",
        "arn:aws:ecs:us-west-2:123456789012:service/server:1",
    ],
)
def test_a_name_that_is_not_of_a_revision_here_finds_none(driver: Driver, name: str) -> None:
    driver.register()
    with refused("ClientException", "Unable to describe task definition."):
        described(driver, name)


def test_lists_are_by_family_status_and_order(driver: Driver) -> None:
    for family in ("web", "web", "web-old", "api"):
        driver.register(family=family)
    driver.ecs.deregister_task_definition(taskDefinition="web-old:1")
    assert listed(driver) == ["api:1", "web:1", "web:2"]
    assert listed(driver, sort="DESC") == ["web:2", "web:1", "api:1"]
    assert listed(driver, familyPrefix="web", status="INACTIVE") == [], "it is the whole name"

    def families(**wanted: Any) -> Any:
        return driver.ecs.list_task_definition_families(**wanted)["families"]

    assert families(familyPrefix="web") == ["web"], "here it is a prefix, and ACTIVE the default"
    assert families(status="ALL") == ["api", "web", "web-old"]
    assert families(status="INACTIVE") == ["web-old"]
    driver.ecs.delete_task_definitions(taskDefinitions=["web-old:1"])
    assert families(status="INACTIVE") == []


def test_tags_stand_beside_the_task_definition_and_only_if_asked_for(driver: Driver) -> None:
    arn = driver.register(tags=[{"key": "team", "value": "ml"}])
    assert "tags" not in driver.ecs.describe_task_definition(taskDefinition=arn)
    answer = driver.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    assert answer["tags"] == [{"key": "team", "value": "ml"}]
    assert "tags" not in answer["taskDefinition"]


def test_a_service_keeps_running_an_inactive_revision_that_no_other_can_use(
    driver: Driver,
) -> None:
    arn = driver.create(count=1)["taskDefinition"]
    driver.run_until_steady()
    driver.ecs.deregister_task_definition(taskDefinition=arn)
    driver.update(desiredCount=2)
    driver.run_until_steady()
    with refused("ClientException", "TaskDefinition is inactive"):
        driver.create("other", taskDefinition=arn)
    with refused("ClientException", "TaskDefinition is inactive"):
        driver.update(taskDefinition=arn)
    with refused("ClientException", "TaskDefinition is inactive"):
        driver.ecs.run_task(cluster="inference", taskDefinition=arn)


def deleted(driver: Driver, name: str) -> str:
    driver.ecs.deregister_task_definition(taskDefinition=name)
    answer = driver.ecs.delete_task_definitions(taskDefinitions=[name])
    status: str = answer["taskDefinitions"][0]["status"]
    return status


def leaving(driver: Driver) -> list[str]:
    return listed(driver, status="DELETE_IN_PROGRESS")


def test_a_deleted_revision_stays_until_its_last_task_has_stopped(driver: Driver) -> None:
    driver.register()
    (task,) = driver.ecs.run_task(cluster="inference", taskDefinition="server")["tasks"]
    assert deleted(driver, "server:1") == "DELETE_IN_PROGRESS"
    assert leaving(driver) == ["server:1"]
    assert described(driver, "server:1")["status"] == "DELETE_IN_PROGRESS"
    with refused("ClientException", "inactive"):
        driver.ecs.run_task(cluster="inference", taskDefinition="server:1")
    again = driver.ecs.delete_task_definitions(taskDefinitions=["server:1"])
    assert again["taskDefinitions"][0]["status"] == "DELETE_IN_PROGRESS"
    driver.run(10)
    driver.ecs.stop_task(cluster="inference", task=task["taskArn"])
    assert leaving(driver) == ["server:1"]
    driver.run(60)
    with refused("ClientException", "Unable to describe task definition."):
        described(driver, "server:1")
    assert leaving(driver) == []
    assert driver.register().endswith(":2"), "its number is not used again"


def test_a_deleted_revision_stays_until_no_service_deploys_it(driver: Driver) -> None:
    first = driver.create(count=1)["taskDefinition"].rsplit("/", 1)[-1]
    driver.run_until_steady()
    deleted(driver, first)
    driver.update(desiredCount=2)
    driver.run_until_steady()
    assert leaving(driver) == [first]
    driver.update(taskDefinition=driver.register(family="web"))
    assert leaving(driver) == [first], "its tasks still run"
    driver.run_until_steady()
    driver.run(60)
    assert leaving(driver) == []
    assert driver.ecs.list_task_definition_families()["families"] == ["web"]
    driver.update(desiredCount=0)
    deleted(driver, "web:2")
    assert leaving(driver) == ["web:2"], "the service still names it"
    driver.ecs.delete_service(cluster="inference", service="web")
    driver.run(60)
    assert leaving(driver) == []
