"""Manifests that no layout can make right, and pools that can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lanes.fleet import BIG, died_for_a_taken_chip, lanes, running, sharing
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

RED: dict[str, Any] = {"pool": {"attribute": "team", "value": "red"}}
ZONE: dict[str, Any] = {"pool": {"attribute": "zone", "value": "a"}}
BLUE: dict[str, Any] = {"pool": {"attribute": "team", "value": "blue"}}


@pytest.mark.parametrize("devices", [2, "all"])
def test_who_names_no_pool_where_others_have_one_is_refused(
    make_operator: Callable[..., Operator], devices: Any
) -> None:
    operator = make_operator((BIG, 2))
    operator.driver.sandbox.add_instances(BIG, 2, team="red")
    operator.write(sharing("web", 2, devices), sharing("red", 2, 1, **RED))
    (error,) = operator.plan().errors
    assert (error.code, error.key) == ("pool-overlap", "NeuronService/web")
    assert "team=red" in error.message
    assert error.path == "spec.neuron.pool"
    operator.apply(errors=True)
    assert running(operator) == {"red": 2}


def test_two_pools_of_one_type_are_laid_out_each_by_itself(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator()
    operator.driver.sandbox.add_instances(BIG, 1, team="red")
    operator.driver.sandbox.add_instances(BIG, 1, team="blue")
    fleet = [sharing("red", 6, 2, **RED), sharing("blue", 6, 2, **BLUE)]
    operator.converge(*fleet)
    assert running(operator) == {"red": 6, "blue": 6}
    assert {name.partition("-")[2] for name in lanes(operator, "red")} == {
        name.partition("-")[2] for name in lanes(operator, "blue")
    }
    assert is_empty(operator.plan())
    assert not operator.plan().diagnostics, "neither counts the other's lanes as its own"
    assert not died_for_a_taken_chip(operator)


def test_pools_of_two_attributes_are_apart_until_an_instance_has_both(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator()
    operator.driver.sandbox.add_instances(BIG, 1, team="red")
    operator.driver.sandbox.add_instances(BIG, 2, zone="a")
    fleet = [sharing("red", 6, 2, **RED), sharing("zone", 6, 2, **ZONE)]
    operator.converge(*fleet)
    assert running(operator) == {"red": 6, "zone": 6}
    plan = operator.plan()
    assert is_empty(plan)
    assert not plan.diagnostics, "neither counts the other's lanes as its own"

    (both,) = operator.driver.sandbox.add_instances(BIG, 1, team="red", zone="a")
    before = lanes(operator)
    larger = [
        sharing("red", 9, 2, image="server:2", **RED),
        sharing("zone", 3, 2, **ZONE),
        sharing("new", 1, 4, **ZONE),
    ]
    operator.write(*larger)
    plan = operator.plan()
    assert {(each.code, each.key) for each in plan.errors} == {
        ("pool-overlap", "NeuronService/red"),
        ("pool-overlap", "NeuronService/zone"),
        ("pool-overlap", "NeuronService/new"),
    }
    assert {each.found for each in plan.errors} == {both.ec2_instance_id}
    assert "pool team=red and pool zone=a" in plan.errors[0].message
    assert {(each.key, each.action) for each in plan.changes} == {("inference/red", "update")}
    operator.apply(errors=True)
    assert lanes(operator) == before, "none is made and none is lost, but what runs in them changes"
    assert images(operator, "red") == {"server:2"}

    label = {"name": "zone", "targetType": "container-instance", "targetId": both.arn}
    operator.driver.ecs.delete_attributes(cluster="inference", attributes=[label])
    operator.converge()
    assert running(operator) == {"red": 9, "zone": 3, "new": 1}
    assert is_empty(operator.plan())
    assert not died_for_a_taken_chip(operator)


def images(operator: Operator, manifest: str) -> set[str]:
    return {
        container["image"]
        for service in operator.driver.sandbox.cluster.services.values()
        if service.tags.get("glia:key") == f"inference/{manifest}"
        for task in service.tasks.values()
        if task.live
        for container in task.definition.spec["containerDefinitions"]
    }


def test_what_is_short_beside_chips_is_named_and_of_a_host_port_whose_it_is(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 1))
    operator.converge(with_ports(sharing("api", 1, 1), 8080))
    many = range(20000, 20050)
    fleet = [
        with_ports(sharing("api", 1, 1), 8080),
        with_ports(sharing("clashing", 1, 1), 8080, 9090),
        with_ports(sharing("one", 1, 1), *many),
        with_ports(sharing("two", 1, 1), *(port + 100 for port in many)),
        reserving(sharing("large", 1, 1), 760_000),
    ]
    operator.write(*fleet)
    told = {each.key.rpartition("/")[2]: each.message for each in operator.plan().errors}
    assert told.keys() >= {"clashing", "large"}
    assert "; host port 8080 is api's too" in told["clashing"]
    assert "; memory is what lacks" in told["large"]
    (left,) = told.keys() & {"one", "two"}
    assert "; an instance lends 94 static host ports" in told[left]


def with_ports(service: dict[str, Any], *ports: int) -> dict[str, Any]:
    (container,) = service["spec"]["taskDefinition"]["containerDefinitions"]
    container["portMappings"] = [{"containerPort": port, "hostPort": port} for port in ports]
    return service


def reserving(service: dict[str, Any], memory: int) -> dict[str, Any]:
    (container,) = service["spec"]["taskDefinition"]["containerDefinitions"]
    container["memoryReservation"] = memory
    return service
