"""What ECS fills in, and that it loses nothing of what it was given."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from glia.sandbox.capabilities import INSTANCE_CAPABILITIES, required_attributes
from glia.sandbox.defaults import (
    NEW_DEPLOYMENT_MEMBERS,
    SERVICE_MEMBERS,
    UPDATE_MEMBERS,
    described_service,
    described_task_definition,
    merged_update,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Members = dict[str, Any]

MODEL = ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")
SCALARS: Members = {"string": "text", "integer": 7, "long": 7, "boolean": True, "double": 1.5}


def filled(shape: Any) -> Any:
    """A value for a shape of the model with every member set, lists of one, first enums."""
    if shape.type_name == "structure":
        return {name: filled(member) for name, member in shape.members.items()}
    if shape.type_name == "list":
        return [filled(shape.member)]
    if shape.type_name == "map":
        return {"key": filled(shape.value)}
    return (getattr(shape, "enum", None) or [SCALARS[shape.type_name]])[0]


def maximal(operation: str) -> Members:
    request: Members = filled(MODEL.operation_model(operation).input_shape)
    return request


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, content in value.items():
            yield from leaves(content, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for number, content in enumerate(value):
            yield from leaves(content, f"{path}[{number}]")
    else:
        yield path, value


def container_of(**members: Any) -> Members:
    request = {"family": "f", "containerDefinitions": [{"name": "a", "image": "a", **members}]}
    container: Members = described_task_definition(request)["containerDefinitions"][0]
    return container


def test_a_request_is_never_changed() -> None:
    for operation, described in (
        ("RegisterTaskDefinition", described_task_definition),
        ("CreateService", described_service),
    ):
        request = maximal(operation)
        described(request)
        assert request == maximal(operation)


def test_the_members_of_a_service_are_those_of_request_and_answer() -> None:
    """Derived from the model, but for those that the engine keeps itself."""
    create = set(MODEL.shape_for("CreateServiceRequest").members)
    service = set(MODEL.shape_for("Service").members)
    update = set(MODEL.shape_for("UpdateServiceRequest").members)

    kept_by_the_engine = {"desiredCount", "tags", "taskDefinition"}
    assert create & service - kept_by_the_engine == SERVICE_MEMBERS
    assert update & service - kept_by_the_engine == UPDATE_MEMBERS


def test_deployments_start_where_the_model_says_so() -> None:
    sentence = re.compile(r"This parameter\s+triggers a new service deployment")
    members = MODEL.shape_for("UpdateServiceRequest").members

    documented = {name for name, member in members.items() if sentence.search(member.documentation)}

    assert documented == NEW_DEPLOYMENT_MEMBERS


def test_the_defaults_of_a_container_are_filled_in() -> None:
    assert container_of() == {
        "name": "a",
        "image": "a",
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "portMappings": [],
        "systemControls": [],
        "volumesFrom": [],
    }


def test_one_registration_does_not_share_its_lists_with_another() -> None:
    container_of()["environment"].append("mine")

    assert container_of()["environment"] == []


@pytest.mark.parametrize(
    ("mode", "mapping", "described"),
    [
        ("bridge", {"containerPort": 1}, {"hostPort": 0, "protocol": "tcp"}),
        ("bridge", {"containerPort": 1, "hostPort": 2}, {"hostPort": 2, "protocol": "tcp"}),
        ("awsvpc", {"containerPort": 1}, {"hostPort": 1, "protocol": "tcp"}),
        ("host", {"containerPort": 1, "protocol": "udp"}, {"hostPort": 1, "protocol": "udp"}),
        ("bridge", {"containerPort": 1, "protocol": "sctp"}, {"hostPort": 0, "protocol": "tcp"}),
        ("bridge", {"containerPortRange": "1-2"}, {"protocol": "tcp"}),
    ],
)
def test_ports_are_completed_by_network_mode(
    mode: str, mapping: Members, described: Members
) -> None:
    container = {"name": "a", "image": "a", "portMappings": [mapping]}

    task = described_task_definition(
        {"family": "f", "networkMode": mode, "containerDefinitions": [container]}
    )

    assert task["containerDefinitions"][0]["portMappings"] == [{**mapping, **described}]


def test_a_health_check_gets_its_numbers_but_no_start_period() -> None:
    check = container_of(healthCheck={"command": ["CMD", "x"], "retries": 9, "timeout": None})

    assert check["healthCheck"] == {
        "command": ["CMD", "x"],
        "interval": 30,
        "timeout": 5,
        "retries": 9,
    }


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {},
            {
                "networkMode": "bridge",
                "volumes": [],
                "placementConstraints": [],
                "compatibilities": ["EXTERNAL", "EC2"],
            },
        ),
        ({"cpu": "1 vCPU", "memory": "0.5GB"}, {"cpu": "1024", "memory": "512"}),
        (
            {
                "requiresCompatibilities": ["FARGATE"],
                "networkMode": "awsvpc",
                "cpu": "256",
                "memory": "1 GB",
            },
            {"compatibilities": ["EC2", "FARGATE", "MANAGED_INSTANCES"], "memory": "1024"},
        ),
        (
            {"requiresCompatibilities": ["MANAGED_INSTANCES"]},
            {"networkMode": "awsvpc", "compatibilities": ["EC2", "MANAGED_INSTANCES"]},
        ),
        ({"volumes": [{"name": "v"}]}, {"volumes": [{"name": "v", "host": {}}]}),
        (
            {"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs"}}]},
            {
                "volumes": [
                    {
                        "name": "v",
                        "efsVolumeConfiguration": {"fileSystemId": "fs", "rootDirectory": "/"},
                    }
                ]
            },
        ),
    ],
    ids=["nothing", "sizes", "Fargate", "Managed Instances", "bind mount", "EFS"],
)
def test_the_rest_of_a_task_definition_is_filled_in(members: Members, expected: Members) -> None:
    container = {"name": "a", "image": "a"}

    task = described_task_definition(
        {"family": "f", "containerDefinitions": [container], **members}
    )

    assert {name: task[name] for name in expected} == expected


def test_managed_neuron_devices_fit_managed_instances_alone() -> None:
    needs = [{"type": "NeuronDevice", "value": "ALL"}]
    container = {"name": "a", "image": "a", "resourceRequirements": needs}

    task = described_task_definition(
        {
            "family": "f",
            "requiresCompatibilities": ["MANAGED_INSTANCES"],
            "containerDefinitions": [container],
        }
    )

    assert task["compatibilities"] == ["MANAGED_INSTANCES"]


def test_the_least_service_is_described_as_ecs_does() -> None:
    assert described_service({"serviceName": "s", "desiredCount": 1, "tags": []}) == {
        "serviceName": "s",
        "launchType": "EC2",
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            "deploymentCircuitBreaker": {"enable": False, "rollback": False},
            "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        },
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "healthCheckGracePeriodSeconds": 0,
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        "availabilityZoneRebalancing": "ENABLED",
    }


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"schedulingStrategy": "DAEMON"},
            {
                "deploymentConfiguration.maximumPercent": 100,
                "deploymentConfiguration.minimumHealthyPercent": 0,
                "availabilityZoneRebalancing": "DISABLED",
            },
        ),
        (
            {"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}},
            {"availabilityZoneRebalancing": "DISABLED"},
        ),
        (
            {"deploymentConfiguration": {"strategy": "CANARY"}},
            {
                "deploymentConfiguration.strategy": "CANARY",
                "deploymentConfiguration.bakeTimeInMinutes": None,
            },
        ),
        (
            {"deploymentController": {"type": "CODE_DEPLOY"}},
            {
                "deploymentConfiguration.strategy": None,
                "deploymentConfiguration.maximumPercent": 200,
            },
        ),
        (
            {
                "placementStrategy": [
                    {"type": "binpack", "field": "cpu"},
                    {"type": "binpack", "field": "Memory"},
                    {"type": "spread", "field": "host"},
                    {"type": "spread", "field": "attribute:rack"},
                    {"type": "random"},
                ]
            },
            {
                "placementStrategy[0].field": "CPU",
                "placementStrategy[1].field": "MEMORY",
                "placementStrategy[2].field": "instanceId",
                "placementStrategy[3].field": "attribute:rack",
                "placementStrategy[4].field": None,
                "availabilityZoneRebalancing": "DISABLED",
            },
        ),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "trn", "weight": 2}]},
            {
                "launchType": None,
                "capacityProviderStrategy[0].weight": 2,
                "capacityProviderStrategy[0].base": 0,
            },
        ),
        ({"launchType": "FARGATE"}, {"platformVersion": "LATEST"}),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}}},
            {"networkConfiguration.awsvpcConfiguration.assignPublicIp": "DISABLED"},
        ),
    ],
    ids=[
        "daemon",
        "100 percent",
        "canary",
        "CodeDeploy",
        "strategies",
        "providers",
        "Fargate",
        "awsvpc",
    ],
)
def test_a_service_is_completed(members: Members, expected: Members) -> None:
    described = dict(leaves(described_service({"serviceName": "s", **members})))

    assert {path: described.get(path) for path in expected} == expected


CREATED = described_service(
    {
        "serviceName": "s",
        "availabilityZoneRebalancing": "DISABLED",
        "placementConstraints": [{"type": "distinctInstance"}],
        "deploymentConfiguration": {
            "strategy": "LINEAR",
            "linearConfiguration": {"stepPercent": 10.0},
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
    }
)


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({}, {}),
        ({"enableExecuteCommand": None, "desiredCount": 3, "serviceName": "t"}, {}),
        ({"deploymentConfiguration": {"strategy": "LINEAR"}}, {}),
        ({"placementConstraints": []}, {"placementConstraints": []}),
        (
            {"placementStrategy": [{"type": "binpack", "field": "cpu"}]},
            {"placementStrategy": [{"type": "binpack", "field": "CPU"}]},
        ),
        (
            {"deploymentConfiguration": {"maximumPercent": 150}},
            {
                "deploymentConfiguration": {
                    **CREATED["deploymentConfiguration"],
                    "maximumPercent": 150,
                }
            },
        ),
        (
            {"deploymentConfiguration": {"strategy": "ROLLING"}},
            {
                "deploymentConfiguration": {
                    "maximumPercent": 200,
                    "minimumHealthyPercent": 100,
                    "strategy": "ROLLING",
                    "bakeTimeInMinutes": 0,
                    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
                }
            },
        ),
    ],
    ids=[
        "nothing",
        "null and foreign",
        "the same strategy",
        "cleared",
        "respelt",
        "one percent",
        "other strategy",
    ],
)
def test_an_update_changes_what_it_names(update: Members, expected: Members) -> None:
    before = deepcopy(CREATED)

    assert merged_update(CREATED, update) == {**CREATED, **expected}
    assert before == CREATED, "the stored service was changed"


@pytest.mark.parametrize("provider", ["trn", "FARGATE_SPOT"])
def test_an_update_goes_to_capacity_providers_and_back(provider: str) -> None:
    there = merged_update(CREATED, {"capacityProviderStrategy": [{"capacityProvider": provider}]})
    back = merged_update(there, {"capacityProviderStrategy": []})

    assert "launchType" not in there
    assert "capacityProviderStrategy" not in back
    assert back["launchType"] == ("EC2" if provider == "trn" else "FARGATE")


def test_a_service_that_never_knew_rebalancing_stays_without() -> None:
    old = {name: CREATED[name] for name in CREATED if name != "availabilityZoneRebalancing"}

    assert merged_update(old, {})["availabilityZoneRebalancing"] == "DISABLED"


NEEDS: dict[str, tuple[Members, Members, set[str]]] = {
    "nothing": ({}, {}, set()),
    "a private image": (
        {"executionRoleArn": "r"},
        {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"},
        {"com.amazonaws.ecs.capability.ecr-auth", "ecs.capability.execution-role-ecr-pull"},
    ),
    "a private image by the instance's role": (
        {},
        {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1"},
        {"com.amazonaws.ecs.capability.ecr-auth"},
    ),
    "logs and their secrets": (
        {"executionRoleArn": "r"},
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "secretOptions": [{"name": "a", "valueFrom": "parameter"}],
            }
        },
        {
            "com.amazonaws.ecs.capability.logging-driver.awslogs",
            "ecs.capability.execution-role-awslogs",
            "ecs.capability.secrets.ssm.bootstrap.log-driver",
        },
    ),
    "secrets": (
        {},
        {"secrets": [{"name": "a", "valueFrom": "arn:aws:secretsmanager:r:1:secret:s"}]},
        {"ecs.capability.secrets.asm.environment-variables"},
    ),
    "an interface and a role": (
        {"networkMode": "awsvpc", "taskRoleArn": "r", "cpu": "256"},
        {},
        {
            "ecs.capability.task-eni",
            "com.amazonaws.ecs.capability.task-iam-role",
            "ecs.capability.task-cpu-mem-limit",
        },
    ),
    "the host's network and a role": (
        {"networkMode": "host", "taskRoleArn": "r"},
        {},
        {
            "com.amazonaws.ecs.capability.task-iam-role",
            "com.amazonaws.ecs.capability.task-iam-role-network-host",
        },
    ),
    "a volume of Docker": (
        {"volumes": [{"name": "v", "dockerVolumeConfiguration": {"driver": "local"}}]},
        {},
        {"ecs.capability.docker-plugin.local"},
    ),
    "privileges, health, a router": (
        {},
        {
            "privileged": True,
            "healthCheck": {"command": ["CMD", "x"]},
            "firelensConfiguration": {
                "type": "fluentbit",
                "options": {"config-file-type": "s3"},
            },
        },
        {
            "com.amazonaws.ecs.capability.privileged-container",
            "ecs.capability.container-health-check",
            "ecs.capability.firelens.fluentbit",
            "ecs.capability.firelens.options.config.s3",
        },
    ),
}


@pytest.mark.parametrize(("task", "container", "names"), NEEDS.values(), ids=NEEDS.keys())
def test_a_task_requires_what_its_members_need(
    task: Members, container: Members, names: set[str]
) -> None:
    request = {"containerDefinitions": [{"name": "a", "image": "a", **container}], **task}

    required = {each["name"] for each in required_attributes(described_task_definition(request))}

    assert required == {"com.amazonaws.ecs.capability.docker-remote-api.1.18"} | names


def test_an_instance_brings_all_that_a_task_can_require() -> None:
    request = maximal("RegisterTaskDefinition")
    drivers = MODEL.shape_for("LogDriver").enum
    containers = [
        {
            **deepcopy(request["containerDefinitions"][0]),
            "logConfiguration": {"logDriver": driver, "secretOptions": [{"valueFrom": secret}]},
            "secrets": [{"valueFrom": secret}],
            "firelensConfiguration": {"type": kind, "options": {"config-file-type": "s3"}},
        }
        for driver in drivers
        for secret in ("parameter", "arn:aws:secretsmanager:x")
        for kind in ("fluentd", "fluentbit")
    ]

    for mode in MODEL.shape_for("NetworkMode").enum:
        task = {**request, "networkMode": mode, "containerDefinitions": containers}
        required = {each["name"] for each in required_attributes(task)}
        assert required <= set(INSTANCE_CAPABILITIES)
