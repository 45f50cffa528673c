"""The rules of resourceRequirements: GPUs and, on Managed Instances, Neuron devices.

Sources: botocore's documentation of ResourceRequirement; developer guide, "Amazon ECS task
definitions for AWS Neuron machine learning workloads".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glia.sandbox.validation.rules import Sentences
    from glia.sandbox.wire_types import Json

NEURON = "NeuronDevice"


def faults_of_accelerators(task: Json) -> Sentences:
    """ECS's sentences about what containers ask for by resourceRequirements."""
    for container in task["containerDefinitions"]:
        for need in container.get("resourceRequirements") or []:
            yield from _faults_of_value(need, container["name"])
    asking = [container["name"] for container in task["containerDefinitions"] if _asks(container)]
    if asking:
        yield from _faults_of_neuron(task, asking)


def _asks(container: Json) -> bool:
    needs = container.get("resourceRequirements") or []
    return any(need["type"] == NEURON for need in needs)


def _faults_of_value(need: Json, container: str) -> Sentences:
    invalid = f"Invalid setting for container '{container}'."
    shared = need.get("sharingStrategy")
    if shared and need["type"] != "GPU":
        yield f"{invalid} A sharingStrategy is for resource type GPU only."
    if bool(need.get("value")) == bool(shared):
        yield f"{invalid} A resource requirement needs a value or, for GPU, a sharingStrategy."
    elif need["type"] == NEURON and need["value"] != "ALL":
        yield f"{invalid} The value of resource type {NEURON} must be ALL."


def _faults_of_neuron(task: Json, asking: list[str]) -> Sentences:
    if len(asking) > 1:
        yield (f"Only one container in a task can specify {NEURON} resources: {', '.join(asking)}.")
    if task.get("requiresCompatibilities") != ["MANAGED_INSTANCES"]:
        yield (
            f"Resource type {NEURON} is only supported on Managed Instances: "
            "requiresCompatibilities must be [MANAGED_INSTANCES]."
        )
    for container in task["containerDefinitions"]:
        linux = container.get("linuxParameters") or {}
        for device in linux.get("devices") or []:
            if device["hostPath"].startswith("/dev/neuron"):
                yield (
                    f"Resource type {NEURON} cannot be combined with linuxParameters.devices "
                    f"for '{device['hostPath']}'."
                )
