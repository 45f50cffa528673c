"""Deployments that fail: the circuit breaker, the rollback, the history that remains."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from support.requests import chip, container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver


def configuration(*, rollback: bool = True, **breaker: Any) -> dict[str, Any]:
    return {
        "minimumHealthyPercent": 50,
        "maximumPercent": 100,
        "deploymentCircuitBreaker": {"enable": True, "rollback": rollback, **breaker},
    }


def history(driver: Driver) -> Any:
    answer = driver.ecs.list_service_deployments(cluster="inference", service="web")
    arns = [entry["serviceDeploymentArn"] for entry in answer["serviceDeployments"]]
    return driver.ecs.describe_service_deployments(serviceDeploymentArns=arns)["serviceDeployments"]


def test_a_crashing_image_is_rolled_back_to_the_last_completed_deployment(driver: Driver) -> None:
    driver.create(deploymentConfiguration=configuration())
    driver.run_until_steady()
    good = driver.describe()["deployments"][0]
    driver.update(taskDefinition=driver.register("server:crash", family="web"))
    bad = driver.describe()["deployments"][0]["id"]
    driver.run_until(lambda: driver.describe()["deployments"][0]["id"] != bad, within=300)
    primary = driver.describe()["deployments"][0]
    assert (primary["id"], primary["taskDefinition"]) == (good["id"], good["taskDefinition"])
    assert primary["rolloutStateReason"] == (
        f"ECS deployment circuit breaker: rolling back to deploymentId {good['id']}."
    )
    assert driver.describe()["taskDefinition"] == good["taskDefinition"]
    driver.run_until_steady()
    assert f"(deployment {bad}) deployment failed: tasks failed to start." in driver.messages()
    assert f"rolling back to deployment {good['id']}." in driver.messages()
    entry = history(driver)[0]
    assert entry["status"] == "ROLLBACK_SUCCESSFUL"
    assert entry["deploymentCircuitBreaker"] == {
        "status": "TRIGGERED",
        "failureCount": 3,
        "threshold": 3,
    }
    assert entry["rollback"]["serviceRevisionArn"].endswith(good["id"].removeprefix("ecs-svc/"))


def test_without_rollback_the_failed_deployment_starts_nothing_more(driver: Driver) -> None:
    driver.create(deploymentConfiguration=configuration(rollback=False))
    driver.run_until_steady()
    driver.update(taskDefinition=driver.register("server:crash", family="web"))
    driver.run(600)
    primary, old = driver.describe()["deployments"]
    assert (primary["rolloutState"], primary["failedTasks"]) == ("FAILED", 3)
    assert old["runningCount"] == 1  # what minimumHealthyPercent had kept
    assert history(driver)[0]["status"] == "STOPPED"


def test_after_a_failure_without_rollback_what_is_too_much_still_stops(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf1.xlarge", 2))
    driver.create(count=3, deploymentConfiguration=configuration(rollback=False))
    driver.run_until_steady()
    driver.update(taskDefinition=driver.register("server:crash", family="web"))
    driver.run(600)
    assert driver.describe()["runningCount"] == 2
    arns = [each.arn for each in driver.sandbox.cluster.instances.values()]
    driver.ecs.update_container_instances_state(
        cluster="inference", containerInstances=arns[:1], status="DRAINING"
    )
    driver.run(60)
    assert {task["containerInstanceArn"] for task in driver.tasks()} <= {arns[0], arns[1]}
    driver.update(desiredCount=0)
    driver.run(60)
    assert not driver.tasks()


@pytest.mark.parametrize("enabled", [True, False])
def test_the_breaker_can_be_turned_on_and_off_while_a_rollout_goes_on(
    driver: Driver, *, enabled: bool
) -> None:
    driver.create(deploymentConfiguration=configuration())
    driver.run_until_steady()
    first = {"enable": not enabled, "rollback": False}
    driver.update(
        taskDefinition=driver.register("server:crash", family="web"),
        deploymentConfiguration={"deploymentCircuitBreaker": first},
    )
    then = {"enable": enabled, "rollback": False}
    driver.update(deploymentConfiguration={"deploymentCircuitBreaker": then})
    driver.run(600)
    state = driver.describe()["deployments"][0]["rolloutState"]
    assert state == ("FAILED" if enabled else "IN_PROGRESS")
    assert history(driver)[0]["deploymentCircuitBreaker"]["status"] == (
        "TRIGGERED" if enabled else "DISABLED"
    )


def test_a_new_deployment_begins_without_the_failures_and_waits_of_the_last(
    driver: Driver,
) -> None:
    driver.create(image="server:crash", count=1)
    driver.run(1800)
    assert driver.describe()["deployments"][0]["failedTasks"] > 5
    driver.update(taskDefinition=driver.register("server:2", family="web"))
    assert driver.describe()["deployments"][0]["failedTasks"] == 0
    driver.run_until(lambda: driver.statuses() == {"RUNNING": 1}, within=10)


def test_a_first_deployment_has_nothing_to_return_to(driver: Driver) -> None:
    driver.create(image="server:missing", deploymentConfiguration=configuration())
    driver.run(600)
    (primary,) = driver.describe()["deployments"]
    assert primary["rolloutState"] == "FAILED"
    assert history(driver)[0]["status"] == "ROLLBACK_FAILED"
    reasons = {task["stoppedReason"] for task in driver.tasks(status="STOPPED")}
    assert reasons == {"CannotPullContainerError: failed to resolve ref server:missing: not found"}
    driver.update(taskDefinition=driver.register("server:2", family="web"))
    driver.run_until_steady()


@pytest.mark.parametrize(
    ("count", "rule", "failures"),
    [
        (2, None, 3),
        (8, None, 4),
        (2, {"type": "COUNT", "value": 1}, 1),
        (4, {"type": "BOUNDED_PERCENT", "value": 100}, 4),
        (4, {"type": "UNBOUNDED_PERCENT", "value": 50}, 2),
    ],
)
def test_the_threshold_follows_its_rule(
    make_driver: Callable[..., Driver], count: int, rule: dict[str, Any] | None, failures: int
) -> None:
    driver = make_driver(("inf1.2xlarge", 4))
    given = configuration(thresholdConfiguration=rule) if rule else configuration()
    driver.create(count=count, deploymentConfiguration=given)
    driver.run_until_steady()
    driver.update(taskDefinition=driver.register("server:crash", family="web"))
    driver.run_until_steady()
    driver.run_until(lambda: len(history(driver)) == 2)
    breaker_seen = history(driver)[0]["deploymentCircuitBreaker"]
    assert breaker_seen["threshold"] == failures
    assert breaker_seen["failureCount"] >= failures


def test_without_a_breaker_it_retries_ever_more_slowly_and_says_so(driver: Driver) -> None:
    driver.create(image="server:crash", count=1)
    driver.run(3600)
    failed = driver.describe()["deployments"][0]["failedTasks"]
    assert 8 < failed < 20
    starts = sorted(task["createdAt"] for task in driver.tasks(status="STOPPED"))
    waits = [(b - a).total_seconds() for a, b in pairwise(starts)]
    assert waits == sorted(waits)
    assert waits[-1] > 600
    assert "is unable to consistently start tasks successfully. For more information, see" in (
        " ".join(driver.messages())
    )


@pytest.mark.parametrize("resets", [True, False])
def test_a_healthy_task_resets_the_count_unless_told_otherwise(
    make_driver: Callable[..., Driver], *, resets: bool
) -> None:
    """Two tasks want the one chip: the first gets healthy while the other fails and fails."""
    driver = make_driver(("inf2.xlarge", 1))
    patient = {"type": "COUNT", "value": 100}
    driver.create(
        taskDefinition=driver.register(
            containerDefinitions=[container(linuxParameters=chip(0))], family="web"
        ),
        deploymentConfiguration=configuration(
            resetOnHealthyTask=resets, thresholdConfiguration=patient
        ),
    )
    counts = []
    for _ in range(60):
        driver.run(1)
        counts.append(driver.describe()["deployments"][0]["failedTasks"])
    assert max(counts) >= 3
    assert (counts != sorted(counts)) is resets


def test_a_rollout_can_be_stopped_and_returns_to_what_was_before(driver: Driver) -> None:
    driver.create(deploymentConfiguration=configuration())
    driver.run_until_steady()
    before = driver.describe()["taskDefinition"]
    driver.update(taskDefinition=driver.register("server:slow", family="web"))
    driver.run(10)
    arn = driver.describe()["currentServiceDeployment"]
    driver.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    told = driver.describe()["deployments"][0]["rolloutStateReason"]
    assert "rolling back" in told
    assert "circuit breaker" not in told
    driver.run_until_steady()
    assert driver.describe()["taskDefinition"] == before
    assert history(driver)[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert history(driver)[0]["deploymentCircuitBreaker"]["status"] == "MONITORING_COMPLETE"
    with pytest.raises(ClientError) as refused:
        driver.ecs.stop_service_deployment(serviceDeploymentArn=arn)
    assert refused.value.response["Error"]["Code"] == "ConflictException"


def test_a_revision_tells_what_was_deployed(driver: Driver) -> None:
    driver.create(image="server:1")
    driver.run_until_steady()
    (entry,) = history(driver)
    arn = entry["targetServiceRevision"]["arn"]
    (revision,) = driver.ecs.describe_service_revisions(serviceRevisionArns=[arn])[
        "serviceRevisions"
    ]
    assert revision["taskDefinition"] == driver.describe()["taskDefinition"]
    assert revision["containerImages"] == [{"containerName": "server", "image": "server:1"}]
    # Terraform finds the deployment of a service by the number that both names share.
    assert arn.endswith(driver.describe()["deployments"][0]["id"].removeprefix("ecs-svc/"))
