"""The fleet is read where tasks are placed on chips that Glia chooses, and then once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support.operator import neuron_service

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from support.operator import Operator

CAPACITY = {"instances", "cpu", "memory", "ports", "chips"}
FLEET = ("ListContainerInstances", "ListTasks", "DescribeTasks")


def labelled(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "labels": {"team": "vision"}}}


def reads(operator: Operator) -> tuple[Counter[str], set[str]]:
    """The calls that a plan makes, and the checks that it tells."""
    begin = len(operator.driver.sandbox.calls)
    plan = operator.plan()
    assert plan.changes
    return operator.calls_of(since=begin), {each.check for each in plan.preflight}


def test_a_change_that_places_no_task_reads_no_fleet(operator: Operator) -> None:
    one, two = (neuron_service(name, replicas=1) for name in ("one", "two"))
    operator.converge(one, two)
    operator.write(labelled(one), two)
    calls, checks = reads(operator)
    assert calls == {"DescribeServices": 1, "DescribeClusters": 1}
    assert checks == {"cluster"}

    operator.write(neuron_service("one", replicas=0), two)
    assert not any(reads(operator)[0][name] for name in FLEET)
    operator.write(neuron_service("one", replicas=2), two)
    calls, checks = reads(operator)
    assert calls["ListContainerInstances"] == 1
    assert checks > CAPACITY
    assert not calls["DescribeTaskDefinition"], "the manifests say what runs as they say"


def test_where_instances_are_shared_the_fleet_is_read_once(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.6xlarge", 2))
    neuron = {"instanceType": "inf1.6xlarge", "devices": 1}
    spec: dict[str, Any] = {"neuron": neuron, "rollout": {"minReadySeconds": 10}, "replicas": 2}
    manifests = [neuron_service(name, **spec) for name in ("one", "two")]
    operator.converge(*manifests)
    operator.write(neuron_service("one", image="server:2", **spec), manifests[1])
    calls, checks = reads(operator)
    assert calls["ListContainerInstances"] == calls["DescribeContainerInstances"] == 1
    assert calls["ListTasks"] == 2, "those that run, and those that stop"
    assert calls["DescribeTaskDefinition"] == 1, "of the family that changes"
    assert checks > CAPACITY
