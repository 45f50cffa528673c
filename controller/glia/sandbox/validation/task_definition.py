"""What ECS refuses in RegisterTaskDefinition beyond the shapes of its model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from glia.sandbox.ecs_error import client_exception
from glia.sandbox.validation.accelerators import faults_of_accelerators
from glia.sandbox.validation.compatibility import faults_of_compatibility
from glia.sandbox.validation.containers import faults_of_container
from glia.sandbox.validation.dependencies import faults_of_dependencies
from glia.sandbox.validation.placement import faults_of_task_constraints
from glia.sandbox.validation.ports import faults_of_ports
from glia.sandbox.validation.rules import Sentences, faults_of_name, refuse_first, repeated
from glia.sandbox.validation.tags import check_tags
from glia.sandbox.validation.task_size import cpu_units, faults_of_task_size, memory_mib
from glia.sandbox.validation.volumes import faults_of_volumes

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.wire_types import Json

# Developer guide, "Amazon ECS service quotas".
CONTAINER_LIMIT = 10
SIZE_LIMIT = 64 * 1024

# botocore's documentation of EphemeralStorage.sizeInGiB.
EPHEMERAL_GIB = range(21, 200 + 1)


def check_task_definition(params: Json) -> None:
    """Refuse what ECS would refuse to register; the shapes have been checked before.

    Raises:
        EcsError: ``ClientException``; ``InvalidParameterException`` for tags.
    """
    for rule in RULES:
        refuse_first(rule(params), client_exception)
    check_tags(params.get("tags") or [])


def _faults_of_family(task: Json) -> Sentences:
    yield from faults_of_name("Family", task["family"])


def _faults_of_size_in_bytes(task: Json) -> Sentences:
    size = len(json.dumps(task, separators=(",", ":"), ensure_ascii=False).encode())
    if size > SIZE_LIMIT:
        yield f"Actual length: '{size}'. Max allowed length is '{SIZE_LIMIT}' bytes."


def _faults_of_container_list(task: Json) -> Sentences:
    containers = task["containerDefinitions"]
    if not containers:
        yield "Container list cannot be empty."
    if len(containers) > CONTAINER_LIMIT:
        yield f"A task definition can have at most {CONTAINER_LIMIT} containers."
    for container in containers:
        yield from faults_of_name("Container.name", container.get("name"))
    for name in repeated(container["name"] for container in containers):
        yield f"Container name '{name}' is used more than once."
    # botocore's documentation of ContainerDefinition.essential, true where it is left out.
    if not any(container.get("essential") is not False for container in containers):
        yield "A task definition must have at least one essential container."


def _faults_of_containers(task: Json) -> Sentences:
    for container in task["containerDefinitions"]:
        yield from faults_of_container(container, task)


def _faults_of_sums(task: Json) -> Sentences:
    """Botocore's documentation of ContainerDefinition.cpu and .memory."""
    containers = task["containerDefinitions"]
    units = cpu_units(task.get("cpu") or "")
    if units is not None and sum(each.get("cpu") or 0 for each in containers) > units:
        yield "The sum of all container 'cpu' values cannot be greater than the task 'cpu'."
    memory = memory_mib(task.get("memory") or "")
    reserved = sum(each.get("memoryReservation") or each.get("memory") or 0 for each in containers)
    if memory is not None and reserved > memory:
        yield (
            "The sum of all container 'memoryReservation' or 'memory' values cannot be "
            "greater than the task 'memory'."
        )


def _faults_of_ephemeral_storage(task: Json) -> Sentences:
    storage = task.get("ephemeralStorage") or {}
    if storage and storage["sizeInGiB"] not in EPHEMERAL_GIB:
        yield "Invalid 'ephemeralStorage' setting for task: 'sizeInGiB' must be 21 to 200."


def _faults_of_proxy(task: Json) -> Sentences:
    proxy = task.get("proxyConfiguration") or {}
    names = {container["name"] for container in task["containerDefinitions"]}
    if proxy and proxy["containerName"] not in names:
        yield f"Unknown container '{proxy['containerName']}' in proxyConfiguration."


def _faults_of_placement(task: Json) -> Sentences:
    yield from faults_of_task_constraints(task.get("placementConstraints") or [])


# In this order: later rules rely on the names that earlier ones have checked.
RULES: tuple[Callable[[Json], Sentences], ...] = (
    _faults_of_family,
    _faults_of_size_in_bytes,
    _faults_of_container_list,
    faults_of_task_size,
    _faults_of_containers,
    _faults_of_sums,
    faults_of_volumes,
    faults_of_ports,
    faults_of_dependencies,
    faults_of_accelerators,
    _faults_of_ephemeral_storage,
    _faults_of_proxy,
    _faults_of_placement,
    faults_of_compatibility,
)
