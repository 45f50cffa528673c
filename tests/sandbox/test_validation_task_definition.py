"""RegisterTaskDefinition refuses what ECS refuses, in ECS's words where they are known."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glia.sandbox.ecs_error import EcsError
from glia.sandbox.validation.shapes import check_request
from glia.sandbox.validation.task_definition import check_task_definition
from glia.sandbox.validation.task_size import cpu_units, memory_mib

if TYPE_CHECKING:
    from collections.abc import Callable

LOGS = {
    "logDriver": "awslogs",
    "options": {
        "awslogs-region": "us-east-1",
        "awslogs-group": "g",
        "awslogs-stream-prefix": "p",
    },
}
MAPPING = {"containerPort": 8501, "hostPort": 0, "protocol": "tcp"}
CHECK = {"command": ["CMD-SHELL", "true"]}


def on_ec2() -> dict[str, Any]:
    """After AWS's example for Neuron: its devices, its soft memory limit, its constraints."""
    return {
        "family": "ecs-neuron",
        "requiresCompatibilities": ["EC2"],
        "placementConstraints": [
            {"type": "memberOf", "expression": "attribute:ecs.os-type == linux"},
            {"type": "memberOf", "expression": "attribute:ecs.instance-type == inf1.xlarge"},
        ],
        "executionRoleArn": "${YOUR_EXECUTION_ROLE}",
        "containerDefinitions": [
            {
                "name": "resnet50",
                "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/neuron:1.15.4",
                "entryPoint": ["/usr/local/bin/entrypoint.sh", "--port=8500"],
                "essential": True,
                "cpu": 0,
                "memoryReservation": 1000,
                "portMappings": [
                    {"containerPort": 8500, "hostPort": 8500, "protocol": "tcp"},
                    {"containerPort": 80, "hostPort": 0, "protocol": "tcp"},
                ],
                "linuxParameters": {
                    "devices": [
                        {
                            "containerPath": "/dev/neuron0",
                            "hostPath": "/dev/neuron0",
                            "permissions": ["read", "write"],
                        }
                    ],
                    "capabilities": {"add": ["IPC_LOCK"]},
                },
            }
        ],
    }


def on_fargate() -> dict[str, Any]:
    return {
        "family": "web",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": ".5 vCPU",
        "memory": "1 GB",
        "executionRoleArn": "role",
        "containerDefinitions": [
            {"name": "web", "image": "nginx", "logConfiguration": deepcopy(LOGS)}
        ],
    }


def on_fargate_with_scratch() -> dict[str, Any]:
    return {**on_fargate(), "volumes": [{"name": "scratch"}]}


def on_managed_instances() -> dict[str, Any]:
    return {
        "family": "neuron",
        "requiresCompatibilities": ["MANAGED_INSTANCES"],
        "networkMode": "awsvpc",
        "cpu": "8192",
        "memory": "16384",
        "containerDefinitions": [
            {
                "name": "model",
                "image": "model",
                "resourceRequirements": [{"type": "NeuronDevice", "value": "ALL"}],
            }
        ],
    }


