"""What ECS does not show yet, or not at all, is no failure of the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.apply import apply
from glia.applying.manner import Manner
from glia.cli.online import Online
from glia.outcome import State
from glia.owned import owned, retry
from glia.sandbox.faults import Fault
from support.operator import is_empty, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from glia.aws.gateway import Gateway
    from glia.live import LiveService, ServiceDeployment
    from glia.outcome import Outcome
    from support.operator import Operator

FOR_EVER = float("inf")


class Lagging:
    """A gateway whose reads show, for some seconds, what there was when it was made.

    With ``after_deletion`` the seconds begin when the service is deleted.
    """

    def __init__(
        self, gateway: Gateway, operator: Operator, seconds: float, *, after_deletion: bool = False
    ) -> None:
        self._gateway = gateway
        self._now = operator.driver.clock.now
        self._seconds = seconds
        self._end = 0.0 if after_deletion else self._now() + seconds
        self._services = gateway.services("inference", ["web"])
        self._history = gateway.service_deployments("inference", "web") if self._services else ()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]:
        lags = self._now() < self._end
        return self._services if lags else self._gateway.services(cluster, names)

    def service_deployments(self, cluster: str, service: str) -> tuple[ServiceDeployment, ...]:
        lags = self._now() < self._end
        return self._history if lags else self._gateway.service_deployments(cluster, service)

    def delete_service(self, cluster: str, name: str, force: bool = True) -> None:
        self._gateway.delete_service(cluster, name, force)
        self._end = self._now() + self._seconds


def applied(operator: Operator, seconds: float, **options: Any) -> Outcome:
    """What came of the only change, with reads that lag by so many seconds."""
    online, plan = operator.online(), operator.plan(**options.pop("allowed", {}))
    lagging = Lagging(online.of(plan.changes[0].service.cluster), operator, seconds, **options)
    (outcome,) = apply(plan, lambda _: lagging, online.clock, operator.told.append, Manner())
    return outcome


def rolling_back(operator: Operator, name: str = "web") -> Callable[[], None]:
    """What has ECS return from the deployment that is going on to the one before."""

    def stop() -> None:
        ecs = operator.driver.ecs
        history = ecs.list_service_deployments(cluster="inference", service=name)
        arn = history["serviceDeployments"][0]["serviceDeploymentArn"]
        ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")

    return stop


def once(operator: Operator, seconds: float, act: Callable[[], Any]) -> None:
    """Have it happen after so many seconds."""
    at = operator.driver.clock.now() + seconds
    done: list[float] = []

    def happen(now: float) -> None:
        if now >= at and not done:
            done.append(now)
            act()

    operator.driver.clock.on_advance(happen)


def vpc(group: str) -> dict[str, Any]:
    """Whole instances with network interfaces of their own, in this security group."""
    container = {"name": "server", "image": "server:1", "memoryReservation": 5000}
    network = {"subnets": ["subnet-1"], "securityGroups": [group]}
    return {
        "taskDefinition": {"networkMode": "awsvpc", "containerDefinitions": [container]},
        "service": {"networkConfiguration": {"awsvpcConfiguration": network}},
    }


def test_a_new_service_that_is_not_shown_for_a_minute_converges(operator: Operator) -> None:
    operator.write(neuron_service())
    outcome = applied(operator, 60)
    assert (outcome.state, outcome.ready) == (State.DONE, 2)
    assert not any(each.reason == "Deleted" for each in operator.told)


def test_a_new_service_that_is_never_shown_is_deleted_after_two_minutes(
    operator: Operator,
) -> None:
    operator.write(neuron_service())
    begin = operator.driver.clock.now()
    outcome = applied(operator, FOR_EVER)
    assert (outcome.state, outcome.reason) == (State.FAILED, "Deleted")
    assert 120 <= operator.driver.clock.now() - begin < 135


def test_a_retry_that_succeeds_is_not_taken_for_the_rollback_before_it(
    operator: Operator,
) -> None:
    operator.converge(neuron_service())
    operator.write(neuron_service(image="server:2"))
    operator.apply(wait=False)
    rolling_back(operator)()
    operator.driver.run_until_steady()
    assert operator.driver.describe()["taskDefinition"].endswith("inference-web:1")
    assert operator.plan().held
    ecs = Online(None, operator.driver.clock).in_region(None)
    retry(owned(["inference/web"], ecs), ecs)

    outcome = applied(operator, 60)
    assert (outcome.state, outcome.reason) == (State.DONE, "Converged")
    assert is_empty(operator.plan())


def test_a_count_that_is_not_shown_yet_is_waited_for(operator: Operator) -> None:
    operator.converge(neuron_service(replicas=1))
    operator.write(neuron_service(replicas=2))
    outcome = applied(operator, 30)
    assert (outcome.state, outcome.ready, outcome.replicas) == (State.DONE, 2, 2)


def test_a_deployment_that_never_comes_in_sight_is_given_up_at_its_deadline(
    operator: Operator,
) -> None:
    rollout = {"progressDeadlineSeconds": 120}
    operator.converge(neuron_service(rollout=rollout))
    operator.write(neuron_service(image="server:2", rollout=rollout))
    begin = operator.driver.clock.now()
    outcome = applied(operator, FOR_EVER)
    assert (outcome.state, outcome.reason) == (State.STALLED, "ProgressDeadlineExceeded")
    assert "inference-web:1 leads, and this one is not in sight" in outcome.message
    assert 120 <= operator.driver.clock.now() - begin < 150


def test_a_name_is_not_free_because_a_late_answer_still_shows_the_service(
    operator: Operator,
) -> None:
    operator.converge(neuron_service())
    tags = [{"key": key, "value": value} for key, value in operator.tags().items()]
    operator.driver.ecs.delete_service(cluster="inference", service="web", force=True)
    operator.driver.run(120)
    operator.driver.create(taskDefinition="inference-web:1", schedulingStrategy="DAEMON", tags=tags)
    operator.driver.run(60)
    outcome = applied(operator, 20, after_deletion=True, allowed={"downtime": True})
    assert outcome.state is State.DONE, outcome.message
    assert operator.driver.describe()["schedulingStrategy"] == "REPLICA"


def test_a_history_that_may_not_be_read_keeps_nobody_from_an_end(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 3))
    names = ("a", "b", "c")
    operator.converge(*(neuron_service(name, replicas=1) for name in names))
    images = ("server:2", "server:2", "server:crash")
    operator.write(
        *(
            neuron_service(name, replicas=1, image=image)
            for name, image in zip(names, images, strict=True)
        )
    )
    denied = Fault("ListServiceDeployments", "AccessDeniedException", last=None)
    operator.driver.sandbox.faults.rewrite(denied)
    outcomes = operator.apply()
    assert {name: outcomes[name].reason for name in names} == {
        "a": "Converged",
        "b": "Converged",
        "c": "RolledBack",
    }
    assert "ECS rolled back to inference-c:1" in outcomes["c"].message
    assert "server: exit code 1" in outcomes["c"].message


def test_somebody_elses_deployment_is_known_without_the_history_too(operator: Operator) -> None:
    operator.converge(neuron_service())
    theirs = operator.driver.register("server:theirs", family="inference-web")
    operator.write(neuron_service(image="server:2"))
    denied = Fault("ListServiceDeployments", "AccessDeniedException", last=None)
    operator.driver.sandbox.faults.rewrite(denied)
    once(operator, 20, lambda: operator.driver.update(taskDefinition=theirs))
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.FAILED, "Superseded")
    assert "ListServiceDeployments" in outcome.message


@pytest.mark.parametrize(
    ("refusals", "state", "reason"),
    [(4, State.DONE, "Converged"), (None, State.FAILED, "Unreadable")],
)
def test_only_looks_that_fail_in_a_row_give_a_rollout_up(
    operator: Operator, refusals: int | None, state: State, reason: str
) -> None:
    operator.write(neuron_service())
    last = refusals and refusals + 1  # the plan has looked before
    denied = Fault("DescribeServices", "AccessDeniedException", 2, last)
    operator.driver.sandbox.faults.rewrite(denied)
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (state, reason)


def test_a_failure_that_cannot_be_remembered_is_told_as_a_failure(operator: Operator) -> None:
    operator.converge(neuron_service())
    operator.write(neuron_service(image="server:crash"))
    denied = Fault("TagResource", "AccessDeniedException", first=2, last=2)
    operator.driver.sandbox.faults.rewrite(denied)
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.ROLLED_BACK, "RolledBack")
    assert "the tag glia:failed could not be set: TagResource" in outcome.message
    assert operator.plan().held, "the history tells it too"


@pytest.mark.parametrize(
    ("image", "state", "verdict"),
    [
        ("server:2", State.FAILED, "2 replicas run inference-web:2; but TagResource"),
        ("server:crash", State.ROLLED_BACK, "ECS rolled back to inference-web:1"),
    ],
)
def test_a_service_whose_tags_are_refused_is_watched_all_the_same(
    operator: Operator, image: str, state: State, verdict: str
) -> None:
    operator.converge(neuron_service())
    operator.write(neuron_service(image=image))
    denied = Fault("TagResource", "AccessDeniedException", last=None)
    operator.driver.sandbox.faults.rewrite(denied)
    (outcome,) = operator.apply().values()
    assert outcome.state is state
    assert outcome.replicas == 2
    assert outcome.calls == ("RegisterTaskDefinition", "UpdateService")
    assert verdict in outcome.message
    assert "; but TagResource: " in outcome.message


def test_a_rollback_that_keeps_the_task_definition_is_one_and_is_held(
    operator: Operator,
) -> None:
    operator.converge(neuron_service(**vpc("sg-1")))
    operator.write(neuron_service(**vpc("sg-2")))
    once(operator, 10, rolling_back(operator))
    (outcome,) = operator.apply().values()
    assert (outcome.state, outcome.reason) == (State.ROLLED_BACK, "RolledBack")
    assert "another deployment of inference-web:1" in outcome.message
    assert "glia:failed" in operator.tags()
    assert operator.plan().held
