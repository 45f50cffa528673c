"""Instances that come, drain and go, and what that does to services."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from glia.neuron.catalogue import catalogue
from support.requests import NEURON_SAMPLE, container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver


def drain(driver: Driver, arn: str, status: str = "DRAINING") -> None:
    driver.ecs.update_container_instances_state(
        cluster="inference", containerInstances=[arn], status=status
    )


def resources(instance: Any, kind: str = "registeredResources") -> dict[str, Any]:
    found = {each["name"]: each for each in instance[kind]}
    integers = {name: found[name]["integerValue"] for name in ("CPU", "MEMORY")}
    return integers | {"PORTS": found["PORTS"]["stringSetValue"]}


def test_every_neuron_type_registers_its_resources_less_the_memory_reserve(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(*((name, 1) for name in catalogue()), memory_reserve=0.1)
    arns = driver.ecs.list_container_instances(cluster="inference")["containerInstanceArns"]
    answer = driver.ecs.describe_container_instances(cluster="inference", containerInstances=arns)
    for instance in answer["containerInstances"]:
        attributes = {each["name"]: each.get("value") for each in instance["attributes"]}
        machine = catalogue()[attributes["ecs.instance-type"]]
        found = resources(instance)
        assert found["CPU"] == 1024 * machine.vcpu
        assert found["MEMORY"] == math.floor(machine.memory_mib * 0.9)
        assert found["PORTS"] == ["22", "2375", "2376", "51678", "51679", "51680"]
        assert attributes["ecs.availability-zone"].startswith("us-west-2")


def test_a_type_outside_the_catalogue_comes_from_ec2s_data(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("m7g.large", 1))
    (instance,) = driver.sandbox.cluster.instances.values()
    assert (instance.capacity.cpu, instance.devices) == (2048, ())
    assert instance.attributes["ecs.cpu-architecture"] == "arm64"


def test_what_a_task_takes_is_missing_from_the_remaining_resources(driver: Driver) -> None:
    definition = driver.register(
        containerDefinitions=[
            container(cpu=512, portMappings=[{"containerPort": 80, "hostPort": 8080}])
        ]
    )
    driver.create(count=1, taskDefinition=definition)
    driver.run(10)
    (task,) = driver.tasks()
    (instance,) = driver.ecs.describe_container_instances(
        cluster="inference", containerInstances=[task["containerInstanceArn"]]
    )["containerInstances"]
    whole, left = resources(instance), resources(instance, "remainingResources")
    assert (whole["CPU"] - left["CPU"], whole["MEMORY"] - left["MEMORY"]) == (512, 1000)
    assert set(left["PORTS"]) - set(whole["PORTS"]) == {"8080"}
    assert instance["runningTasksCount"] == 1


@pytest.mark.parametrize(("low", "fewest"), [(100, 2), (50, 1)])
def test_draining_moves_service_tasks_within_the_percentages(
    make_driver: Callable[..., Driver], low: int, fewest: int
) -> None:
    driver = make_driver(("inf1.xlarge", 3))
    driver.create(
        deploymentConfiguration={
            "minimumHealthyPercent": low,
            "maximumPercent": 200 if low == 100 else 100,
        },
        placementConstraints=[{"type": "distinctInstance"}],
    )
    driver.run_until_steady()
    victim = driver.tasks()[0]["containerInstanceArn"]
    drain(driver, victim)
    running = []
    for _ in range(150):
        driver.run(1)
        running.append(driver.describe()["runningCount"])
    assert min(running) == fewest
    assert victim not in {task["containerInstanceArn"] for task in driver.tasks()}
    assert driver.describe()["deployments"][0]["rolloutState"] == "COMPLETED"
    drain(driver, victim, "ACTIVE")
    driver.update(desiredCount=3)
    driver.run_until_steady()


def test_pending_service_tasks_leave_a_draining_instance_at_once(driver: Driver) -> None:
    driver.create(count=2, placementConstraints=[{"type": "distinctInstance"}])
    driver.run(2)
    drain(driver, driver.tasks()[0]["containerInstanceArn"])
    driver.run(1)
    assert driver.statuses(status="STOPPED") == {"STOPPED": 1}


def test_a_lost_instance_takes_its_tasks_along_and_they_come_back_elsewhere(
    driver: Driver,
) -> None:
    driver.create()
    driver.run_until_steady()
    lost = driver.sandbox.cluster.instances[driver.tasks()[0]["containerInstanceArn"]]
    driver.sandbox.lose_instance(lost)
    (gone,) = driver.tasks(status="STOPPED")
    assert gone["stoppedReason"] == f"Host EC2 (instance {lost.ec2_instance_id}) terminated."
    driver.run_until(lambda: driver.statuses() == {"RUNNING": 2}, within=10)
    assert driver.describe()["deployments"][0]["failedTasks"] == 0


def test_an_agent_that_is_gone_gets_no_tasks(driver: Driver) -> None:
    for instance in driver.sandbox.cluster.instances.values():
        instance.agent_connected = False
    driver.create()
    driver.run(10)
    assert 'encountered error "AGENT"' in driver.messages()[-1]


def test_a_daemon_runs_once_on_every_instance_that_matches(driver: Driver) -> None:
    monitor = [container("monitor:1", name="monitor", memoryReservation=100)]
    match = [{"type": "memberOf", "expression": "attribute:kind !exists"}]
    driver.create(
        "monitor",
        schedulingStrategy="DAEMON",
        taskDefinition=driver.register(family="monitor", containerDefinitions=monitor),
        placementConstraints=match,
    )
    driver.run_until_steady("monitor")
    assert driver.describe("monitor")["desiredCount"] == 2
    driver.sandbox.add_instances("inf1.xlarge", kind="other")
    (fresh,) = driver.sandbox.add_instances("inf1.xlarge")
    driver.run(10)
    homes = {task["containerInstanceArn"] for task in driver.tasks("monitor")}
    assert len(homes) == 3
    assert fresh.arn in homes
    target = {"name": "kind", "value": "other", "targetId": fresh.arn}
    driver.ecs.put_attributes(cluster="inference", attributes=[target])
    driver.run(5)
    assert fresh.arn not in {task["containerInstanceArn"] for task in driver.tasks("monitor")}
    assert driver.describe("monitor")["desiredCount"] == 2


def test_a_daemon_is_updated_in_place_and_says_what_it_lacks(driver: Driver) -> None:
    def definition(version: int, memory: int) -> str:
        made = container(f"monitor:{version}", name="monitor", memoryReservation=memory)
        return driver.register(family="monitor", containerDefinitions=[made])

    driver.create("monitor", schedulingStrategy="DAEMON", taskDefinition=definition(1, 5000))
    driver.run_until_steady("monitor")
    new = definition(2, 5000)
    driver.update("monitor", taskDefinition=new)
    driver.run_until_steady("monitor")
    assert {task["taskDefinitionArn"] for task in driver.tasks("monitor")} == {new}
    driver.update("monitor", taskDefinition=definition(3, 9000))
    driver.run(60)
    assert driver.describe("monitor")["runningCount"] == 0
    assert "has insufficient memory available" in driver.messages("monitor")[-1]


def test_a_daemon_is_the_last_to_leave_a_draining_instance(driver: Driver) -> None:
    driver.create(count=1)
    driver.create("monitor", schedulingStrategy="DAEMON")
    driver.run_until_steady()
    home = driver.tasks()[0]["containerInstanceArn"]
    drain(driver, home)
    driver.run_until(lambda: driver.statuses(status="STOPPED")["STOPPING"] == 1, within=60)
    homes = [task["containerInstanceArn"] for task in driver.tasks("monitor")]
    assert home in homes
    driver.run_until(lambda: len(driver.tasks("monitor")) == 1, within=60)
    assert driver.statuses(status="STOPPED") == {"STOPPED": 1}


def test_a_daemon_leaves_an_instance_when_a_task_makes_it_match_no_longer(driver: Driver) -> None:
    apart = [{"type": "memberOf", "expression": "not(task:group == service:web)"}]
    driver.create("monitor", schedulingStrategy="DAEMON", placementConstraints=apart)
    driver.run(10)
    assert len(driver.tasks("monitor")) == 2
    driver.create(count=1)
    driver.run(10)
    assert driver.describe("monitor")["desiredCount"] == 1
    (monitor,), (web,) = driver.tasks("monitor"), driver.tasks()
    assert monitor["containerInstanceArn"] != web["containerInstanceArn"]


def test_a_daemon_keeps_as_many_healthy_as_it_is_told(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf1.xlarge", 4))
    driver.create(
        "monitor",
        schedulingStrategy="DAEMON",
        deploymentConfiguration={"minimumHealthyPercent": 75, "maximumPercent": 100},
    )
    driver.run(5)
    driver.run_until_steady("monitor")
    driver.update("monitor", taskDefinition=driver.register("monitor:2", family="monitor"))
    running = []
    for _ in range(120):
        driver.run(2)
        running.append(driver.describe("monitor")["runningCount"])
    assert min(running) == 3


def test_a_crashing_daemon_is_retried_ever_more_slowly(driver: Driver) -> None:
    driver.create("monitor", image="monitor:crash", schedulingStrategy="DAEMON")
    driver.run(1800)
    assert len(driver.tasks("monitor", "STOPPED")) < 30
    assert any("unable to consistently start" in text for text in driver.messages("monitor"))


def test_a_daemon_that_fails_trips_its_breaker(driver: Driver) -> None:
    driver.create(
        "monitor",
        image="monitor:crash",
        schedulingStrategy="DAEMON",
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
    )
    driver.run(120)
    assert driver.describe("monitor")["deployments"][0]["rolloutState"] == "FAILED"
    assert not driver.tasks("monitor")


def test_awss_own_neuron_sample_registers_unchanged_and_runs(driver: Driver) -> None:
    answer = driver.ecs.register_task_definition(**NEURON_SAMPLE)["taskDefinition"]
    assert "EC2" in answer["compatibilities"]
    assert answer["networkMode"] == "bridge"
    driver.create(
        count=2,
        taskDefinition=answer["taskDefinitionArn"],
        placementConstraints=[{"type": "distinctInstance"}],
    )
    driver.run_until_steady()
    ports = [
        binding["hostPort"]
        for task in driver.tasks()
        for binding in task["containers"][0]["networkBindings"]
    ]
    assert ports.count(8500) == ports.count(8501) == 2
    assert len([port for port in ports if port >= 32768]) == 2
