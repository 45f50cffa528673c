"""What a task definition must leave out, or bring, for each of requiresCompatibilities.

"A client exception is returned if the task definition doesn't validate against the
compatibilities specified" (botocore's documentation of requiresCompatibilities).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glia.sandbox.validation.accelerators import faults_of_accelerators
from glia.sandbox.validation.task_size import FARGATE_SIZES, cpu_units, memory_mib

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.validation.rules import Sentences
    from glia.sandbox.wire_types import Json

ECR_IMAGE = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/.*")

# Developer guide, "Amazon ECS task networking": Managed Instances default to awsvpc and
# know no bridge; external instances know no awsvpc.
NETWORK_MODES = {
    "FARGATE": frozenset({"awsvpc"}),
    "MANAGED_INSTANCES": frozenset({"awsvpc", "host", "none", None}),
    "EXTERNAL": frozenset({"bridge", "host", "none", None}),
}

# botocore's documentation of LogConfiguration.logDriver.
LOG_DRIVERS = {
    "FARGATE": frozenset({"awslogs", "splunk", "awsfirelens"}),
    "MANAGED_INSTANCES": frozenset({"awslogs", "splunk", "awsfirelens", "json-file"}),
}

# botocore's documentation of each member: "not supported" or "not valid" on Fargate.
NOT_ON_FARGATE = ("dockerSecurityOptions", "links", "privileged", "resourceRequirements")
LINUX_NOT_ON_FARGATE = ("devices", "maxSwap", "sharedMemorySize", "swappiness")
FARGATE_TIMEOUT_SECONDS = range(2, 120 + 1)  # ... of startTimeout and stopTimeout
FARGATE_CAPABILITIES = frozenset({"SYS_PTRACE"})  # ... of KernelCapabilities.add


def faults_of_compatibility(task: Json) -> Sentences:
    """ECS's sentences about what a launch type does not support."""
    required = task.get("requiresCompatibilities") or []
    for compatibility in required:
        yield from _faults_of_network_mode(task, compatibility)
        for container in task["containerDefinitions"]:
            yield from _faults_of_log_driver(container, compatibility)
    if "FARGATE" in required:
        for rule in FARGATE_RULES:
            yield from rule(task)


def is_compatible(task: Json, compatibility: str) -> bool:
    """Whether a described task definition would validate against a compatibility.

    ECS answers so in ``compatibilities``. That Managed Instances are listed wherever the
    network mode fits is unverified.
    """
    asked = {**task, "requiresCompatibilities": [compatibility]}
    return not any(faults_of_compatibility(asked)) and not any(faults_of_accelerators(asked))


def _faults_of_network_mode(task: Json, compatibility: str) -> Sentences:
    mode = task.get("networkMode")
    allowed = NETWORK_MODES.get(compatibility)
    if compatibility == "FARGATE" and mode != "awsvpc":
        yield "Fargate only supports network mode 'awsvpc'."
    elif allowed is not None and mode not in allowed:
        yield f"Network mode '{mode}' is not supported with compatibility {compatibility}."


def _faults_of_log_driver(container: Json, compatibility: str) -> Sentences:
    driver = (container.get("logConfiguration") or {}).get("logDriver")
    allowed = LOG_DRIVERS.get(compatibility)
    if driver and allowed is not None and driver not in allowed:
        yield f"Log driver '{driver}' is not supported with compatibility {compatibility}."
    options = (container.get("logConfiguration") or {}).get("options") or {}
    if (driver, compatibility) == ("awslogs", "FARGATE") and "awslogs-stream-prefix" not in options:
        yield "Log driver awslogs requires options: awslogs-stream-prefix"


def faults_of_fargate_size(task: Json) -> Sentences:
    """ECS's sentences about sizes that Fargate does not sell."""
    for member in ("cpu", "memory"):
        if not task.get(member):
            yield f"Fargate requires that '{member}' be defined at the task level."
    cpu, memory = cpu_units(task.get("cpu") or ""), memory_mib(task.get("memory") or "")
    if memory not in FARGATE_SIZES.get(cpu or 0, ()):
        yield f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."


def _faults_of_fargate_task(task: Json) -> Sentences:
    if task.get("ipcMode"):
        yield _unsupported("ipcMode")
    if task.get("pidMode") == "host":
        yield _unsupported("pidMode host")
    if task.get("placementConstraints"):
        yield _unsupported("placementConstraints")
    for volume in task.get("volumes") or []:
        if (volume.get("host") or {}).get("sourcePath"):
            yield _unsupported("host.sourcePath in volumes")
        if volume.get("dockerVolumeConfiguration"):
            yield _unsupported("dockerVolumeConfiguration")


def _faults_of_fargate_containers(task: Json) -> Sentences:
    for container in task["containerDefinitions"]:
        linux = container.get("linuxParameters") or {}
        for member in NOT_ON_FARGATE:
            if container.get(member):
                yield _unsupported(member)
        for member in LINUX_NOT_ON_FARGATE:
            if linux.get(member) not in (None, []):
                yield _unsupported(f"linuxParameters.{member}")
        added = set((linux.get("capabilities") or {}).get("add") or [])
        for capability in sorted(added - FARGATE_CAPABILITIES):
            yield _unsupported(f"capability {capability}")
        for member in ("startTimeout", "stopTimeout"):
            if container.get(member, 30) not in FARGATE_TIMEOUT_SECONDS:
                yield f"Fargate requires that '{member}' be between 2 and 120 seconds."


def _faults_of_fargate_role(task: Json) -> Sentences:
    """Developer guide, "Amazon ECS task execution IAM role"."""
    if task.get("executionRoleArn"):
        return
    for container in task["containerDefinitions"]:
        for feature in _features_that_need_a_role(container):
            yield (
                f"Fargate requires task definition to have execution role ARN to support {feature}."
            )


def _features_that_need_a_role(container: Json) -> Sentences:
    if (container.get("logConfiguration") or {}).get("logDriver") == "awslogs":
        yield "log driver awslogs"
    if ECR_IMAGE.fullmatch(container["image"]):
        yield "ECR images"
    if container.get("repositoryCredentials"):
        yield "repositoryCredentials"


def _unsupported(what: str) -> str:
    return f"Tasks using the Fargate launch type do not support {what}."


FARGATE_RULES: tuple[Callable[[Json], Sentences], ...] = (
    faults_of_fargate_size,
    _faults_of_fargate_task,
    _faults_of_fargate_containers,
    _faults_of_fargate_role,
)