def with_everything() -> dict[str, Any]:
    return {
        "family": "all",
        "networkMode": "bridge",
        "memory": "4096",
        "ephemeralStorage": {"sizeInGiB": 21},
        "executionRoleArn": "role",
        "proxyConfiguration": {"containerName": "init"},
        "tags": [{"key": "team", "value": "größe 1"}, {"key": "empty"}],
        "volumes": [
            {"name": "scratch"},
            {"name": "ebs", "configuredAtLaunch": True},
            {
                "name": "models",
                "efsVolumeConfiguration": {
                    "fileSystemId": "fs-1",
                    "transitEncryption": "ENABLED",
                    "authorizationConfig": {"accessPointId": "fsap-1"},
                },
            },
        ],
        "containerDefinitions": [
            {
                "name": "app",
                "image": f"repo/app@sha256:{'0' * 64}",
                "memory": 512,
                "memoryReservation": 512,
                "links": ["init"],
                "dependsOn": [
                    {"containerName": "init", "condition": "SUCCESS"},
                    {"containerName": "side", "condition": "HEALTHY"},
                ],
                "secrets": [{"name": "KEY", "valueFrom": "parameter"}],
                "environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
                "mountPoints": [{"sourceVolume": "models", "containerPath": "/models"}],
                "volumesFrom": [{"sourceContainer": "init"}],
                "portMappings": [
                    {**MAPPING, "name": "grpc"},
                    {"containerPortRange": "9000-9010"},
                    {"containerPort": 53, "hostPort": 53, "protocol": "udp"},
                    {"containerPort": 54, "hostPort": 53, "protocol": "tcp"},
                ],
                "resourceRequirements": [
                    {"type": "GPU", "sharingStrategy": {"nvidiaMps": {"memory": 1}}}
                ],
                "restartPolicy": {"enabled": True, "restartAttemptPeriod": 60},
            },
            {"name": "init", "image": "busybox", "essential": False},
            {"name": "side", "image": "busybox", "healthCheck": CHECK},
        ],
    }


@pytest.mark.parametrize(
    "valid",
    [on_ec2, on_fargate, on_fargate_with_scratch, on_managed_instances, with_everything],
    ids=lambda f: f.__name__,
)
def test_what_ecs_registers_is_registered(valid: Callable[[], dict[str, Any]]) -> None:
    request = valid()

    check_request("RegisterTaskDefinition", request)
    check_task_definition(request)

    assert request == valid(), "a check changed the request"


def constraint(expression: str | None) -> dict[str, Any]:
    return {"type": "memberOf", "expression": expression}


# Rule -> the smallest change to a valid request (task, container), and the culprit.
Cases = dict[str, tuple[Any, str]]

OF_FAMILY_AND_CONTAINERS: Cases = {
    "no family": (lambda t, _: t.update(family=""), "Family should not be null or empty."),
    "a space in family": (lambda t, _: t.update(family="a b"), "Family contains invalid"),
    "a revision in family": (lambda t, _: t.update(family="a:1"), "Family contains invalid"),
    "300 letters in family": (lambda t, _: t.update(family="f" * 300), "Family cannot be long"),
    "no containers": (
        lambda t, _: t.update(containerDefinitions=[]),
        "Container list cannot be empty.",
    ),
    "11 containers": (
        lambda t, c: t.update(containerDefinitions=[{**c, "name": f"c{n}"} for n in range(11)]),
        "at most 10 containers",
    ),
    "a container without name": (lambda _, c: c.pop("name"), "Container.name should not be"),
    "a space in a name": (lambda _, c: c.update(name="a b"), "Container.name contains"),
    "a long container name": (lambda _, c: c.update(name="c" * 256), "Container.name cannot"),
    "two containers of one name": (
        lambda t, c: t["containerDefinitions"].append(deepcopy(c)),
        "Container name 'resnet50' is used more than once.",
    ),
    "no essential container": (
        lambda _, c: c.update(essential=False),
        "at least one essential",
    ),
    "no image": (lambda _, c: c.pop("image"), "Container.image should not be null or empty."),
    "a space in an image": (lambda _, c: c.update(image="a b"), "Container.image contains"),
    "a long image": (lambda _, c: c.update(image="i" * 256), "Container.image cannot be long"),
}

