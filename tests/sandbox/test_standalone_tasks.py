"""Tasks without a service: run, started, stopped, and told of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.refusals import refused
from support.requests import container

if TYPE_CHECKING:
    from support.driver import Driver

AWSVPC = {"awsvpcConfiguration": {"subnets": ["subnet-1", "subnet-2"]}}


def run(driver: Driver, definition: str = "server", **members: Any) -> Any:
    return driver.ecs.run_task(cluster="inference", taskDefinition=definition, **members)


def described(driver: Driver, *tasks: str, cluster: str = "inference") -> Any:
    return driver.ecs.describe_tasks(cluster=cluster, tasks=list(tasks))


def listed(driver: Driver, **wanted: Any) -> set[str]:
    return set(driver.ecs.list_tasks(cluster="inference", **wanted)["taskArns"])


def test_a_task_runs_until_it_is_stopped_however_often_it_is_described(driver: Driver) -> None:
    driver.register()
    (task,) = run(driver, startedBy="me", group="batch")["tasks"]
    arn = task["taskArn"]
    statuses = []
    for _ in range(6):
        (shown,) = described(driver, arn)["tasks"]
        statuses.append(shown["lastStatus"])
        driver.run(1)
    assert statuses == ["PROVISIONING", "PENDING", "PENDING", "PENDING", "RUNNING", "RUNNING"]
    assert (shown["startedBy"], shown["group"], shown["desiredStatus"]) == (
        "me",
        "batch",
        "RUNNING",
    )
    assert shown["createdAt"] < shown["pullStartedAt"] < shown["startedAt"]
    assert shown["containers"][0]["taskArn"] == arn
    stopping = driver.ecs.stop_task(cluster="inference", task=arn, reason="enough")["task"]
    assert (stopping["lastStatus"], stopping["desiredStatus"]) == ("STOPPING", "STOPPED")
    driver.run(31)
    (stopped,) = described(driver, arn.rsplit("/", 1)[-1])["tasks"]
    assert stopped["lastStatus"] == "STOPPED"
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "enough")
    assert listed(driver) == set()
    assert listed(driver, desiredStatus="STOPPED") == {arn}


def test_what_finds_no_place_is_a_failure_and_the_rest_runs(driver: Driver) -> None:
    driver.register(containerDefinitions=[container(memoryReservation=5000)])
    answer = run(driver, count=3)
    assert len(answer["tasks"]) == 2
    assert [each["reason"] for each in answer["failures"]] == ["RESOURCE:MEMORY"]
    assert answer["failures"][0]["arn"] in {t["containerInstanceArn"] for t in answer["tasks"]}
    driver.ecs.create_cluster(clusterName="empty")
    nowhere = driver.ecs.run_task(cluster="empty", taskDefinition="server")
    assert nowhere["failures"] == [{"reason": "NO ACTIVE INSTANCES"}]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"count": 0}, "Count"),
        ({"count": 11}, "Count"),
        ({"propagateTags": "SERVICE"}, "SERVICE"),
        ({"overrides": {"containerOverrides": [{"name": "nope"}]}}, "nope"),
        ({"overrides": {"containerOverrides": [{"name": "server", "cpu": -1}]}}, "negative"),
        ({"overrides": {"cpu": "much"}}, "'cpu'"),
        ({"overrides": {"cpu": "64"}}, "between 128"),
        ({"overrides": {"memory": "abc"}}, "'memory'"),
        ({"capacityProviderStrategy": [{"capacityProvider": "nope"}]}, "'nope' was not found"),
        ({"launchType": "FARGATE"}, "launch_type FARGATE"),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, "launch_type FARGATE"),
        ({"networkConfiguration": AWSVPC}, "Network Configuration is not valid"),
        ({"placementConstraints": [{"type": "memberOf", "expression": "(("}]}, "expression"),
        (
            {"launchType": "EC2", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "both",
        ),
    ],
)
def test_a_run_that_does_not_fit_is_refused(
    driver: Driver, members: dict[str, Any], words: str
) -> None:
    driver.register()
    with refused("InvalidParameterException", words):
        run(driver, **members)
    assert listed(driver) == set()


def test_a_repeated_token_runs_nothing_twice(driver: Driver) -> None:
    driver.register()
    first = run(driver, count=2, clientToken="once")
    driver.run(10)
    again = run(driver, count=2, clientToken="once")
    assert [each["taskArn"] for each in again["tasks"]] == [t["taskArn"] for t in first["tasks"]]
    assert {each["lastStatus"] for each in again["tasks"]} == {"RUNNING"}, "as they are now"
    assert {each["lastStatus"] for each in first["tasks"]} == {"PROVISIONING"}
    with refused("ConflictException"):
        run(driver, count=1, clientToken="once")
    assert len(listed(driver)) == 2


def test_constraints_and_strategies_of_the_run_decide_with_those_of_the_definition(
    driver: Driver,
) -> None:
    driver.register()
    one_each = run(driver, count=3, placementConstraints=[{"type": "distinctInstance"}])
    assert len({each["containerInstanceArn"] for each in one_each["tasks"]}) == 2
    assert one_each["failures"][0]["reason"] == "DistinctInstance placement constraint unsatisfied."
    packed = run(
        driver,
        count=2,
        group="packed",
        placementStrategy=[{"type": "binpack", "field": "memory"}],
    )
    assert len({each["containerInstanceArn"] for each in packed["tasks"]}) == 1


def test_overrides_change_what_a_task_takes(driver: Driver) -> None:
    driver.register()
    overrides = {"containerOverrides": [{"name": "server", "memoryReservation": 3000, "cpu": 512}]}
    (task,) = run(driver, overrides=overrides)["tasks"]
    assert (task["memory"], task["cpu"]) == ("3000", "512")
    assert task["overrides"] == overrides


def test_the_sizes_of_a_task_are_overridden_as_they_may_be_written(driver: Driver) -> None:
    driver.register()
    (task,) = run(driver, overrides={"cpu": "1 vCPU", "memory": "2 GB"})["tasks"]
    assert task["overrides"] == {"cpu": "1024", "memory": "2048"}
    (instance,) = driver.ecs.describe_container_instances(
        cluster="inference", containerInstances=[task["containerInstanceArn"]]
    )["containerInstances"]
    left = {each["name"]: each.get("integerValue") for each in instance["remainingResources"]}
    has = {each["name"]: each.get("integerValue") for each in instance["registeredResources"]}
    assert (has["CPU"] - left["CPU"], has["MEMORY"] - left["MEMORY"]) == (1024, 2048)


def test_tasks_are_started_on_one_to_ten_instances_and_of_definitions_for_ec2(
    driver: Driver,
) -> None:
    on_fargate = {"networkMode": "awsvpc", "cpu": "256", "memory": "1024"}
    driver.register()
    driver.register(family="web", requiresCompatibilities=["FARGATE"], **on_fargate)
    for family, count, words in (
        ("server", 0, "from 1 to 10"),
        ("server", 11, "from 1 to 10"),
        ("web", 1, "launch_type EC2"),
    ):
        with refused("InvalidParameterException", words):
            driver.ecs.start_task(
                cluster="inference", taskDefinition=family, containerInstances=["nope"] * count
            )


def test_fargate_needs_sizes_that_it_sells(driver: Driver) -> None:
    driver.register(requiresCompatibilities=None, networkMode="awsvpc")
    with refused("InvalidParameterException", "launch_type FARGATE"):
        run(driver, launchType="FARGATE", networkConfiguration=AWSVPC)
    driver.register(
        requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="1 GB"
    )
    with refused("InvalidParameterException", "No Fargate configuration"):
        run(
            driver,
            launchType="FARGATE",
            networkConfiguration=AWSVPC,
            overrides={"memory": "9 GB"},
        )
    larger = {"cpu": ".5 vCPU", "memory": "4 GB"}
    assert run(driver, launchType="FARGATE", networkConfiguration=AWSVPC, overrides=larger)["tasks"]


def test_tasks_are_started_on_the_very_instances_that_are_named(driver: Driver) -> None:
    arn = driver.register(containerDefinitions=[container(memoryReservation=5000)])
    first, second = driver.ecs.list_container_instances(cluster="inference")[
        "containerInstanceArns"
    ]

    def start(*instances: str) -> Any:
        return driver.ecs.start_task(
            cluster="inference", taskDefinition=arn, containerInstances=list(instances)
        )

    answer = start(first, "nope")
    assert [each["containerInstanceArn"] for each in answer["tasks"]] == [first]
    assert answer["failures"] == [{"arn": "nope", "reason": "MISSING"}]
    assert start(first)["failures"] == [{"arn": first, "reason": "RESOURCE:MEMORY"}]
    driver.ecs.update_container_instances_state(
        cluster="inference", containerInstances=[second], status="DRAINING"
    )
    assert start(second)["failures"] == [{"arn": second, "reason": "INACTIVE"}]
    assert len(listed(driver)) == 1


def test_a_task_of_its_own_network_shows_its_interface(driver: Driver) -> None:
    arn = driver.register(networkMode="awsvpc", requiresCompatibilities=["EC2"])
    with refused("InvalidParameterException", "Network Configuration"):
        run(driver)
    alone = run(driver, networkConfiguration=AWSVPC)["tasks"][0]["taskArn"]
    driver.create(taskDefinition=arn, networkConfiguration=AWSVPC, count=1)
    driver.run(2)
    (of_service,) = driver.tasks()
    seen = set()
    for task in (alone, of_service["taskArn"]):
        (shown,) = described(driver, task)["tasks"]
        (interface,) = shown["attachments"]
        assert (interface["type"], interface["status"]) == (
            "ElasticNetworkInterface",
            "ATTACHING",
        )
        assert shown["containers"][0]["networkInterfaces"] == []
        details = {each["name"]: each["value"] for each in interface["details"]}
        assert details["subnetId"] in {"subnet-1", "subnet-2"}
        seen |= {interface["id"], details["networkInterfaceId"], details["privateIPv4Address"]}
    assert len(seen) == 6, "every task has its own"
    driver.run_until_steady()
    (shown,) = described(driver, of_service["taskArn"])["tasks"]
    assert shown["attachments"][0]["status"] == "ATTACHED"
    assert shown["attachments"][0]["details"] == interface["details"]
    assert shown["containers"][0]["networkInterfaces"] == [
        {
            "attachmentId": interface["id"],
            "privateIpv4Address": details["privateIPv4Address"],
        }
    ]
    driver.ecs.stop_task(cluster="inference", task=alone)
    driver.run(40)
    assert described(driver, alone)["tasks"][0]["attachments"][0]["status"] == "DELETED"


def test_tasks_on_fargate_need_no_instance(driver: Driver) -> None:
    driver.register(
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        ephemeralStorage={"sizeInGiB": 30},
        containerDefinitions=[container(memoryReservation=None)],
    )
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    (plain,) = run(driver, launchType="FARGATE", networkConfiguration=AWSVPC)["tasks"]
    (cheap,) = run(driver, capacityProviderStrategy=spot, networkConfiguration=AWSVPC)["tasks"]
    for task in (plain, cheap):
        assert task["launchType"] == "FARGATE"
        assert (task["platformVersion"], task["platformFamily"]) == ("1.4.0", "Linux")
        assert task["ephemeralStorage"] == {"sizeInGiB": 30}
        assert "containerInstanceArn" not in task
    assert cheap["capacityProviderName"] == "FARGATE_SPOT"
    assert "capacityProviderName" not in plain
    driver.run(10)
    answer = described(driver, plain["taskArn"], cheap["taskArn"])
    assert {each["lastStatus"] for each in answer["tasks"]} == {"RUNNING"}
    assert len(listed(driver, launchType="FARGATE")) == 2
    cluster = driver.ecs.describe_clusters(clusters=["inference"], include=["STATISTICS"])
    statistics = {s["name"]: s["value"] for s in cluster["clusters"][0]["statistics"]}
    assert statistics["RunningFargateTasksCount"] == "2"
    assert statistics["runningEC2TasksCount"] == "0"


def test_every_filter_of_list_tasks_is_minded(driver: Driver) -> None:
    driver.create(count=1)
    driver.register(family="batch")
    batch = run(driver, "batch", startedBy="me")["tasks"][0]
    driver.run(3)
    (served,) = driver.tasks()
    arn = served["taskArn"]
    assert listed(driver) == {arn, batch["taskArn"]}
    assert listed(driver, serviceName="web") == {arn}
    assert listed(driver, serviceName=driver.describe()["serviceArn"]) == {arn}
    assert listed(driver, startedBy="me") == listed(driver, family="batch") == {batch["taskArn"]}
    assert listed(driver, startedBy=driver.describe()["deployments"][0]["id"]) == {arn}
    assert listed(driver, launchType="FARGATE") == listed(driver, desiredStatus="STOPPED") == set()
    for task in (served, batch):
        on = listed(driver, containerInstance=task["containerInstanceArn"])
        assert task["taskArn"] in on
    with refused("ServiceNotFoundException"):
        listed(driver, serviceName="nope")
    with refused("InvalidParameterException"):
        listed(driver, containerInstance="nope")


def test_tasks_belong_to_their_cluster(driver: Driver) -> None:
    driver.register()
    driver.ecs.create_cluster(clusterName="other")
    arn = run(driver)["tasks"][0]["taskArn"]
    theirs = arn.replace("/inference/", "/other/")
    assert [f["reason"] for f in described(driver, "nope", theirs)["failures"]] == ["MISSING"] * 2
    for wanted in (arn, theirs, arn.rsplit("/", 1)[-1]):
        assert described(driver, wanted, cluster="other")["tasks"] == []
        with refused("InvalidParameterException", "not found"):
            driver.ecs.stop_task(cluster="other", task=wanted)
    with refused("InvalidParameterException"):
        described(driver, *["nope"] * 101)
