"""Services converge and roll as on ECS: by the percentages, old and new side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.requests import container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

CHECK = {"command": ["CMD", "true"], "interval": 10, "retries": 2}


def percents(low: int, high: int, **members: Any) -> dict[str, Any]:
    return {"minimumHealthyPercent": low, "maximumPercent": high, **members}


def test_a_new_service_is_complete_once_its_tasks_count_as_healthy(driver: Driver) -> None:
    created = driver.create()
    assert created["runningCount"] == created["pendingCount"] == 0
    driver.run_until(lambda: driver.statuses() == {"RUNNING": 2}, within=10)
    assert driver.describe()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert 35 < driver.run_until_steady() <= 45
    deployment = driver.describe()["deployments"][0]["id"]
    assert driver.messages()[0].startswith("has started 2 tasks: (task ")
    assert driver.messages()[1:] == [
        f"(deployment {deployment}) deployment completed.",
        "has reached a steady state.",
    ]


def test_a_task_passes_through_its_life_with_a_time_for_every_step(driver: Driver) -> None:
    driver.create(count=1)
    seen = []
    for _ in range(8):
        driver.run(1)
        seen += [task["lastStatus"] for task in driver.tasks()]
    (task,) = driver.tasks()
    driver.ecs.stop_task(cluster="inference", task=task["taskArn"], reason="for the test")
    for _ in range(33):
        seen += [task["lastStatus"] for task in driver.tasks(status="STOPPED")]
        driver.run(1)
    assert list(dict.fromkeys(seen)) == [
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "STOPPING",
        "STOPPED",
    ]
    (stopped,) = driver.tasks(status="STOPPED")
    steps = ("createdAt", "pullStartedAt", "pullStoppedAt", "startedAt", "stoppingAt", "stoppedAt")
    times = [stopped[step] for step in steps]
    assert times == sorted(times)
    assert (stopped["stoppedAt"] - stopped["stoppingAt"]).total_seconds() == 30
    assert (stopped["stopCode"], stopped["stoppedReason"]) == ("UserInitiated", "for the test")
    assert stopped["containers"][0]["exitCode"] == 137


def test_stop_timeout_and_a_server_that_obeys_sigterm_shorten_the_stop(driver: Driver) -> None:
    durations = {}
    for image, timeout in (("s:1", 5), ("s:quick-stop", None), ("s:1", None)):
        definition = driver.register(
            family=f"f{timeout}-{image[2:]}",
            containerDefinitions=[container(image, stopTimeout=timeout)],
        )
        (task,) = driver.ecs.run_task(cluster="inference", taskDefinition=definition)["tasks"]
        driver.run(10)
        driver.ecs.stop_task(cluster="inference", task=task["taskArn"])
        driver.run(31)
        (stopped,) = driver.ecs.describe_tasks(cluster="inference", tasks=[task["taskArn"]])[
            "tasks"
        ]
        durations[image, timeout] = (stopped["stoppedAt"] - stopped["stoppingAt"]).total_seconds()
    assert durations == {("s:1", 5): 5, ("s:quick-stop", None): 1, ("s:1", None): 30}


@pytest.mark.parametrize(
    ("count", "low", "high", "fewest", "most"),
    [
        pytest.param(4, 100, 200, 4, 8, id="the default starts a second set first"),
        pytest.param(4, 50, 100, 2, 4, id="half may be away and none is added"),
        pytest.param(4, 0, 100, 0, 4, id="all may be away"),
        pytest.param(3, 50, 100, 2, 3, id="the lower limit is rounded up"),
        pytest.param(3, 100, 150, 3, 4, id="the upper limit is rounded down"),
    ],
)
def test_a_rollout_keeps_between_the_percentages(
    make_driver: Callable[..., Driver], count: int, low: int, high: int, fewest: int, most: int
) -> None:
    driver = make_driver(("inf1.xlarge", 8))
    driver.create(count=count, deploymentConfiguration=percents(low, high))
    driver.run_until_steady()
    new = driver.register("server:2", family="web")
    driver.update(taskDefinition=new)
    running: list[int] = []
    live: list[int] = []

    def done() -> bool:
        service = driver.describe()
        running.append(service["runningCount"])
        live.append(service["runningCount"] + service["pendingCount"])
        return (
            len(service["deployments"]) == 1
            and service["deployments"][0]["rolloutState"] == "COMPLETED"
        )

    driver.run_until(done, within=600)
    assert (min(running), max(live)) == (fewest, most)
    assert {task["taskDefinitionArn"] for task in driver.tasks()} == {new}


def test_old_and_new_deployment_stand_side_by_side_until_the_old_has_given_way(
    driver: Driver,
) -> None:
    driver.create(deploymentConfiguration=percents(50, 100))
    driver.run_until_steady()
    old = driver.describe()["taskDefinition"]
    new = driver.register("server:2", family="web")
    driver.update(taskDefinition=new)
    driver.run_until(lambda: driver.describe()["deployments"][0]["runningCount"] == 1)
    first, second = driver.describe()["deployments"]
    assert (first["status"], first["taskDefinition"], first["desiredCount"]) == ("PRIMARY", new, 2)
    assert (second["status"], second["taskDefinition"], second["desiredCount"]) == (
        "ACTIVE",
        old,
        0,
    )
    assert driver.describe()["taskDefinition"] == new
    driver.run_until_steady()


@pytest.mark.parametrize(("count", "low", "high"), [(2, 75, 100), (3, 100, 125)])
def test_percentages_that_cannot_move_hold_the_rollout_for_ever_and_say_so(
    driver: Driver, count: int, low: int, high: int
) -> None:
    driver.create(count=count, deploymentConfiguration=percents(low, high))
    driver.run_until_steady()
    driver.update(taskDefinition=driver.register("server:2", family="web"))
    driver.run(1800)
    assert driver.describe()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    assert driver.messages()[-1] == (
        "was unable to stop or start tasks during a deployment because of the service deployment "
        "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
    )


def test_the_default_percentages_wedge_on_a_full_fleet_until_there_is_room(
    driver: Driver,
) -> None:
    driver.create(placementConstraints=[{"type": "distinctInstance"}])
    driver.run_until_steady()
    driver.update(taskDefinition=driver.register("server:2", family="web"))
    driver.run(1800)
    assert driver.describe()["deployments"][0]["runningCount"] == 0
    assert "was unable to place a task" in driver.messages()[-1]
    assert len([text for text in driver.messages() if "unable to place" in text]) == 1
    driver.sandbox.add_instances("inf1.xlarge")
    driver.run_until_steady(within=600)


def test_scaling_changes_the_count_without_a_deployment(driver: Driver) -> None:
    before = driver.create(count=1)["deployments"][0]["id"]
    driver.run_until_steady()
    driver.update(desiredCount=3)
    driver.run_until_steady()
    driver.update(desiredCount=0)
    driver.run_until(lambda: not driver.tasks(), within=5)
    (deployment,) = driver.describe()["deployments"]
    assert (deployment["id"], deployment["rolloutState"]) == (before, "COMPLETED")
    assert driver.messages()[-1] == "has reached a steady state."


def test_a_second_update_supersedes_the_first(driver: Driver) -> None:
    driver.create(deploymentConfiguration=percents(50, 100))
    driver.run_until_steady()
    driver.update(taskDefinition=driver.register("server:2", family="web"))
    driver.run(45)
    latest = driver.register("server:3", family="web")
    driver.update(taskDefinition=latest)
    assert [each["status"] for each in driver.describe()["deployments"]] == [
        "PRIMARY",
        "ACTIVE",
        "ACTIVE",
    ]
    driver.run_until_steady()
    assert {task["taskDefinitionArn"] for task in driver.tasks()} == {latest}
    history = driver.ecs.list_service_deployments(cluster="inference", service="web")
    statuses = [entry["status"] for entry in history["serviceDeployments"]]
    assert statuses == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


@pytest.mark.parametrize(
    ("member", "value", "begins"),
    [
        ("forceNewDeployment", True, True),
        ("taskDefinition", "web:1", False),
        ("placementConstraints", [{"type": "distinctInstance"}], False),
        ("deploymentConfiguration", {"maximumPercent": 150}, False),
        ("enableExecuteCommand", True, False),
        ("serviceRegistries", [{"registryArn": "arn:aws:sd"}], True),
    ],
)
def test_only_what_tasks_are_made_of_begins_a_deployment(
    driver: Driver, member: str, value: object, *, begins: bool
) -> None:
    before = driver.create()["deployments"][0]["id"]
    driver.run_until_steady()
    changed: dict[str, Any] = {member: value}
    after = driver.update(**changed)["deployments"][0]["id"]
    assert (after != before) is begins


def test_a_task_that_dies_is_replaced_and_the_deployment_stays_complete(driver: Driver) -> None:
    driver.create(image="server:exit", count=1)
    driver.run_until(lambda: driver.statuses() == {"RUNNING": 1})
    first = driver.tasks()[0]["taskArn"]
    driver.run(30)
    (dead,) = driver.tasks(status="STOPPED")
    assert dead["taskArn"] == first
    assert (dead["stopCode"], dead["containers"][0]["exitCode"]) == ("EssentialContainerExited", 1)
    assert driver.statuses() == {"RUNNING": 1}
    assert driver.describe()["deployments"][0]["failedTasks"] == 0  # it had been running


def test_health_checks_decide_when_a_slow_model_is_ready(driver: Driver) -> None:
    definition = driver.register(
        containerDefinitions=[container("server:slow", healthCheck={**CHECK, "startPeriod": 300})]
    )
    driver.create(taskDefinition=definition)
    driver.run(200)
    assert {task["healthStatus"] for task in driver.tasks()} == {"UNKNOWN"}
    assert driver.run_until_steady() > 100
    assert {task["healthStatus"] for task in driver.tasks()} == {"HEALTHY"}


def test_a_task_that_never_gets_healthy_is_stopped_and_counts_as_failed(driver: Driver) -> None:
    checked = container("server:never-healthy", healthCheck=CHECK)
    driver.create(count=1, taskDefinition=driver.register(containerDefinitions=[checked]))
    driver.run(40)
    (stopped,) = driver.tasks(status="STOPPED")
    assert stopped["stoppedReason"] == "Task failed container health checks"
    assert stopped["healthStatus"] == "UNHEALTHY"
    assert driver.describe()["deployments"][0]["failedTasks"] == 1


def test_a_grace_period_overlooks_a_containers_own_checks_too(driver: Driver) -> None:
    loads_long = container("server:slow", healthCheck=CHECK)  # its checks give up after 20 s
    driver.create(
        taskDefinition=driver.register(containerDefinitions=[loads_long]),
        healthCheckGracePeriodSeconds=900,
    )
    driver.run_until_steady()
    assert driver.describe()["deployments"][0]["failedTasks"] == 0


def test_the_first_check_that_fails_decides(driver: Driver) -> None:
    soon = container("server:never-healthy", healthCheck=CHECK)
    late = container("log:never-healthy", name="log", healthCheck={**CHECK, "retries": 10})
    driver.create(
        count=1, taskDefinition=driver.register(containerDefinitions=[late, soon], cpu="512")
    )
    driver.run(40)
    assert len(driver.tasks(status="STOPPED")) == 1


def test_scaling_in_spares_the_tasks_that_serve(driver: Driver) -> None:
    driver.create(count=2)
    driver.run_until_steady()
    serving = {task["taskArn"] for task in driver.tasks()}
    driver.update(desiredCount=4)
    driver.run(8)
    assert driver.statuses() == {"RUNNING": 4}
    driver.update(desiredCount=2)
    driver.run(5)
    assert {task["taskArn"] for task in driver.tasks()} == serving


def test_a_deleted_services_timers_leave_its_successor_alone(driver: Driver) -> None:
    driver.create(image="server:crash", count=1)
    driver.run(30)  # it waits for its next try by now
    driver.ecs.delete_service(cluster="inference", service="web", force=True)
    driver.run_until(lambda: driver.describe()["status"] == "INACTIVE")
    for _ in range(10):
        driver.create(image="server:quick-stop", count=1)
        driver.run_until(lambda: driver.statuses() == {"RUNNING": 1}, within=15)
        driver.ecs.delete_service(cluster="inference", service="web", force=True)
        driver.run_until(lambda: driver.describe()["status"] == "INACTIVE")


def test_events_are_repeated_when_they_happen_again_or_six_hours_have_passed(
    driver: Driver,
) -> None:
    def complaints() -> int:
        return sum("unable to place" in text for text in driver.messages())

    driver.create(count=3, placementConstraints=[{"type": "distinctInstance"}])
    driver.run(300)
    assert complaints() == 1
    driver.run(6 * 3600)
    driver.sandbox.add_instances("inf2.xlarge")[0].agent_connected = False  # all look again
    driver.run(5)
    assert complaints() == 2
    driver.update(desiredCount=2)
    driver.run_until_steady()
    driver.update(desiredCount=3)
    driver.run(5)
    assert complaints() == 3


def test_targets_of_a_load_balancer_have_a_grace_period_and_drain_before_the_stop(
    driver: Driver,
) -> None:
    group = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/0123456789abcdef"
    served = container("server:never-healthy", portMappings=[{"containerPort": 80}])
    driver.create(
        count=1,
        taskDefinition=driver.register(containerDefinitions=[served]),
        loadBalancers=[{"targetGroupArn": group, "containerName": "server", "containerPort": 80}],
        healthCheckGracePeriodSeconds=600,
    )
    driver.run(600)
    assert driver.statuses() == {"RUNNING": 1}
    driver.run(100)
    assert driver.statuses(status="STOPPED") == {"DEACTIVATING": 1}
    (stopped,) = driver.tasks(status="STOPPED")
    assert stopped["stoppedReason"] == f"Task failed ELB health checks in (target-group {group})"
    driver.run(330)
    assert driver.statuses(status="STOPPED")["STOPPED"] == 1


@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "LINEAR", "CANARY"])
def test_other_strategies_run_a_full_second_set_and_bake(
    make_driver: Callable[..., Driver], strategy: str
) -> None:
    driver = make_driver(("inf1.xlarge", 4))
    group = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/{}/0123456789abcdef"
    served = container("server:1", portMappings=[{"containerPort": 80}])
    role = "arn:aws:iam::123456789012:role/infrastructure"
    configuration = percents(100, 200, strategy=strategy)
    members: dict[str, dict[str, Any]] = {
        "BLUE_GREEN": {"bakeTimeInMinutes": 5},
        "LINEAR": {"linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 1}},
        "CANARY": {"canaryConfiguration": {"canaryPercent": 10.0, "canaryBakeTimeInMinutes": 1}},
    }
    configuration |= members[strategy]
    driver.create(
        taskDefinition=driver.register(containerDefinitions=[served]),
        deploymentConfiguration=configuration,
        loadBalancers=[
            {
                "targetGroupArn": group.format("blue"),
                "containerName": "server",
                "containerPort": 80,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": group.format("green"),
                    "productionListenerRule": "arn:aws:elasticloadbalancing:rule",
                    "roleArn": role,
                },
            }
        ],
    )
    driver.run_until_steady()
    driver.update(forceNewDeployment=True)
    driver.run_until(lambda: driver.statuses() == {"RUNNING": 4}, within=10)
    baked = driver.run_until_steady(within=900)
    assert baked >= (300 if strategy == "BLUE_GREEN" else 30)