OF_SIZES: Cases = {
    "a negative cpu": (lambda _, c: c.update(cpu=-5), "'cpu' must not be negative"),
    "no memory at all": (
        lambda _, c: c.pop("memoryReservation"),
        "Invalid setting for container 'resnet50'. At least one of 'memory' or 'memoryRes",
    ),
    "1 MiB of memory": (
        lambda _, c: c.update(memory=1, memoryReservation=None),
        "'memory' must be at least 6 MiB",
    ),
    "1 MiB reserved": (
        lambda _, c: c.update(memoryReservation=1),
        "'memoryReservation' must be at least 6 MiB",
    ),
    "more reserved than allowed": (
        lambda _, c: c.update(memory=999),
        "'memory' must be greater than 'memoryReservation'",
    ),
    "a task cpu of abc": (
        lambda t, _: t.update(cpu="abc"),
        "Invalid 'cpu' setting for task: 'abc'.",
    ),
    "a task memory of lots": (lambda t, _: t.update(memory="lots"), "Invalid 'memory' setting"),
    "a task cpu of 64 units": (lambda t, _: t.update(cpu="64"), "64 is not between 128"),
    "more container cpu than task cpu": (
        lambda t, c: (t.update(cpu="256"), c.update(cpu=512)),
        "The sum of all container 'cpu' values",
    ),
    "more container memory than task memory": (
        lambda t, _: t.update(memory="999"),
        "cannot be greater than the task 'memory'",
    ),
    "65 KiB": (
        lambda _, c: c.update(environment=[{"name": "A", "value": "x" * 65536}]),
        "Max allowed length is '65536' bytes.",
    ),
    "a small ephemeral storage": (
        lambda t, _: t.update(ephemeralStorage={"sizeInGiB": 20}),
        "'ephemeralStorage'",
    ),
    "a proxy that is no container": (
        lambda t, _: t.update(proxyConfiguration={"containerName": "envoy"}),
        "Unknown container 'envoy'",
    ),
}

OF_NETWORKS_AND_PORTS: Cases = {
    "links outside bridge": (
        lambda t, c: (t.update(networkMode="none"), c.update(portMappings=[], links=["x"])),
        "links is not supported on container when networkMode=none.",
    ),
    "a hostname under awsvpc": (
        lambda t, c: (t.update(networkMode="awsvpc"), c.update(hostname="h")),
        "hostname is not supported on container when networkMode=awsvpc.",
    ),
    "ports without a network": (
        lambda t, _: t.update(networkMode="none"),
        "portMappings is not supported on container when networkMode=none.",
    ),
    "containerPort 70000": (
        lambda _, c: c.update(portMappings=[{"containerPort": 70000}]),
        "Invalid 'containerPort' setting for container 'resnet50'.",
    ),
    "no containerPort": (
        lambda _, c: c.update(portMappings=[{"hostPort": 80}]),
        "Invalid 'containerPort' setting for container 'resnet50'.",
    ),
    "hostPort -1": (
        lambda _, c: c.update(portMappings=[{**MAPPING, "hostPort": -1}]),
        "Invalid 'hostPort' setting for container 'resnet50'.",
    ),
    "another hostPort under awsvpc": (
        lambda t, _: t.update(networkMode="awsvpc"),
        "When networkMode=awsvpc, the host ports and container ports in port mappings",
    ),
    "another hostPort under host": (
        lambda t, _: t.update(networkMode="host"),
        "When networkMode=host, the host ports",
    ),
    "one static host port twice": (
        lambda _, c: c["portMappings"].append({"containerPort": 1, "hostPort": 8500}),
        "Host port 8500/tcp is used in more than one port mapping.",
    ),
    "one port twice under awsvpc": (
        lambda t, c: (
            t.update(networkMode="awsvpc"),
            c.update(portMappings=[{"containerPort": 1}, {"containerPort": 1}]),
        ),
        "Host port 1/tcp",
    ),
    "a port range backwards": (
        lambda _, c: c.update(portMappings=[{"containerPortRange": "9-8"}]),
        "Invalid 'containerPortRange' setting",
    ),
    "a port range and a port": (
        lambda _, c: c.update(portMappings=[{**MAPPING, "containerPortRange": "8-9"}]),
        "'containerPort' and 'hostPort' must be left out",
    ),
    "a port range under host": (
        lambda t, c: (
            t.update(networkMode="host"),
            c.update(portMappings=[{"containerPortRange": "8-9"}]),
        ),
        "containerPortRange is not supported on container when networkMode=host.",
    ),
    "an upper-case port name": (
        lambda _, c: c.update(portMappings=[{**MAPPING, "name": "GRPC"}]),
        "Invalid port mapping 'name'",
    ),
    "one port name twice": (
        lambda _, c: c.update(portMappings=[{**MAPPING, "name": "a"}] * 2),
        "Port mapping name 'a'",
    ),
    "awsvpc on external instances": (
        lambda t, c: (
            t.update(networkMode="awsvpc", requiresCompatibilities=["EXTERNAL"]),
            c.update(portMappings=[]),
        ),
        "Network mode 'awsvpc' is not supported with compatibility EXTERNAL.",
    ),
}

