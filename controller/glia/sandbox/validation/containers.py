"""The rules of one container definition by itself and against its task's network mode."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.validation.rules import Sentences
    from glia.sandbox.wire_types import Json

# botocore's documentation of ContainerDefinition.memory: less is less than Docker keeps back.
LEAST_MEMORY_MIB = 6

# botocore's documentation of ContainerDefinition.image; a digest does not count.
IMAGE = re.compile(r"[A-Za-z0-9_.:/#-]+(@sha256:[A-Fa-f0-9]{64})?")
IMAGE_LENGTH = 255

# botocore's documentation of HealthCheck.
HEALTH_CHECK_SECONDS = {
    "interval": range(5, 300 + 1),
    "timeout": range(2, 60 + 1),
    "retries": range(1, 10 + 1),
    "startPeriod": range(300 + 1),
}

# botocore's documentation of each member: the network modes that it goes with.
MEMBERS_BY_NETWORK_MODE = {
    "links": frozenset({"bridge"}),
    "hostname": frozenset({"bridge", "host", "none"}),
    "extraHosts": frozenset({"bridge", "host", "none"}),
    "portMappings": frozenset({"bridge", "host", "awsvpc"}),
}

AWSLOGS_OPTIONS = ("awslogs-region", "awslogs-group")  # ... LogConfiguration.options


def faults_of_container(container: Json, task: Json) -> Sentences:
    """ECS's sentences about one container, whose name has been checked before."""
    for rule in RULES:
        yield from rule(container, task)


def _faults_of_image(container: Json, _: Json) -> Sentences:
    image = container.get("image") or ""
    if not image:
        yield "Container.image should not be null or empty."
    elif not IMAGE.fullmatch(image):
        yield f"Container.image contains invalid characters: '{image}'."
    elif len(image.partition("@")[0]) > IMAGE_LENGTH:
        yield f"Container.image cannot be longer than {IMAGE_LENGTH} characters."


def _faults_of_cpu(container: Json, _: Json) -> Sentences:
    if (container.get("cpu") or 0) < 0:
        yield f"{_invalid(container)} 'cpu' must not be negative."


def _faults_of_memory(container: Json, task: Json) -> Sentences:
    memory, reserved = container.get("memory"), container.get("memoryReservation")
    if not memory and not reserved and not task.get("memory"):
        yield (
            f"{_invalid(container)} At least one of 'memory' or 'memoryReservation' "
            "must be specified."
        )
    for member, value in (("memory", memory), ("memoryReservation", reserved)):
        if value is not None and value < LEAST_MEMORY_MIB:
            yield f"{_invalid(container)} '{member}' must be at least {LEAST_MEMORY_MIB} MiB."
    # The documentation says "greater"; AWS's own correction of it, "or equal" (pull request
    # 242 of awsdocs/amazon-ecs-developer-guide).
    if memory and reserved and memory < reserved:
        yield f"{_invalid(container)} 'memory' must be greater than 'memoryReservation'."


def _faults_of_network_mode(container: Json, task: Json) -> Sentences:
    mode = task.get("networkMode") or "bridge"
    for member, modes in MEMBERS_BY_NETWORK_MODE.items():
        if container.get(member) and mode not in modes:
            yield f"{member} is not supported on container when networkMode={mode}."


def _faults_of_health_check(container: Json, _: Json) -> Sentences:
    check = container.get("healthCheck") or {}
    if check and (check["command"] or [""])[0] not in {"CMD", "CMD-SHELL", "NONE"}:
        yield f"{_invalid(container)} 'healthCheck.command' must start with CMD or CMD-SHELL."
    for member, allowed in HEALTH_CHECK_SECONDS.items():
        if check.get(member) is not None and check[member] not in allowed:
            yield (
                f"{_invalid(container)} 'healthCheck.{member}' must be between "
                f"{allowed.start} and {allowed.stop - 1}."
            )


def _faults_of_log_configuration(container: Json, _: Json) -> Sentences:
    log = container.get("logConfiguration") or {}
    if log.get("logDriver") == "awslogs":
        options = log.get("options") or {}
        if missing := [name for name in AWSLOGS_OPTIONS if not options.get(name)]:
            yield f"Log driver awslogs requires options: {', '.join(missing)}"


def _faults_of_secrets(container: Json, task: Json) -> Sentences:
    log = container.get("logConfiguration") or {}
    if (container.get("secrets") or log.get("secretOptions")) and not task.get("executionRoleArn"):
        yield (
            "When you are specifying container secrets, you must also specify a value for "
            "'executionRoleArn'."
        )


def _faults_of_devices(container: Json, _: Json) -> Sentences:
    linux = container.get("linuxParameters") or {}
    for device in linux.get("devices") or []:
        for member in ("hostPath", "containerPath"):
            if not device.get(member, "/").startswith("/"):
                yield (
                    f"{_invalid(container)} 'linuxParameters.devices' needs an absolute "
                    f"{member}, not '{device[member]}'."
                )


def _faults_of_restart_policy(container: Json, _: Json) -> Sentences:
    """Botocore's documentation of ContainerRestartPolicy."""
    policy = container.get("restartPolicy") or {}
    if not 60 <= (policy.get("restartAttemptPeriod") or 300) <= 1800:
        yield f"{_invalid(container)} 'restartAttemptPeriod' must be between 60 and 1800."


def _invalid(container: Json) -> str:
    return f"Invalid setting for container '{container['name']}'."


RULES: tuple[Callable[[Json, Json], Sentences], ...] = (
    _faults_of_image,
    _faults_of_cpu,
    _faults_of_memory,
    _faults_of_network_mode,
    _faults_of_health_check,
    _faults_of_log_configuration,
    _faults_of_secrets,
    _faults_of_devices,
    _faults_of_restart_policy,
)
