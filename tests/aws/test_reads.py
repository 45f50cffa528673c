"""What ECS answers, read as values."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from glia.aws import reading
from glia.aws.failures import AwsError
from glia.aws.recent import KEPT_SECONDS
from glia.sandbox.faults import Fault
from glia.sandbox.operations.table import OPERATIONS
from support.requests import task_definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.aws.gateway import Gateway
    from support.driver import Driver


def called(driver: Driver) -> Counter[str]:
    return Counter(call.operation for call in driver.sandbox.calls)


def test_services_come_with_their_tags_and_what_only_a_deployment_shows(
    driver: Driver, gateway: Gateway
) -> None:
    connect = {"enabled": True, "namespace": "internal"}
    driver.create(
        "web",
        count=2,
        tags=[{"key": "glia:owner", "value": "ml"}],
        placementConstraints=[{"type": "distinctInstance"}],
        serviceConnectConfiguration=connect,
    )
    driver.run_until_steady("web")
    found = gateway.services("inference", ["web", "nope"])
    assert list(found) == ["web"], "one that ECS does not know is left out"
    web = found["web"]
    assert (web.status, web.desired, web.running, web.pending) == ("ACTIVE", 2, 2, 0)
    assert web.tags == {"glia:owner": "ml"}
    assert web.members["placementConstraints"] == [{"type": "distinctInstance"}]
    assert web.members["serviceConnectConfiguration"]["namespace"] == "internal"
    assert web.primary is not None
    assert web.primary.rollout_state == "COMPLETED"
    assert web.primary.task_definition == web.task_definition
    assert not {"events", "deployments", "runningCount", "tags"} & web.members.keys()


def test_a_sweep_asks_for_ten_services_at_a_time_and_for_each_once(
    driver: Driver, gateway: Gateway
) -> None:
    driver.create("web", count=0)
    names = [f"s{number}" for number in range(94)]
    found = gateway.services("inference", [*names, "web", "web"])
    assert list(found) == ["web"]
    sizes = [
        len(call.params["services"])
        for call in driver.sandbox.calls
        if call.operation == "DescribeServices"
    ]
    assert sorted(sizes) == [5, *[10] * 9]


def test_the_lean_client_makes_of_a_service_what_botocore_makes_of_it(
    driver: Driver, gateway: Gateway
) -> None:
    driver.create("web", count=2)
    driver.run_until_steady("web")
    request = {"cluster": "inference", "services": ["web"], "include": ["TAGS"]}
    lean, whole = (
        reading.service(gateway._calls.read("DescribeServices", request, whole=each)["services"][0])
        for each in (False, True)
    )
    assert lean == whole
    assert "events" not in lean.members
    assert lean.running == 2


def test_what_is_read_ahead_is_read_once_and_the_rest_when_it_is_asked_for(
    driver: Driver, gateway: Gateway
) -> None:
    for name in ("web", "api", "old"):
        driver.create(name, count=0)
    before = called(driver)["DescribeServices"]
    gateway.read_ahead("inference", ["web", "api", "nope"])
    assert set(gateway.services("inference", ["web", "api", "nope"])) == {"web", "api"}
    assert called(driver)["DescribeServices"] == before + 1
    gateway.read_ahead("inference", ["web", "old"])
    assert set(gateway.services("inference", ["web", "api"])) == {"web", "api"}
    assert called(driver)["DescribeServices"] == before + 3
    assert set(gateway.services("inference", ["web"])) == {"web"}
    assert called(driver)["DescribeServices"] == before + 4


def test_events_are_read_newest_first(driver: Driver, gateway: Gateway) -> None:
    driver.create("web", count=2)
    driver.run_until_steady("web")
    told = gateway.events("inference", ["web", "nope"])
    assert list(told) == ["web"]
    texts = [event.message for event in told["web"]]
    assert texts == [f"(service web) {text}" for text in reversed(driver.messages("web"))]
    assert told["web"][0].at >= told["web"][-1].at > driver.clock.START


def test_service_names_are_read_over_all_pages(driver: Driver, gateway: Gateway) -> None:
    driver.create("web", count=0)
    services = driver.sandbox.cluster.services
    for number in range(100):
        name = f"s{number}"
        arn = services["web"].arn.replace("/web", f"/{name}")
        services[name] = replace(services["web"], name=name, arn=arn)
    assert set(gateway.service_names("inference")) == {"web", *(f"s{n}" for n in range(100))}
    assert called(driver)["ListServices"] == 2


def test_a_revision_is_read_once_and_a_family_always(driver: Driver, gateway: Gateway) -> None:
    arn = driver.register("server:1", tags=[{"key": "glia:content", "value": "v1:a"}])
    first = gateway.task_definition("server")
    assert first is not None
    assert (first.arn, first.tags) == (arn, {"glia:content": "v1:a"})
    assert first.members["containerDefinitions"][0]["image"] == "server:1"
    for reference in (arn, arn, "server:1", "server:1"):
        found = gateway.task_definition(reference)
        assert found is not None
        assert found.arn == arn
    assert called(driver)["DescribeTaskDefinition"] == 3  # the family, the ARN, the short name
    driver.run(KEPT_SECONDS / 2)
    gateway.task_definition(arn)
    driver.run(KEPT_SECONDS / 2)
    gateway.task_definition(arn)
    assert called(driver)["DescribeTaskDefinition"] == 3, "somebody goes on asking for it"
    newer = driver.register("server:2")
    found = gateway.task_definition("server")
    assert found is not None
    assert found.arn == newer
    driver.run(KEPT_SECONDS)
    gateway.task_definition("server")
    assert len(gateway._definitions) == 1, "nobody asks for the first one any more"
    assert gateway.task_definition("nope") is None
    assert gateway.task_definition("server:9") is None
    driver.sandbox.faults.rewrite(Fault("DescribeTaskDefinition", "AccessDeniedException"))
    with pytest.raises(AwsError, match="AccessDenied"):
        gateway.task_definition("server")


def test_a_cluster_that_is_not_there_has_no_status(gateway: Gateway) -> None:
    assert gateway.cluster_status("inference") == "ACTIVE"
    assert gateway.cluster_status("nope") == ""


def test_what_ecs_cannot_tell_is_not_taken_for_missing(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = {"arn": "web", "reason": "ACCESS_DENIED", "detail": "not allowed"}
    answer: dict[str, Any] = {"services": [], "failures": [failure]}
    monkeypatch.setitem(OPERATIONS, "DescribeServices", lambda _: answer)
    with pytest.raises(AwsError, match="not allowed") as caught:
        gateway.services("inference", ["web"])
    assert (caught.value.operation, caught.value.code) == ("DescribeServices", "ACCESS_DENIED")


def test_a_cluster_that_is_not_there_is_an_error_that_says_what_to_do(gateway: Gateway) -> None:
    with pytest.raises(AwsError, match="create the ECS cluster") as caught:
        gateway.service_names("nope")
    assert (caught.value.operation, caught.value.code) == (
        "ListServices",
        "ClusterNotFoundException",
    )


def test_instances_tell_what_is_left_of_them(
    make_driver: Callable[..., Driver], reach: Callable[..., Gateway]
) -> None:
    driver = make_driver(("inf1.xlarge", 1), ("inf1.6xlarge", 1))
    gateway = reach(driver)
    container = task_definition()["containerDefinitions"][0]
    mapped = {**container, "cpu": 512, "portMappings": [{"containerPort": 80, "hostPort": 18000}]}
    arn = driver.register(
        containerDefinitions=[mapped],
        placementConstraints=[
            {"type": "memberOf", "expression": "attribute:ecs.instance-type == inf1.6xlarge"}
        ],
    )
    driver.create("web", count=1, taskDefinition=arn)
    driver.run_until_steady("web")
    small, large = sorted(gateway.instances("inference"), key=lambda each: each.registered["CPU"])
    assert (small.instance_type, large.instance_type) == ("inf1.xlarge", "inf1.6xlarge")
    assert large.usable
    assert large.registered["CPU"] - large.remaining["CPU"] == 512
    assert large.registered["MEMORY"] - large.remaining["MEMORY"] == 1000
    assert 18000 in large.ports
    assert 18000 not in small.ports
    assert 22 in small.ports


def test_tasks_are_those_of_a_service_or_of_the_cluster_running_or_stopped(
    driver: Driver, gateway: Gateway
) -> None:
    driver.create("web", count=1)
    driver.create("other", count=1)
    driver.run_until_steady("web")
    (web,) = gateway.tasks("inference", service="web")
    assert (web.service, web.last_status) == ("web", "RUNNING")
    assert web.instance in {each.arn for each in gateway.instances("inference")}
    primary = gateway.services("inference", ["web"])["web"].primary
    assert primary is not None
    assert web.started_by == primary.id
    assert {task.service for task in gateway.tasks("inference")} == {"web", "other"}
    assert gateway.tasks("inference", stopped=True) == ()
    driver.ecs.stop_task(cluster="inference", task=web.arn)
    driver.run(60)
    (stopped,) = gateway.tasks("inference", stopped=True)
    assert stopped.arn == web.arn
    assert stopped.stop_code == "UserInitiated"
    assert stopped.stopped_at is not None
    assert [container.last_status for container in stopped.containers] == ["STOPPED"]


def test_the_history_of_a_service_tells_what_each_deployment_was_of(
    driver: Driver, gateway: Gateway
) -> None:
    first = driver.register("server:1", family="web")
    driver.create("web", count=1, taskDefinition=first)
    driver.run_until_steady("web")
    second = driver.register("server:2", family="web")
    driver.update("web", taskDefinition=second)
    new, old = gateway.service_deployments("inference", "web")
    assert (new.task_definition, old.task_definition) == (second, first)
    assert (new.status, old.status) == ("IN_PROGRESS", "SUCCESSFUL")
    assert new.created_at > old.created_at
    primary = gateway.services("inference", ["web"])["web"].primary
    assert primary is not None
    assert primary.id.removeprefix("ecs-svc/") in new.target_revision
    assert primary.created_at == new.created_at
    driver.ecs.create_service(
        cluster="inference", serviceName="sets", deploymentController={"type": "EXTERNAL"}
    )
    assert gateway.service_deployments("inference", "sets") == ()


def test_the_gateway_says_who_calls(gateway: Gateway) -> None:
    sent: list[Any] = []
    client = gateway._calls._connection.client("ecs")
    client.meta.events.register("before-send.ecs", lambda request, **_: sent.append(request))
    gateway.cluster_status("inference")
    assert "glia/" in sent[0].headers["User-Agent"].decode()


def test_the_chips_that_ecs_hands_out_itself_are_read_with_their_instance() -> None:
    def devices(*numbers: str) -> list[dict[str, Any]]:
        return [{"name": "NEURON_DEVICES", "type": "STRINGSET", "stringSetValue": list(numbers)}]

    shown = {
        "containerInstanceArn": "arn",
        "status": "ACTIVE",
        "registeredResources": devices("0", "1", "2"),
        "remainingResources": devices("2"),
    }
    read = reading.instance(shown)
    assert (read.neuron_devices, read.neuron_devices_left) == (frozenset({0, 1, 2}), frozenset({2}))
