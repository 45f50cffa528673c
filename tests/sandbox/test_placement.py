"""Where tasks go: resources, constraints, strategies, in ECS's order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from support.requests import chip, container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

DISTINCT = [{"type": "distinctInstance"}]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def types_used(driver: Driver, name: str = "web") -> Counter[str]:
    instances = {each.arn: each for each in driver.sandbox.cluster.instances.values()}
    arns = [task["containerInstanceArn"] for task in driver.tasks(name)]
    return Counter(instances[arn].instance_type for arn in arns)


def spread(driver: Driver, name: str = "web") -> list[int]:
    """How many tasks each instance in use has, most first."""
    counts = Counter(task["containerInstanceArn"] for task in driver.tasks(name))
    return sorted(counts.values(), reverse=True)


@pytest.mark.parametrize(
    ("members", "fits", "sentence"),
    [
        pytest.param(
            {"cpu": 2048}, 4, "has insufficient CPU units available", id="4,096 CPU units each"
        ),
        pytest.param(
            {"memoryReservation": 3800},
            4,
            "has insufficient memory available",
            id="8,192 MiB less 5 % each",
        ),
        pytest.param(
            {"memoryReservation": 1000, "memory": 7000},
            14,
            "has insufficient memory available",
            id="the soft limit is what is booked",
        ),
        pytest.param(
            {"portMappings": [{"containerPort": 80, "hostPort": 8080}]},
            2,
            "is already using a port required by your task",
            id="a static port once an instance",
        ),
    ],
)
def test_a_resource_that_runs_out_is_named(
    driver: Driver, members: dict[str, Any], fits: int, sentence: str
) -> None:
    definition = driver.register(containerDefinitions=[container(**members)])
    driver.create(count=fits + 1, taskDefinition=definition)
    driver.run(10)
    assert driver.describe()["runningCount"] == fits
    assert "The closest matching (container-instance " in driver.messages()[-1]
    assert sentence in driver.messages()[-1]


def test_an_empty_cluster_is_told_in_ecs_words(make_driver: Callable[..., Driver]) -> None:
    driver = make_driver(("inf1.xlarge", 0))
    driver.create()
    driver.run(10)
    assert driver.messages() == [
        (
            "was unable to place a task because no container instance met all of its "
            "requirements. Reason: No Container Instances were found in your cluster. For more "
            "information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        )
    ]


def test_chips_are_no_resource_of_the_scheduler(make_driver: Callable[..., Driver]) -> None:
    driver = make_driver(("inf2.xlarge", 1))
    definition = driver.register(containerDefinitions=[container(linuxParameters=chip(0))])
    driver.create(count=2, taskDefinition=definition)
    driver.run(3)
    assert len(driver.tasks()) == 2


def test_an_instance_has_a_hundred_host_ports_the_reserved_ones_included(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf1.24xlarge", 1))
    ports = [{"containerPort": 80 + n, "hostPort": 10000 + n} for n in range(94)]
    full = driver.register(
        "a:1", family="full", containerDefinitions=[container(portMappings=ports)]
    )
    more = [{"containerPort": 80, "hostPort": 20000}]
    one = driver.register("a:1", family="one", containerDefinitions=[container(portMappings=more)])
    assert not driver.ecs.run_task(cluster="inference", taskDefinition=full)["failures"]
    (failure,) = driver.ecs.run_task(cluster="inference", taskDefinition=one)["failures"]
    assert failure["reason"] == "RESOURCE:PORTS"


def test_awsvpc_tasks_take_network_interfaces(make_driver: Callable[..., Driver]) -> None:
    driver = make_driver(("inf1.xlarge", 1))  # four interfaces, one of them the instance's own
    definition = driver.register(
        networkMode="awsvpc", containerDefinitions=[container(memoryReservation=100)]
    )
    driver.create(count=4, taskDefinition=definition, networkConfiguration=NETWORK)
    driver.run(20)
    assert driver.statuses() == {"RUNNING": 3}
    assert "RESOURCE:ENI" in driver.messages()[-1]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("attribute:ecs.instance-type == inf1.xlarge", {"inf1.xlarge"}),
        ("attribute:ecs.instance-type =~ inf2.*", {"inf2.xlarge", "inf2.8xlarge"}),
        ("attribute:ecs.instance-type in [inf2.xlarge, trn1.2xlarge]", {"inf2.xlarge"}),
        ("attribute:stack exists", {"inf2.8xlarge"}),
        ("attribute:stack !exists and not(attribute:ecs.instance-type =~ inf2.*)", {"inf1.xlarge"}),
        ("runningTasksCount > 0", set()),
        ("not(task:group == service:other)", {"inf2.xlarge", "inf2.8xlarge"}),
    ],
)
def test_member_of_confines_a_service(
    make_driver: Callable[..., Driver], expression: str, expected: set[str]
) -> None:
    driver = make_driver(("inf1.xlarge", 1), ("inf2.xlarge", 1))
    driver.sandbox.add_instances("inf2.8xlarge", stack="prod")
    only_inf1 = "attribute:ecs.instance-type == inf1.xlarge"
    driver.create(
        "other", count=1, placementConstraints=[{"type": "memberOf", "expression": only_inf1}]
    )
    driver.run_until_steady("other")
    confined = [{"type": "memberOf", "expression": expression}]
    if "runningTasksCount" in expression:
        confined.append({"type": "memberOf", "expression": "attribute:stack exists"})
    strategy = [{"type": "spread", "field": "instanceId"}]
    driver.create(count=3, placementConstraints=confined, placementStrategy=strategy)
    driver.run(10)
    assert set(types_used(driver)) == expected


def test_distinct_instance_counts_old_and_new_deployment_of_one_service_only(
    driver: Driver,
) -> None:
    driver.create("other", count=2, placementConstraints=DISTINCT)
    driver.create(count=3, placementConstraints=DISTINCT)
    driver.run_until_steady("other")
    assert spread(driver) == [1, 1]
    assert spread(driver, "other") == [1, 1]
    assert "DistinctInstance placement constraint unsatisfied" in driver.messages()[-1]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ([], [2, 2, 2]),
        ([{"type": "spread", "field": "instanceId"}], [1, 1, 1, 1, 1, 1]),
        ([{"type": "binpack", "field": "memory"}], [6]),
        (
            [
                {"type": "spread", "field": "attribute:ecs.availability-zone"},
                {"type": "binpack", "field": "cpu"},
            ],
            [2, 2, 2],
        ),
    ],
)
def test_strategies_are_applied_in_their_order(
    make_driver: Callable[..., Driver], strategy: list[dict[str, str]], expected: list[int]
) -> None:
    driver = make_driver(("inf1.2xlarge", 6))  # two in each of three zones
    definition = driver.register(containerDefinitions=[container(cpu=256)])
    driver.create(count=6, taskDefinition=definition, placementStrategy=strategy)
    driver.run(10)
    assert spread(driver) == expected


def test_an_attribute_that_the_agent_lacks_keeps_a_task_away(driver: Driver) -> None:
    for instance in driver.sandbox.cluster.instances.values():
        del instance.attributes["com.amazonaws.ecs.capability.privileged-container"]
    definition = driver.register(containerDefinitions=[container(privileged=True)])
    driver.create(taskDefinition=definition)
    driver.run(10)
    assert "is missing an attribute required by your task" in driver.messages()[-1]


def test_room_that_appears_is_found_by_the_services_that_wait(driver: Driver) -> None:
    definition = driver.register(containerDefinitions=[container(memoryReservation=7000)])
    driver.create("first", taskDefinition=definition)
    driver.run_until_steady("first")
    driver.create("second", taskDefinition=definition)
    driver.run(600)
    assert driver.describe("second")["runningCount"] == 0
    driver.update("first", desiredCount=0)
    driver.run_until_steady("second", within=120)


def test_a_constraint_on_other_tasks_is_looked_at_again_when_they_start(driver: Driver) -> None:
    beside = [{"type": "memberOf", "expression": "task:group == service:b"}]
    driver.create("a", count=1, placementConstraints=beside)
    driver.run(30)
    assert not driver.tasks("a")
    driver.create("b", count=1)
    driver.run(10)
    assert driver.statuses("a") == {"RUNNING": 1}


def test_the_closest_instance_is_one_that_only_lacks_a_resource(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf2.xlarge", 1), ("inf1.xlarge", 1), ("trn1.2xlarge", 1))
    only = [{"type": "memberOf", "expression": "attribute:ecs.instance-type == inf1.xlarge"}]
    definition = driver.register(containerDefinitions=[container(memoryReservation=9000)])
    driver.create(count=1, taskDefinition=definition, placementConstraints=only)
    driver.run(5)
    assert "has insufficient memory available" in driver.messages()[-1]


def test_capacity_providers_share_tasks_by_base_and_weight(driver: Driver) -> None:
    for name, instance in zip(
        ("spot", "steady"), driver.sandbox.cluster.instances.values(), strict=True
    ):
        driver.ecs.create_capacity_provider(
            name=name,
            autoScalingGroupProvider={
                "autoScalingGroupArn": f"arn:aws:autoscaling:us-west-2:123456789012:{name}"
            },
        )
        instance.capacity_provider = name
    driver.ecs.put_cluster_capacity_providers(
        cluster="inference",
        capacityProviders=["spot", "steady"],
        defaultCapacityProviderStrategy=[],
    )
    definition = driver.register(containerDefinitions=[container(memoryReservation=100)])
    driver.create(
        count=7,
        taskDefinition=definition,
        capacityProviderStrategy=[
            {"capacityProvider": "steady", "base": 1, "weight": 1},
            {"capacityProvider": "spot", "weight": 2},
        ],
    )
    driver.run(10)
    chosen = Counter(task["capacityProviderName"] for task in driver.tasks())
    assert chosen == {"steady": 3, "spot": 4}
    assert "launchType" not in driver.describe()