OF_VOLUMES: Cases = {
    "a mount of an unknown volume": (
        lambda _, c: c.update(mountPoints=[{"sourceVolume": "v"}]),
        "Unknown volume 'v'.",
    ),
    "volumes from an unknown container": (
        lambda _, c: c.update(volumesFrom=[{"sourceContainer": "x"}]),
        "Unknown container 'x' in volumesFrom.",
    ),
    "a volume without name": (lambda t, _: t.update(volumes=[{}]), "Volume.name should not"),
    "two volumes of one name": (
        lambda t, _: t.update(volumes=[{"name": "v"}, {"name": "v"}]),
        "Volume name 'v' is used more than once.",
    ),
    "a volume of two kinds": (
        lambda t, _: t.update(
            volumes=[{"name": "v", "host": {"sourcePath": "/"}, "configuredAtLaunch": True}]
        ),
        "Volume 'v' must have only one type",
    ),
    "two volumes configured at launch": (
        lambda t, _: t.update(
            volumes=[{"name": n, "configuredAtLaunch": True} for n in ("v", "w")]
        ),
        "Only one volume",
    ),
    "an access point in the clear": (
        lambda t, _: t.update(
            volumes=[
                {
                    "name": "v",
                    "efsVolumeConfiguration": {"authorizationConfig": {"iam": "ENABLED"}},
                }
            ]
        ),
        "transitEncryption must be ENABLED",
    ),
    "an access point and a directory": (
        lambda t, _: t.update(
            volumes=[
                {
                    "name": "v",
                    "efsVolumeConfiguration": {
                        "rootDirectory": "/data",
                        "transitEncryption": "ENABLED",
                        "authorizationConfig": {"accessPointId": "fsap-1"},
                    },
                }
            ]
        ),
        "rootDirectory must be '/'",
    ),
}

OF_DEPENDENCIES: Cases = {
    "a dependency on itself": (
        lambda _, c: c.update(dependsOn=[{"containerName": "resnet50", "condition": "START"}]),
        "Container 'resnet50' cannot depend on itself.",
    ),
    "a dependency on nobody": (
        lambda _, c: c.update(dependsOn=[{"containerName": "x", "condition": "START"}]),
        "Container 'resnet50' depends on unknown container 'x'.",
    ),
    "a cycle of dependencies": (
        lambda t, c: (
            t["containerDefinitions"].append({**c, "name": "b", "portMappings": []}),
            t["containerDefinitions"][1].update(
                dependsOn=[{"containerName": "resnet50", "condition": "START"}]
            ),
            c.update(dependsOn=[{"containerName": "b", "condition": "START"}]),
        ),
        "in a cycle",
    ),
    "success of an essential container": (
        lambda t, c: (
            t["containerDefinitions"].append({**c, "name": "b", "portMappings": []}),
            c.update(dependsOn=[{"containerName": "b", "condition": "SUCCESS"}]),
        ),
        "cannot be an essential container: 'b'",
    ),
    "health without a health check": (
        lambda t, c: (
            t["containerDefinitions"].append({**c, "name": "b", "portMappings": []}),
            c.update(dependsOn=[{"containerName": "b", "condition": "HEALTHY"}]),
        ),
        "Container 'b' must have a healthCheck",
    ),
}

