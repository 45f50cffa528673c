"""What a task needs of an agent, and what the agent of a current Neuron AMI brings.

ECS writes the former into a task definition's ``requiresAttributes`` and places tasks only
where all of them are registered. The names are those of the open-source agent
(agent/app/agent_capability.go); which member asks for which is as ECS's answers show it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glia.sandbox.validation.compatibility import ECR_IMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.sandbox.wire_types import Json

LEGACY = "com.amazonaws.ecs.capability."
PREFIX = "ecs.capability."

# Every task definition; the agent supports no older Docker.
ALWAYS = (f"{LEGACY}docker-remote-api.1.18",)

# A member that is given -> the attributes that it asks for.
BY_CONTAINER_MEMBER: dict[str, tuple[str, ...]] = {
    "dependsOn": (f"{PREFIX}container-ordering",),
    "environmentFiles": (f"{PREFIX}env-files.s3",),
    "firelensConfiguration": (),
    "healthCheck": (f"{PREFIX}container-health-check",),
    "privileged": (f"{LEGACY}privileged-container",),
    "repositoryCredentials": (f"{PREFIX}private-registry-authentication.secretsmanager",),
    "restartPolicy": (f"{PREFIX}container-restart-policy",),
    "startTimeout": (f"{PREFIX}container-ordering",),
    "stopTimeout": (f"{PREFIX}container-ordering",),
}
BY_TASK_MEMBER: dict[str, tuple[str, ...]] = {
    "cpu": (f"{PREFIX}task-cpu-mem-limit",),
    "enableFaultInjection": (f"{PREFIX}fault-injection",),
    "ipcMode": (f"{PREFIX}pid-ipc-namespace-sharing",),
    "memory": (f"{PREFIX}task-cpu-mem-limit",),
    "pidMode": (f"{PREFIX}pid-ipc-namespace-sharing",),
    "proxyConfiguration": (f"{PREFIX}aws-appmesh",),
    "taskRoleArn": (f"{LEGACY}task-iam-role",),
}
BY_NETWORK_MODE: dict[str, tuple[str, ...]] = {
    "awsvpc": (f"{PREFIX}task-eni",),
    "host": (f"{LEGACY}task-iam-role-network-host",),
}
BY_VOLUME_MEMBER: dict[str, tuple[str, ...]] = {
    "configuredAtLaunch": (f"{PREFIX}storage.ebs-task-volume-attach",),
    "dockerVolumeConfiguration": (f"{PREFIX}docker-plugin.local",),
    "efsVolumeConfiguration": (f"{PREFIX}efsAuth",),
}
LOG_DRIVERS = (
    "awsfirelens",
    "awslogs",
    "fluentd",
    "gelf",
    "journald",
    "json-file",
    "splunk",
    "syslog",
)

SECRETS_MANAGER = re.compile(r"arn:[^:]+:secretsmanager:.*")


def required_attributes(task_definition: Json) -> list[Json]:
    """``requiresAttributes`` of a described task definition, sorted by name.

    A modest part of ECS's table: what Linux on EC2 commonly needs. Windows, GPUs and
    Elastic Inference are not in it.
    """
    names = {*ALWAYS, *_of_task(task_definition)}
    for container in task_definition["containerDefinitions"]:
        names.update(_of_container(container, bool(task_definition.get("executionRoleArn"))))
    return [{"name": name} for name in sorted(names)]


def _of_task(task: Json) -> Iterator[str]:
    for member, attributes in BY_TASK_MEMBER.items():
        if task.get(member):
            yield from attributes
    mode = task.get("networkMode") or "bridge"
    if mode == "awsvpc" or task.get("taskRoleArn"):
        yield from BY_NETWORK_MODE.get(mode, ())
    for volume in task.get("volumes") or []:
        for member, attributes in BY_VOLUME_MEMBER.items():
            if volume.get(member):
                yield from attributes


def _of_container(container: Json, execution_role: bool) -> Iterator[str]:
    for member, attributes in BY_CONTAINER_MEMBER.items():
        if container.get(member):
            yield from attributes
    if ECR_IMAGE.fullmatch(container["image"]):
        yield f"{LEGACY}ecr-auth"
        if execution_role:
            yield f"{PREFIX}execution-role-ecr-pull"
    yield from _of_logging(container.get("logConfiguration") or {}, execution_role)
    for secret in container.get("secrets") or []:
        yield f"{PREFIX}secrets.{_store(secret)}.environment-variables"
    yield from _of_firelens(container.get("firelensConfiguration") or {})


def _of_logging(log: Json, execution_role: bool) -> Iterator[str]:
    driver = log.get("logDriver")
    if driver:
        yield f"{LEGACY}logging-driver.{driver}"
    if driver == "awslogs" and execution_role:
        yield f"{PREFIX}execution-role-awslogs"
    for secret in log.get("secretOptions") or []:
        yield f"{PREFIX}secrets.{_store(secret)}.bootstrap.log-driver"


def _of_firelens(firelens: Json) -> Iterator[str]:
    if firelens:
        yield f"{PREFIX}firelens.{firelens['type']}"
    if (firelens.get("options") or {}).get("config-file-type") == "s3":
        yield f"{PREFIX}firelens.options.config.s3"


def _store(secret: Json) -> str:
    return "asm" if SECRETS_MANAGER.fullmatch(secret["valueFrom"]) else "ssm"


# What the table above can ask for, and what the agent registers beside it on Linux.
INSTANCE_CAPABILITIES: tuple[str, ...] = tuple(
    sorted(
        {
            *ALWAYS,
            *(
                name
                for table in (
                    BY_CONTAINER_MEMBER,
                    BY_TASK_MEMBER,
                    BY_NETWORK_MODE,
                    BY_VOLUME_MEMBER,
                )
                for attributes in table.values()
                for name in attributes
            ),
            *(f"{LEGACY}docker-remote-api.1.{minor}" for minor in range(17, 45)),
            *(f"{LEGACY}logging-driver.{driver}" for driver in (*LOG_DRIVERS, "none")),
            *(f"{PREFIX}firelens.{kind}" for kind in ("fluentbit", "fluentd")),
            f"{PREFIX}firelens.options.config.file",
            f"{PREFIX}firelens.options.config.s3",
            *(
                f"{PREFIX}secrets.{store}.{use}"
                for store in ("asm", "ssm")
                for use in ("bootstrap.log-driver", "environment-variables")
            ),
            f"{LEGACY}ecr-auth",
            f"{PREFIX}cni-plugin-version.2020.09.0",
            f"{PREFIX}efs",
            f"{PREFIX}execution-role-awslogs",
            f"{PREFIX}execution-role-ecr-pull",
            f"{PREFIX}full-sync",
            f"{PREFIX}increased-task-cpu-limit",
            f"{PREFIX}logging-driver.awsfirelens.log-driver-buffer-limit",
            f"{PREFIX}service-connect-v1",
            f"{PREFIX}task-eia",
            f"{PREFIX}task-eni-block-instance-metadata",
            f"{PREFIX}docker-plugin.local",
        }
    )
)
