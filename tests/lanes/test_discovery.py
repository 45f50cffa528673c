"""Load balancers and names over several lanes, and deployments that need every chip twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lanes.fleet import BIG, lanes, running, sharing
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

GROUP = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/web/0123456789abcdef"
REGISTRY = "arn:aws:servicediscovery:us-west-2:123456789012:service/srv-web"
BALANCED: dict[str, Any] = {
    "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "server", "containerPort": 8501}],
    "serviceConnectConfiguration": {"enabled": True, "namespace": "inference"},
}


def web(image: str, replicas: int = 4, **service: Any) -> dict[str, Any]:
    made = sharing("web", replicas, 4, image=image, service=service)
    (container,) = made["spec"]["taskDefinition"]["containerDefinitions"]
    container["portMappings"] = [{"containerPort": 8501}]
    return made


def test_lanes_are_in_one_target_group_and_clients_of_one_namespace(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    for image in ("server:1", "server:2"):
        operator.converge(web(image, **BALANCED))
        assert len(lanes(operator)) > 1
        assert running(operator) == {"web": 4}
        assert is_empty(operator.plan())
    for name in lanes(operator):
        shown = operator.driver.describe(name)
        assert [each["targetGroupArn"] for each in shown["loadBalancers"]] == [GROUP]
        connected = shown["deployments"][0]["serviceConnectConfiguration"]
        assert (connected["enabled"], connected["namespace"]) == (True, "inference")


def test_a_shared_registry_is_warned_of_and_tried(make_operator: Callable[..., Operator]) -> None:
    operator = make_operator((BIG, 2))
    operator.converge(web("server:1", serviceRegistries=[{"registryArn": REGISTRY}]))
    assert running(operator) == {"web": 4}
    (warning,) = operator.plan().diagnostics
    assert (warning.severity, warning.path) == ("warning", "spec.service.serviceRegistries")


def test_what_runs_every_replica_twice_is_blocked_with_the_numbers_without_the_instances(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3))

    def green(image: str) -> dict[str, Any]:
        strategy = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
        made = sharing("web", 2, "all", image=image)
        made["spec"]["service"] = {"deploymentConfiguration": strategy}
        return made

    operator.converge(green("server:1"))
    operator.write(green("server:2"))
    (change,) = operator.plan().changes
    (block,) = change.blocked_by
    assert block.rule == "no-room-for-a-copy"
    assert f"needs 4 {BIG} (2, and 2 to start before it stops), 3 registered" in block.message
    assert not operator.plan().acts
    operator.driver.sandbox.add_instances(BIG)
    (change,) = operator.plan().changes
    assert not change.blocked_by

    operator.write(green("server:2"), sharing("other", 2, 1))
    (error,) = operator.plan().errors
    assert error.found == f"4 {BIG}, 2 chips short", "beside others the room is counted at once"