OF_HEALTH_LOGS_AND_SECRETS: Cases = {
    "a health check that is no command": (
        lambda _, c: c.update(healthCheck={"command": ["curl"]}),
        "must start with CMD or CMD-SHELL",
    ),
    "an empty health check": (
        lambda _, c: c.update(healthCheck={"command": []}),
        "must start with CMD or CMD-SHELL",
    ),
    **{
        f"a health check {member} of {value}": (
            lambda _, c, member=member, value=value: c.update(healthCheck={**CHECK, member: value}),
            f"'healthCheck.{member}' must be between",
        )
        for member, value in (
            ("interval", 4),
            ("timeout", 61),
            ("retries", 11),
            ("startPeriod", 301),
        )
    },
    "a short restart period": (
        lambda _, c: c.update(restartPolicy={"enabled": True, "restartAttemptPeriod": 59}),
        "'restartAttemptPeriod' must be between 60 and 1800",
    ),
    "awslogs without a group": (
        lambda _, c: c.update(
            logConfiguration={"logDriver": "awslogs", "options": {"awslogs-region": "r"}}
        ),
        "Log driver awslogs requires options: awslogs-group",
    ),
    "secrets without an execution role": (
        lambda t, c: (
            t.pop("executionRoleArn"),
            c.update(secrets=[{"name": "A", "valueFrom": "p"}]),
        ),
        "When you are specifying container secrets",
    ),
}

OF_DEVICES: Cases = {
    "a device without its slash": (
        lambda _, c: c["linuxParameters"]["devices"][0].update(hostPath="neuron0"),
        "absolute hostPath, not 'neuron0'",
    ),
    "a device to a relative path": (
        lambda _, c: c["linuxParameters"]["devices"][0].update(containerPath="neuron0"),
        "absolute containerPath, not 'neuron0'",
    ),
    "NeuronDevice on EC2": (
        lambda _, c: c.update(
            linuxParameters={}, resourceRequirements=[{"type": "NeuronDevice", "value": "ALL"}]
        ),
        "only supported on Managed Instances",
    ),
    "a resource requirement without value": (
        lambda _, c: c.update(resourceRequirements=[{"type": "GPU"}]),
        "needs a value",
    ),
    "an accelerator that is shared": (
        lambda _, c: c.update(
            resourceRequirements=[{"type": "NeuronDevice", "sharingStrategy": {"nvidiaMps": {}}}]
        ),
        "for resource type GPU only",
    ),
}

OF_PLACEMENT: Cases = {
    "11 placement constraints": (
        lambda t, _: t.update(placementConstraints=[constraint("agentConnected == true")] * 11),
        "Too many placement constraints",
    ),
    "a constraint of another type": (
        lambda t, _: t.update(placementConstraints=[{"type": "distinctInstance"}]),
        "'distinctInstance' is not valid in a task definition",
    ),
    "a constraint without expression": (
        lambda t, _: t.update(placementConstraints=[constraint(None)]),
        "An expression must be specified",
    ),
    "a constraint of 2001 letters": (
        lambda t, _: t.update(placementConstraints=[constraint("a" * 2001)]),
        "2000 characters",
    ),
    "a constraint that is no expression": (
        lambda t, _: t.update(placementConstraints=[constraint("((")]),
        "Invalid expression '(('",
    ),
}

OF_TAGS: Cases = {
    "60 tags": (
        lambda t, _: t.update(tags=[{"key": str(n)} for n in range(60)]),
        "The maximum number of tags is 50",
    ),
    "a tag of AWS's own": (
        lambda t, _: t.update(tags=[{"key": "Aws:x"}]),
        "'Aws:x' is invalid: the prefix aws:",
    ),
    "a tag value of AWS's own": (
        lambda t, _: t.update(tags=[{"key": "k", "value": "aws:x"}]),
        "Tag value 'aws:x' is invalid",
    ),
    "two tags of one key": (
        lambda t, _: t.update(tags=[{"key": "k"}, {"key": "k"}]),
        "Duplicate tag keys are not allowed: 'k'.",
    ),
    "a tag without key": (lambda t, _: t.update(tags=[{"value": "v"}]), "Tag key ''"),
    "a tag key of 129 letters": (
        lambda t, _: t.update(tags=[{"key": "k" * 129}]),
        "between 1 and 128 characters",
    ),
    "a tag value of 257 letters": (
        lambda t, _: t.update(tags=[{"key": "k", "value": "v" * 257}]),
        "at most 256 characters",
    ),
    "a star in a tag key": (lambda t, _: t.update(tags=[{"key": "*"}]), "Tag key '*' contains"),
    "a star in a tag value": (
        lambda t, _: t.update(tags=[{"key": "k", "value": "*"}]),
        "Tag value '*' contains",
    ),
}

