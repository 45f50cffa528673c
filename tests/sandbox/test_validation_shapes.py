"""Requests and answers stand or fall by the model that botocore ships."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from glia.sandbox.ecs_error import EcsError
from glia.sandbox.validation.shapes import AnswerError, check_answer, check_request

CONTAINER: dict[str, Any] = {"name": "app", "image": "app", "memory": 100}
TASK: dict[str, Any] = {"family": "f", "containerDefinitions": [CONTAINER]}
SERVICE: dict[str, Any] = {"serviceName": "s", "desiredCount": 1}


def task_with(**members: Any) -> dict[str, Any]:
    return {**TASK, "containerDefinitions": [{**CONTAINER, **members}]}


REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a number where a string belongs": (
        "RegisterTaskDefinition",
        {**TASK, "family": 7},
        "SerializationException",
        "family: int can not be converted to string",
    ),
    "a string where a number belongs": (
        "RegisterTaskDefinition",
        task_with(memory="100"),
        "SerializationException",
        "containerDefinitions[0].memory",
    ),
    "true where a number belongs": (
        "CreateService",
        {**SERVICE, "desiredCount": True},
        "SerializationException",
        "desiredCount: bool",
    ),
    "an object where a list belongs": (
        "CreateService",
        {**SERVICE, "loadBalancers": {}},
        "SerializationException",
        "loadBalancers: dict",
    ),
    "a number in a map of strings": (
        "RegisterTaskDefinition",
        task_with(dockerLabels={"a": 1}),
        "SerializationException",
        "dockerLabels.a",
    ),
    "a wrong type before a wrong value": (
        "RegisterTaskDefinition",
        {**TASK, "networkMode": "bogus", "family": 7},
        "SerializationException",
        "family",
    ),
    "a task definition without family": (
        "RegisterTaskDefinition",
        {"containerDefinitions": [CONTAINER]},
        "ClientException",
        "Value null at 'family'",
    ),
    "null where a member is required": (
        "RegisterTaskDefinition",
        {**TASK, "family": None},
        "ClientException",
        "Value null at 'family'",
    ),
    "an unknown compatibility": (
        "RegisterTaskDefinition",
        {**TASK, "requiresCompatibilities": ["BOGUS"]},
        "ClientException",
        "'BOGUS' at 'requiresCompatibilities[0]'",
    ),
    "an unknown network mode": (
        "RegisterTaskDefinition",
        {**TASK, "networkMode": "bogus"},
        "ClientException",
        "networkMode",
    ),
    "an unknown log driver": (
        "RegisterTaskDefinition",
        task_with(logConfiguration={"logDriver": "bogus"}),
        "ClientException",
        "logDriver",
    ),
    "an unknown device permission": (
        "RegisterTaskDefinition",
        task_with(linuxParameters={"devices": [{"hostPath": "/d", "permissions": ["rw"]}]}),
        "ClientException",
        "linuxParameters.devices[0].permissions[0]",
    ),
    "a distinctInstance constraint in a task definition": (
        "RegisterTaskDefinition",
        {**TASK, "placementConstraints": [{"type": "distinctInstance"}]},
        "ClientException",
        "placementConstraints[0].type",
    ),
    "a service without name": (
        "CreateService",
        {"desiredCount": 1},
        "InvalidParameterException",
        "Value null at 'serviceName'",
    ),
    "an unknown scheduling strategy": (
        "CreateService",
        {**SERVICE, "schedulingStrategy": "BOGUS"},
        "InvalidParameterException",
        "schedulingStrategy",
    ),
    "an unknown deployment controller": (
        "CreateService",
        {**SERVICE, "deploymentController": {"type": "BOGUS"}},
        "InvalidParameterException",
        "deploymentController.type",
    ),
    "a weight beyond 1000": (
        "CreateService",
        {**SERVICE, "capacityProviderStrategy": [{"capacityProvider": "c", "weight": 1001}]},
        "InvalidParameterException",
        "less than or equal to 1000",
    ),
    "a negative base": (
        "CreateService",
        {**SERVICE, "capacityProviderStrategy": [{"capacityProvider": "c", "base": -1}]},
        "InvalidParameterException",
        "greater than or equal to 0",
    ),
    "51 tags": (
        "TagResource",
        {"resourceArn": "arn", "tags": [{"key": str(n)} for n in range(51)]},
        "InvalidParameterException",
        "have length less than or equal to 50",
    ),
    "an empty tag key": (
        "CreateService",
        {**SERVICE, "tags": [{"key": ""}]},
        "InvalidParameterException",
        "tags[0].key",
    ),
}


@pytest.mark.parametrize(
    ("operation", "params", "code", "culprit"), REFUSED.values(), ids=REFUSED.keys()
)
def test_a_request_of_the_wrong_shape_is_refused(
    operation: str, params: dict[str, Any], code: str, culprit: str
) -> None:
    with pytest.raises(EcsError) as caught:
        check_request(operation, params)

    assert caught.value.code == code
    assert culprit in caught.value.message


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("RegisterTaskDefinition", TASK),
        ("RegisterTaskDefinition", {**TASK, "neuralMode": 1, "taskRoleArn": None}),
        # "Amazon ECS treats any other specified value as tcp."
        ("RegisterTaskDefinition", task_with(portMappings=[{"protocol": "sctp"}])),
        ("ListServiceDeployments", {"service": "s", "createdAt": {"after": 1.5}}),
        ("DescribeClusters", {}),
        (
            "CreateService",
            {
                **SERVICE,
                "deploymentConfiguration": {"lifecycleHooks": [{"hookDetails": {"a": [1]}}]},
            },
        ),
        (
            "CreateService",
            {**SERVICE, "deploymentConfiguration": {"lifecycleHooks": [{"hookDetails": True}]}},
        ),
    ],
    ids=[
        "plain",
        "unknown member and null",
        "odd protocol",
        "timestamp",
        "nothing",
        "a document",
        "a document that is true",
    ],
)
def test_a_request_of_the_right_shape_passes(operation: str, params: dict[str, Any]) -> None:
    check_request(operation, params)


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer would be measured, not the check")
def test_a_request_of_three_kilobytes_is_checked_within_a_third_of_a_millisecond() -> None:
    request = task_with(
        environment=[{"name": f"NAME_{n}", "value": "v" * 20} for n in range(45)],
        portMappings=[{"containerPort": 8500, "hostPort": 0, "protocol": "tcp"}],
        linuxParameters={"devices": [{"hostPath": "/dev/neuron0", "permissions": ["read"]}]},
    )

    def measured() -> float:
        begin = time.perf_counter()
        check_request("RegisterTaskDefinition", request)
        return time.perf_counter() - begin

    assert min(measured() for _ in range(50)) < 0.0003


def test_an_answer_that_boto3_can_read_passes() -> None:
    service = {"serviceName": "s", "createdAt": 1.5, "deployments": [{"createdAt": 2}]}

    check_answer("DescribeServices", {"services": [service], "failures": []})


def test_every_fault_of_an_answer_is_listed() -> None:
    service: dict[str, Any] = {
        "serviceName": None,
        "monitoring": {},
        "createdAt": "now",
        "deployments": [{"rolloutState": "DONE"}],
    }

    with pytest.raises(AnswerError) as caught:
        check_answer("DescribeServices", {"services": [service]})

    faults = str(caught.value).splitlines()[1:]
    assert [fault.split()[0] for fault in faults[:3]] == [
        "services[0].serviceName:",
        "services[0].monitoring:",
        "services[0].createdAt:",
    ]
    assert "'DONE' at 'services[0].deployments[0].rolloutState'" in faults[3]
    assert len(faults) == 4


def test_an_answer_may_not_use_the_lenience_of_requests() -> None:
    container = {"portMappings": [{"protocol": "sctp"}]}

    with pytest.raises(AnswerError, match="sctp"):
        check_answer(
            "DescribeTaskDefinition", {"taskDefinition": {"containerDefinitions": [container]}}
        )


def test_an_answer_that_is_no_object_is_named_as_a_whole() -> None:
    with pytest.raises(AnswerError, match="the whole"):
        check_answer("DescribeServices", [])  # type: ignore[arg-type]
