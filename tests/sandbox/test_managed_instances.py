"""Managed Instances, as far as ``NeuronDevice = ALL`` needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.requests import container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

NETWORK = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}


def provider(*allowed: str) -> dict[str, Any]:
    return {
        "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
        "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/managed",
            "networkConfiguration": NETWORK,
            "instanceRequirements": {
                "vCpuCount": {"min": 1},
                "memoryMiB": {"min": 1},
                "allowedInstanceTypes": list(allowed),
            },
        },
    }


@pytest.fixture
def driver(make_driver: Callable[..., Driver]) -> Driver:
    driver = make_driver(("inf1.xlarge", 0))
    driver.ecs.create_capacity_provider(
        name="neuron", cluster="inference", managedInstancesProvider=provider("inf2.*", "trn1.*")
    )
    return driver


def create(driver: Driver, count: int, **sizes: str) -> None:
    whole = [{"type": "NeuronDevice", "value": "ALL"}]
    definition = driver.register(
        requiresCompatibilities=["MANAGED_INSTANCES"],
        networkMode="awsvpc",
        containerDefinitions=[container(resourceRequirements=whole, memoryReservation=None)],
        **{"cpu": "4096", "memory": "8192", **sizes},
    )
    driver.create(
        count=count,
        taskDefinition=definition,
        capacityProviderStrategy=[{"capacityProvider": "neuron", "weight": 1}],
        networkConfiguration={"awsvpcConfiguration": NETWORK},
    )


def test_each_task_gets_an_instance_of_the_smallest_allowed_type_and_all_its_chips(
    driver: Driver,
) -> None:
    create(driver, 2)
    driver.run_until_steady()
    tasks = driver.tasks()
    arns = [task["containerInstanceArn"] for task in tasks]
    assert len(set(arns)) == 2
    assert {task["capacityProviderName"] for task in tasks} == {"neuron"}
    assert [task["containers"][0]["neuronDeviceIds"] for task in tasks] == [["0"], ["0"]]
    answer = driver.ecs.describe_container_instances(cluster="inference", containerInstances=arns)
    for instance in answer["containerInstances"]:
        kinds = {each["name"]: each.get("value") for each in instance["attributes"]}
        assert kinds["ecs.instance-type"] == "inf2.xlarge"
        assert instance["capacityProviderName"] == "neuron"
        registered, remaining = (
            next(each for each in instance[kind] if each["name"] == "NEURON_DEVICES")
            for kind in ("registeredResources", "remainingResources")
        )
        assert (registered["stringSetValue"], remaining["stringSetValue"]) == (["0"], [])


def test_a_task_that_needs_more_gets_a_larger_type_with_more_chips(driver: Driver) -> None:
    create(driver, 1, cpu="65536", memory="262144")
    driver.run_until_steady()
    (task,) = driver.tasks()
    assert task["containers"][0]["neuronDeviceIds"] == ["0", "1", "2", "3", "4", "5"]


def test_nothing_is_launched_that_no_allowed_type_could_hold(driver: Driver) -> None:
    create(driver, 1, cpu="196608", memory="1048576")
    driver.run(300)
    assert not driver.sandbox.cluster.instances
    assert "was unable to place a task" in driver.messages()[-1]


def test_awss_managed_sample_gets_an_instance_that_holds_it_and_never_an_inf1(
    make_driver: Callable[..., Driver],
) -> None:
    """8,192 CPU units and 16,384 MiB (developer guide): an inf2.xlarge has neither."""
    driver = make_driver(("inf1.xlarge", 0))
    driver.ecs.create_capacity_provider(
        name="neuron", cluster="inference", managedInstancesProvider=provider("*")
    )
    create(driver, 1, cpu="8192", memory="16384")
    driver.run_until_steady()
    (instance,) = driver.sandbox.cluster.instances.values()
    assert instance.instance_type == "trn1.2xlarge"


def test_a_daemon_runs_on_its_own_providers_instances_only(driver: Driver) -> None:
    create(driver, 1)
    driver.run_until_steady()
    driver.create("plain", schedulingStrategy="DAEMON")
    driver.run(10)
    assert driver.describe("plain")["desiredCount"] == 0


def test_an_empty_managed_instance_ends_and_ec2_tasks_never_use_one(driver: Driver) -> None:
    create(driver, 1)
    driver.run_until_steady()
    definition = driver.register(family="plain")
    failures = driver.ecs.run_task(cluster="inference", taskDefinition=definition)["failures"]
    assert failures
    driver.run(1000)
    assert driver.statuses() == {"RUNNING": 1}  # a busy one stays
    driver.update(desiredCount=0)
    driver.run(300)
    assert driver.sandbox.cluster.instances
    driver.run(60)
    assert not driver.sandbox.cluster.instances