ON_EC2: Cases = {
    **OF_FAMILY_AND_CONTAINERS,
    **OF_SIZES,
    **OF_NETWORKS_AND_PORTS,
    **OF_VOLUMES,
    **OF_DEPENDENCIES,
    **OF_HEALTH_LOGS_AND_SECRETS,
    **OF_DEVICES,
    **OF_PLACEMENT,
    **OF_TAGS,
}

ON_FARGATE: Cases = {
    "another network mode": (
        lambda t, _: t.pop("networkMode"),
        "Fargate only supports network mode 'awsvpc'.",
    ),
    "no task cpu": (
        lambda t, _: t.pop("cpu"),
        "Fargate requires that 'cpu' be defined at the task level.",
    ),
    "cpu and memory that do not go together": (
        lambda t, _: t.update(memory="9 GB"),
        "No Fargate configuration exists for given values: 512 CPU, 9216 memory.",
    ),
    "an ipcMode": (lambda t, _: t.update(ipcMode="host"), "do not support ipcMode"),
    "a pidMode of host": (lambda t, _: t.update(pidMode="host"), "do not support pidMode"),
    "placement constraints": (
        lambda t, _: t.update(placementConstraints=[constraint("agentConnected == true")]),
        "Tasks using the Fargate launch type do not support placementConstraints.",
    ),
    "a volume of the host": (
        lambda t, _: t.update(volumes=[{"name": "v", "host": {"sourcePath": "/v"}}]),
        "do not support host.sourcePath",
    ),
    "a Docker volume": (
        lambda t, _: t.update(
            volumes=[{"name": "v", "dockerVolumeConfiguration": {"scope": "task"}}]
        ),
        "do not support dockerVolumeConfiguration",
    ),
    "devices": (
        lambda _, c: c.update(linuxParameters={"devices": [{"hostPath": "/dev/neuron0"}]}),
        "do not support linuxParameters.devices",
    ),
    "privileges": (lambda _, c: c.update(privileged=True), "do not support privileged"),
    "another capability": (
        lambda _, c: c.update(linuxParameters={"capabilities": {"add": ["IPC_LOCK"]}}),
        "do not support capability IPC_LOCK",
    ),
    "a long stop": (
        lambda _, c: c.update(stopTimeout=121),
        "'stopTimeout' be between 2 and 120 seconds",
    ),
    "journald": (
        lambda _, c: c.update(logConfiguration={"logDriver": "journald"}),
        "Log driver 'journald' is not supported with compatibility FARGATE.",
    ),
    "awslogs without prefix": (
        lambda _, c: c["logConfiguration"].update(
            options={"awslogs-region": "r", "awslogs-group": "g"}
        ),
        "Log driver awslogs requires options: awslogs-stream-prefix",
    ),
    "awslogs without an execution role": (
        lambda t, _: t.pop("executionRoleArn"),
        "Fargate requires task definition to have execution role ARN to support log driver",
    ),
    "an ECR image without an execution role": (
        lambda t, c: (
            t.pop("executionRoleArn"),
            c.pop("logConfiguration"),
            c.update(image="123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"),
        ),
        "to support ECR images",
    ),
    "a private registry without an execution role": (
        lambda t, c: (
            t.pop("executionRoleArn"),
            c.pop("logConfiguration"),
            c.update(repositoryCredentials={"credentialsParameter": "arn"}),
        ),
        "to support repositoryCredentials",
    ),
}

