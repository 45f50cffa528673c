"""The rules of dependsOn: botocore's documentation of ContainerDependency."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glia.sandbox.validation.rules import Sentences
    from glia.sandbox.wire_types import Json


def faults_of_dependencies(task: Json) -> Sentences:
    """ECS's sentences about the order in which containers start."""
    containers = {container["name"]: container for container in task["containerDefinitions"]}
    for name, container in containers.items():
        for dependency in container.get("dependsOn") or []:
            yield from _faults_of_dependency(name, dependency, containers)
    graph = {
        name: {each["containerName"] for each in container.get("dependsOn") or []}
        for name, container in containers.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"Containers depend on each other in a cycle: {' -> '.join(error.args[1])}."


def _faults_of_dependency(name: str, dependency: Json, containers: dict[str, Json]) -> Sentences:
    wanted, condition = dependency["containerName"], dependency["condition"]
    if wanted == name:
        yield f"Container '{name}' cannot depend on itself."
    elif wanted not in containers:
        yield f"Container '{name}' depends on unknown container '{wanted}'."
    elif condition in {"COMPLETE", "SUCCESS"} and containers[wanted].get("essential", True):
        yield (
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential "
            f"container: '{wanted}'."
        )
    elif condition == "HEALTHY" and not containers[wanted].get("healthCheck"):
        yield f"Container '{wanted}' must have a healthCheck for the condition HEALTHY."
