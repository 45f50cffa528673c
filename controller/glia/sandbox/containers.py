"""What becomes of a task's containers on their host: devices, chips, ports, exits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.behaviour import behaviour_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.sandbox.records import Instance, Task
    from glia.sandbox.wire_types import Json

SIGKILL_AFTER = 30.0  # stopTimeout's default (API reference, ContainerDefinition)
EPHEMERAL_PORTS = range(32768, 61000)  # where Docker takes dynamic host ports from
CORES_BUSY = "NRT:nrt_init NeuronCore(s) not available - Requested:nc0-nc{last} Available:0"


def neuron_devices(task: Task) -> Iterator[tuple[int, str]]:
    """The Neuron devices that the task maps, with the index of the container."""
    for index, container in enumerate(task.definition.spec["containerDefinitions"]):
        for device in container.get("linuxParameters", {}).get("devices", ()):
            if device["hostPath"].startswith("/dev/neuron"):
                yield index, device["hostPath"]


def missing_device(task: Task) -> str | None:
    present = task.instance.devices if task.instance is not None else ()
    for _, path in neuron_devices(task):
        if path not in present:
            return (
                "CannotStartContainerError: Error response from daemon: error gathering device "
                f'information while adding custom device "{path}": no such file or directory'
            )
    return None


def died_at_start(task: Task) -> Json | None:
    """The essential container, if any, whose process does not survive its first moment."""
    devices = list(neuron_devices(task))
    for index, path in devices:
        if task.instance is not None and path in task.instance.chips:
            own = sum(1 for container, _ in devices if container == index)
            last = own * task.instance.cores_per_chip - 1
            task.containers[index]["reason"] = CORES_BUSY.format(last=last)
            return task.containers[index]
    for container, definition in with_definitions(task):
        if definition["essential"] and not behaviour_of(container["image"]).starts:
            return container
    return None


def with_definitions(task: Task) -> Iterator[tuple[Json, Json]]:
    return zip(task.containers, task.definition.spec["containerDefinitions"], strict=True)


def hand_out_all_chips(task: Task, instance: Instance) -> None:
    for container, definition in with_definitions(task):
        kinds = [each["type"] for each in definition.get("resourceRequirements", ())]
        if "NeuronDevice" in kinds:
            container["neuronDeviceIds"] = [str(n) for n in range(len(instance.devices))]


def bindings(task: Task, definition: Json) -> list[Json]:
    if task.definition.spec.get("networkMode") != "bridge":
        return []
    return [
        {
            "bindIP": "0.0.0.0",  # noqa: S104  (what Docker reports)
            "containerPort": mapping["containerPort"],
            "hostPort": mapping.get("hostPort") or _dynamic_port(task),
            "protocol": mapping["protocol"],
        }
        for mapping in definition["portMappings"]
        if "containerPort" in mapping
    ]


def _dynamic_port(task: Task) -> int:
    """The lowest port of Docker's range that nobody on the host has."""
    taken = task.instance.dynamic_ports if task.instance is not None else {}
    port = next(number for number in EPHEMERAL_PORTS if number not in taken)
    taken[port] = task
    return port


def stop_seconds(task: Task) -> float:
    """From SIGTERM until the last container has exited: SIGKILL ends the wait."""
    return max(
        min(
            behaviour_of(container["image"]).stops_after or SIGKILL_AFTER,
            float(definition.get("stopTimeout", SIGKILL_AFTER)),
        )
        for container, definition in with_definitions(task)
    )