ON_MANAGED_INSTANCES: Cases = {
    "less than all devices": (
        lambda _, c: c["resourceRequirements"][0].update(value="1"),
        "The value of resource type NeuronDevice must be ALL.",
    ),
    "two containers with devices": (
        lambda t, c: t["containerDefinitions"].append({**c, "name": "b"}),
        "Only one container in a task can specify NeuronDevice resources: model, b.",
    ),
    "both ways to devices": (
        lambda _, c: c.update(linuxParameters={"devices": [{"hostPath": "/dev/neuron3"}]}),
        "cannot be combined with linuxParameters.devices for '/dev/neuron3'",
    ),
    "bridge": (
        lambda t, _: t.update(networkMode="bridge"),
        "Network mode 'bridge' is not supported with compatibility MANAGED_INSTANCES.",
    ),
    "syslog": (
        lambda _, c: c.update(logConfiguration={"logDriver": "syslog"}),
        "Log driver 'syslog' is not supported with compatibility MANAGED_INSTANCES.",
    ),
}

CASES = [
    pytest.param(valid, edit, culprit, id=f"{valid.__name__}: {rule}")
    for valid, table in (
        (on_ec2, ON_EC2),
        (on_fargate, ON_FARGATE),
        (on_managed_instances, ON_MANAGED_INSTANCES),
    )
    for rule, (edit, culprit) in table.items()
]


@pytest.mark.parametrize(("valid", "edit", "culprit"), CASES)
def test_what_ecs_refuses_is_refused(
    valid: Callable[[], dict[str, Any]],
    edit: Callable[[dict[str, Any], dict[str, Any]], object],
    culprit: str,
) -> None:
    request = valid()
    edit(request, request["containerDefinitions"][0])

    with pytest.raises(EcsError) as caught:
        check_task_definition(request)

    code = "InvalidParameterException" if "tags" in request else "ClientException"
    assert caught.value.code == code
    assert culprit in caught.value.message


def test_another_device_of_the_host_goes_with_managed_neuron_devices() -> None:
    request = on_managed_instances()
    request["containerDefinitions"][0]["linuxParameters"] = {"devices": [{"hostPath": "/dev/fuse"}]}

    check_task_definition(request)


@pytest.mark.parametrize(
    ("text", "units", "mib"),
    [
        ("1024", 1024, 1024),
        ("1 vCPU", 1024, None),
        (".5 vcpu", 512, None),
        ("0.25vCPU", 256, None),
        ("1GB", None, 1024),
        ("0.5 gb", None, 512),
        ("0.3 GB", None, None),
        ("1,024", None, None),
        ("", None, None),
    ],
)
def test_task_sizes_are_read_as_they_are_written(
    text: str, units: int | None, mib: int | None
) -> None:
    assert (cpu_units(text), memory_mib(text)) == (units, mib)


# Examples in AWS's documentation that ECS itself would refuse.
UNFIT_EXAMPLES = {
    "doc_ecs-inference_2021-03-02_2": "its image is the placeholder ${YOUR_IMAGE}",
    "doc_example_task_definitions_2023_7": "its container app has no memory at any level",
    "doc_tutorial-wfsx-volumes_2023_1": "it mounts a volume that it does not declare",
}


def published_examples() -> list[Any]:
    corpus = os.environ.get("GLIA_CORPUS")
    if corpus is None:
        skip = pytest.mark.skip(reason="GLIA_CORPUS is not set")
        return [pytest.param("", {}, marks=skip, id="no corpus")]
    read = [json.loads(path.read_text()) for path in sorted(Path(corpus).glob("taskdefs/*.json"))]
    return [
        pytest.param(each["name"], each["document"], id=each["name"])
        for each in read
        if each["botocore_valid"]
    ]


@pytest.mark.parametrize(("name", "document"), published_examples())
def test_the_examples_of_awss_documentation_pass(name: str, document: dict[str, Any]) -> None:
    check_request("RegisterTaskDefinition", document)
    if name in UNFIT_EXAMPLES:
        with pytest.raises(EcsError):
            check_task_definition(document)
        pytest.skip(UNFIT_EXAMPLES[name])

    check_task_definition(document)
