"""What agents and operators tell ECS about instances: registrations, attributes, queries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.refusals import refused

if TYPE_CHECKING:
    from support.driver import Driver

KIND = "container-instance"


def arns(driver: Driver, **wanted: Any) -> list[str]:
    answer = driver.ecs.list_container_instances(cluster="inference", **wanted)
    found: list[str] = answer["containerInstanceArns"]
    return found


def described(driver: Driver, *names: str, **members: Any) -> Any:
    return driver.ecs.describe_container_instances(
        cluster="inference", containerInstances=list(names), **members
    )


def register(driver: Driver, **members: Any) -> Any:
    document = {
        "instanceType": "inf2.xlarge",
        "instanceId": "i-1",
        "availabilityZone": "us-west-2c",
    }
    return driver.ecs.register_container_instance(
        cluster="inference", instanceIdentityDocument=json.dumps(document), **members
    )["containerInstance"]


def attribute(name: str, value: str | None = None, **target: str) -> dict[str, str]:
    return {"name": name, **({"value": value} if value is not None else {}), **target}


def put(driver: Driver, *attributes: dict[str, str]) -> None:
    driver.ecs.put_attributes(cluster="inference", attributes=list(attributes))


def test_an_agent_registers_with_its_attributes_resources_and_identity(driver: Driver) -> None:
    resources = [
        {"name": "CPU", "type": "INTEGER", "integerValue": 4000},
        {"name": "MEMORY", "type": "INTEGER", "integerValue": 15000},
    ]
    made = register(
        driver, attributes=[attribute("stack", "prod")], totalResources=resources, tags=[]
    )
    found = {each["name"]: each.get("value") for each in made["attributes"]}
    assert found["stack"] == "prod"
    assert found["ecs.instance-type"] == "inf2.xlarge"
    assert found["ecs.availability-zone"] == "us-west-2c"
    assert made["ec2InstanceId"] == "i-1"
    for kind in ("registeredResources", "remainingResources"):
        assert {each["name"]: each["integerValue"] for each in made[kind][:2]} == {
            "CPU": 4000,
            "MEMORY": 15000,
        }
    again = register(driver, attributes=[attribute("stack", "test")])
    assert again["containerInstanceArn"] == made["containerInstanceArn"], "it is the same machine"
    assert len(arns(driver)) == 3
    assert arns(driver, filter="attribute:stack == test") == [made["containerInstanceArn"]]


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "{}",
        "[]",
        '"inf2.xlarge"',
        '{"instanceType": 7}',
        '{"instanceType": "inf2.xlarge", "instanceId": ["i-1"]}',
        '{"instanceType": "inf2.xlarge", "availabilityZone": {}}',
        '{"instanceType": "inf9.huge"}',
    ],
)
def test_an_identity_document_has_to_name_a_type_of_ec2(driver: Driver, document: str) -> None:
    with refused("InvalidParameterException"):
        driver.ecs.register_container_instance(
            cluster="inference", instanceIdentityDocument=document
        )


def test_instances_are_found_by_the_query_language_and_by_status(driver: Driver) -> None:
    first, second = arns(driver)
    driver.create(count=1)
    driver.run_until_steady()
    (task,) = driver.tasks()
    busy = task["containerInstanceArn"]
    (idle,) = {first, second} - {busy}
    query = "attribute:ecs.instance-type == inf1.xlarge and task:group != service:web"
    assert arns(driver, filter=query) == [idle]
    assert arns(driver, filter="runningTasksCount == 1") == [busy]
    driver.ecs.update_container_instances_state(
        cluster="inference", containerInstances=[idle, "nope"], status="DRAINING"
    )
    assert arns(driver) == [first, second]
    assert arns(driver, status="ACTIVE") == [busy]
    assert arns(driver, status="DRAINING") == [idle]
    with refused("InvalidParameterException", "filter"):
        arns(driver, filter="((")


def test_instances_are_described_by_id_or_arn_of_their_cluster(driver: Driver) -> None:
    arn = arns(driver)[0]
    other = arn.replace("/inference/", "/other/")
    answer = described(driver, arn, arn.rsplit("/", 1)[-1], other, "nope")
    assert [each["containerInstanceArn"] for each in answer["containerInstances"]] == [arn] * 2
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"] * 2
    for names in ([], ["nope"] * 101):
        with refused("InvalidParameterException"):
            described(driver, *names)


def test_an_instance_with_tasks_is_deregistered_only_by_force(driver: Driver) -> None:
    driver.create(count=1)
    driver.run_until_steady()
    (task,) = driver.tasks()
    arn = task["containerInstanceArn"]
    with refused("InvalidParameterException", "running tasks"):
        driver.ecs.deregister_container_instance(cluster="inference", containerInstance=arn)
    gone = driver.ecs.deregister_container_instance(
        cluster="inference", containerInstance=arn, force=True
    )["containerInstance"]
    assert (gone["status"], gone["agentConnected"], gone["runningTasksCount"]) == (
        "INACTIVE",
        False,
        0,
    )
    assert described(driver, arn)["failures"][0]["reason"] == "MISSING"
    (stopped,) = driver.tasks(status="STOPPED")
    assert stopped["taskArn"] == task["taskArn"]
    again = driver.ecs.stop_task(cluster="inference", task=task["taskArn"])["task"]
    assert again["stoppedReason"] == stopped["stoppedReason"], "stopping twice does no harm"
    driver.run_until_steady()
    assert driver.tasks()[0]["containerInstanceArn"] != arn
    with refused("InvalidParameterException", "not found"):
        driver.ecs.deregister_container_instance(cluster="inference", containerInstance=arn)


def test_attributes_are_put_by_arn_or_by_id_with_the_targets_type(driver: Driver) -> None:
    arn, other = arns(driver)
    short = arn.rsplit("/", 1)[-1]
    put(driver, attribute("stack", "prod", targetId=arn))
    put(driver, attribute("rack", "7", targetId=short, targetType=KIND))
    put(driver, attribute("flag", targetId=arn, targetType=KIND))
    for target in (
        {"targetId": short},
        {"targetId": "nope", "targetType": KIND},
        {"targetId": arn.replace("/inference/", "/other/")},
        {},
    ):
        with refused("TargetNotFoundException"):
            put(driver, attribute("stack", "test", **target))

    def listed(**wanted: str) -> list[tuple[str, str, str | None]]:
        answer = driver.ecs.list_attributes(cluster="inference", targetType=KIND, **wanted)
        found = [(a["targetId"], a["name"], a.get("value")) for a in answer["attributes"]]
        return [each for each in found if not each[1].startswith(("ecs.", "com."))]

    assert listed() == [(arn, "stack", "prod"), (arn, "rack", "7"), (arn, "flag", None)]
    assert listed(attributeName="rack") == [(arn, "rack", "7")]
    assert listed(attributeName="rack", attributeValue="8") == []
    put(driver, attribute("stack", "test", targetId=arn), attribute("a", "b", targetId=other))
    assert listed(attributeName="stack") == [(arn, "stack", "test")]

    gone = [attribute("stack", "prod", targetId=arn), attribute("rack", targetId=arn)]
    answer = driver.ecs.delete_attributes(cluster="inference", attributes=gone)
    assert [each["name"] for each in answer["attributes"]] == ["rack"], "the other has a new value"
    assert listed(attributeName="rack") == []


def test_a_container_instance_has_ten_attributes_of_its_users(driver: Driver) -> None:
    arn, other = arns(driver)
    put(driver, *(attribute(f"a{number}", targetId=arn) for number in range(9)))
    with refused("AttributeLimitExceededException"):
        put(driver, attribute("b", targetId=arn), attribute("c", targetId=arn))
    put(driver, attribute("b", targetId=arn), attribute("a1", "changed", targetId=arn))
    with refused("AttributeLimitExceededException"):
        put(driver, attribute("c", targetId=other), attribute("c", targetId=arn))
    found = driver.ecs.list_attributes(cluster="inference", targetType=KIND, attributeName="c")
    assert found["attributes"] == [], "all or none of a call"
    with refused("InvalidParameterException", "10"):
        put(driver, *(attribute(f"a{number}", targetId=arn) for number in range(11)))
    for name, value in (("two words", "x"), ("a" * 129, "x"), ("a", " x"), ("a", "x" * 129)):
        with refused("InvalidParameterException", "Invalid"):
            put(driver, attribute(name, value, targetId=other))


def test_what_the_agent_says_is_not_for_users_to_change(driver: Driver) -> None:
    arn, _ = arns(driver)
    for name in ("ecs.instance-type", "com.amazonaws.ecs.capability.mine"):
        with refused("InvalidParameterException", "reserved"):
            put(driver, attribute("mine", targetId=arn), attribute(name, "x", targetId=arn))
        with refused("InvalidParameterException", "reserved"):
            driver.ecs.delete_attributes(
                cluster="inference", attributes=[attribute(name, targetId=arn)]
            )
    assert arns(driver, filter="attribute:ecs.instance-type == inf1.xlarge") == arns(driver)
    assert arns(driver, filter="attribute:mine exists") == []
