"""The agent's half: chips that clash, queues that wait for what is really free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.requests import chip, container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

BUSY = "NRT:nrt_init NeuronCore(s) not available - Requested:nc0-nc{} Available:0"


def run(driver: Driver, **members: Any) -> Any:
    """One standalone task of one container with these members."""
    made = container(**members)
    definition = driver.register(family="one", containerDefinitions=[made])
    answer = driver.ecs.run_task(cluster="inference", taskDefinition=definition)
    assert not answer["failures"]
    return answer["tasks"][0]["taskArn"]


def look(driver: Driver, arn: str) -> Any:
    return driver.ecs.describe_tasks(cluster="inference", tasks=[arn])["tasks"][0]


def test_a_chip_in_use_kills_the_next_task_on_it_and_ecs_does_not_see_it_coming(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf2.xlarge", 1))
    first = run(driver, linuxParameters=chip(0))
    driver.run(10)
    second = run(driver, linuxParameters=chip(0))
    driver.run(10)
    assert look(driver, first)["lastStatus"] == "RUNNING"
    died = look(driver, second)
    assert (died["lastStatus"], died["stopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert died["containers"][0]["reason"] == BUSY.format(1)  # inf2: two cores a chip
    assert died["containers"][0]["exitCode"] == 1
    assert "startedAt" not in died


def test_a_stopping_task_holds_its_chip_until_it_has_stopped(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf2.xlarge", 1))
    first = run(driver, linuxParameters=chip(0))
    driver.run(10)
    driver.ecs.stop_task(cluster="inference", task=first)
    early = run(driver, linuxParameters=chip(0))
    driver.run(20)
    assert look(driver, first)["lastStatus"] == "STOPPING"
    assert look(driver, early)["containers"][0]["reason"] == BUSY.format(1)
    driver.run(15)
    late = run(driver, linuxParameters=chip(0))
    driver.run(10)
    assert look(driver, late)["lastStatus"] == "RUNNING"


def test_a_static_host_port_makes_the_next_task_wait_for_the_chip(
    make_driver: Callable[..., Driver],
) -> None:
    """The scheduler calls a port free when its task is told to stop, the agent when it has."""
    driver = make_driver(("inf2.xlarge", 1))
    locked: dict[str, Any] = {
        "linuxParameters": chip(0),
        "portMappings": [{"containerPort": 80, "hostPort": 18000}],
    }
    first = run(driver, **locked)
    driver.run(10)
    driver.ecs.stop_task(cluster="inference", task=first)
    second = run(driver, **locked)
    driver.run(25)
    assert look(driver, first)["lastStatus"] == "STOPPING"
    assert look(driver, second)["lastStatus"] == "PENDING"
    driver.run(10)
    assert look(driver, second)["lastStatus"] == "RUNNING"
    binding = look(driver, second)["containers"][0]["networkBindings"][0]
    assert (binding["hostPort"], binding["containerPort"]) == (18000, 80)


def test_the_queue_is_first_in_first_out_so_one_slow_stop_delays_all(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf2.xlarge", 1))
    big = run(driver, memoryReservation=15000)
    driver.run(10)
    driver.ecs.stop_task(cluster="inference", task=big)
    waits = run(driver, memoryReservation=10000)
    driver.run(3)
    small = run(driver, memoryReservation=100)  # would fit at once, but stands behind
    driver.run(10)
    assert [look(driver, arn)["lastStatus"] for arn in (waits, small)] == ["PENDING", "PENDING"]
    driver.run(25)
    assert [look(driver, arn)["lastStatus"] for arn in (waits, small)] == ["RUNNING", "RUNNING"]


def test_a_device_that_the_instance_does_not_have_keeps_the_task_from_starting(
    driver: Driver,
) -> None:
    arn = run(driver, linuxParameters=chip(3))
    driver.run(10)
    task = look(driver, arn)
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"] == (
        "CannotStartContainerError: Error response from daemon: error gathering device information "
        'while adding custom device "/dev/neuron3": no such file or directory'
    )


def test_two_services_on_the_same_chips_crash_loop_until_one_is_deleted(driver: Driver) -> None:
    on_chip = [container(linuxParameters=chip(0))]
    apart = [{"type": "distinctInstance"}]
    for name in ("first", "second"):
        definition = driver.register(family=name, containerDefinitions=on_chip)
        driver.create(name, taskDefinition=definition, placementConstraints=apart)
        driver.run(60)
    driver.run(240)
    assert driver.describe("first")["runningCount"] == 2
    second = driver.describe("second")
    assert second["runningCount"] == 0
    assert second["deployments"][0]["failedTasks"] > 5
    reasons = {task["containers"][0]["reason"] for task in driver.tasks("second", "STOPPED")}
    assert reasons == {BUSY.format(3)}  # inf1: four cores a chip
    driver.ecs.delete_service(cluster="inference", service="first", force=True)
    driver.run_until_steady("second", within=1200)


def test_every_container_gets_a_dynamic_host_port_of_its_own_while_it_runs(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf1.6xlarge", 1))
    port = [{"containerPort": 80}]
    both = [container(portMappings=port), container(name="log", portMappings=port)]
    definition = driver.register(family="two", containerDefinitions=both)
    answer = driver.ecs.run_task(cluster="inference", taskDefinition=definition, count=3)
    driver.run(10)

    def ports() -> list[int]:
        return sorted(
            binding["hostPort"]
            for task in driver.tasks(None)
            for each in task["containers"]
            for binding in each["networkBindings"]
        )

    assert ports() == list(range(32768, 32774))
    driver.ecs.stop_task(cluster="inference", task=answer["tasks"][0]["taskArn"])
    driver.run(31)
    driver.ecs.run_task(cluster="inference", taskDefinition=definition)
    driver.run(10)
    assert ports() == list(range(32768, 32774))


def test_a_task_stopped_before_it_runs_never_runs(driver: Driver) -> None:
    arns = [run(driver) for _ in range(3)]
    for seconds, arn in zip((0, 1, 1), arns, strict=True):  # PROVISIONING, PENDING, PENDING
        driver.run(seconds)
        driver.ecs.stop_task(cluster="inference", task=arn)
    driver.run(30)
    for arn in arns:
        assert look(driver, arn)["lastStatus"] == "STOPPED"
        assert "startedAt" not in look(driver, arn)


def test_a_stopped_task_can_be_seen_for_an_hour(driver: Driver) -> None:
    arn = run(driver)
    driver.ecs.stop_task(cluster="inference", task=arn)
    driver.run(3590)
    assert look(driver, arn)["lastStatus"] == "STOPPED"
    driver.run(20)
    answer = driver.ecs.describe_tasks(cluster="inference", tasks=[arn])
    assert answer["failures"] == [{"arn": arn, "reason": "MISSING"}]


@pytest.mark.parametrize("essential", [True, False])
def test_only_an_essential_container_takes_its_task_down(
    driver: Driver, *, essential: bool
) -> None:
    both = [container(), container("log:exit", name="log", essential=essential)]
    definition = driver.register(family="two", containerDefinitions=both)
    answer = driver.ecs.run_task(cluster="inference", taskDefinition=definition)
    driver.run(60)
    task = look(driver, answer["tasks"][0]["taskArn"])
    assert task["lastStatus"] == ("STOPPED" if essential else "RUNNING")
