"""What a task takes from an instance, and what an instance has to give.

Both halves of ECS keep such a ledger for every instance: the scheduler of what it has
promised, the instance's agent of what is really in use. Neuron devices are in neither: on
EC2 capacity ECS does not look at ``linuxParameters.devices``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

HostPort = tuple[str, int]  # ("tcp", 8501)

# Always taken on an instance: SSH, Docker, the agent (developer guide, "hostPort").
RESERVED_PORTS: tuple[HostPort, ...] = tuple(
    ("tcp", port) for port in (22, 2375, 2376, 51678, 51679, 51680)
)
PORT_LIMIT = 100  # static host ports an instance, the reserved ones included (same page)


@dataclass(frozen=True, slots=True)
class Needs:
    """What one task takes.

    Attributes:
        cpu: CPU units, 1,024 a vCPU.
        memory: MiB.
        ports: static host ports; dynamic ones are assigned at start and not counted.
        enis: network interfaces of its own (``awsvpc``).
        neuron_devices: whether it asks for ``NeuronDevice = ALL`` (Managed Instances).
    """

    cpu: int
    memory: int
    ports: frozenset[HostPort]
    enis: int
    neuron_devices: bool = False


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an instance registered; ``enis`` without its primary interface."""

    cpu: int
    memory: int
    enis: int
    chips: int


@dataclass(slots=True)
class Ledger:
    """What of an instance's capacity is taken."""

    capacity: Capacity
    cpu: int = 0
    memory: int = 0
    enis: int = 0
    neuron_holders: int = 0
    ports: set[HostPort] = field(default_factory=lambda: set(RESERVED_PORTS))

    def lacks(self, needs: Needs) -> str | None:
        """The first resource that is missing, as RunTask's failures name it, or none."""
        if self.cpu + needs.cpu > self.capacity.cpu:
            return "CPU"
        if self.memory + needs.memory > self.capacity.memory:
            return "MEMORY"
        if needs.ports & self.ports or len(self.ports) + len(needs.ports) > PORT_LIMIT:
            return "PORTS"
        if self.enis + needs.enis > self.capacity.enis:
            return "ENI"
        if needs.neuron_devices and (self.neuron_holders or not self.capacity.chips):
            return "NEURON_DEVICES"
        return None

    def take(self, needs: Needs) -> None:
        self.cpu += needs.cpu
        self.memory += needs.memory
        self.enis += needs.enis
        self.neuron_holders += needs.neuron_devices
        self.ports |= needs.ports

    def free(self, needs: Needs) -> None:
        self.cpu -= needs.cpu
        self.memory -= needs.memory
        self.enis -= needs.enis
        self.neuron_holders -= needs.neuron_devices
        self.ports -= needs.ports


def needs_of(definition: Json, overrides: Json) -> Needs:
    """What a task of a described task definition takes, with RunTask's overrides."""
    by_name = overrides_by_container(overrides)
    containers = [
        {**container, **by_name.get(container["name"], {})}
        for container in definition["containerDefinitions"]
    ]
    return Needs(
        cpu=int(overrides.get("cpu") or definition.get("cpu") or 0)
        or sum(container.get("cpu", 0) for container in containers),
        memory=int(overrides.get("memory") or definition.get("memory") or 0)
        or sum(_reserved_memory(container) for container in containers),
        ports=frozenset(_static_ports(definition)),
        enis=int(definition.get("networkMode") == "awsvpc"),
        neuron_devices=any(
            requirement["type"] == "NeuronDevice"
            for container in containers
            for requirement in container.get("resourceRequirements", ())
        ),
    )


def overrides_by_container(overrides: Json) -> dict[str, Json]:
    """RunTask's container overrides by the container's name, without what they leave alone."""
    return {
        each["name"]: {name: value for name, value in each.items() if value is not None}
        for each in overrides.get("containerOverrides") or ()
    }


def _reserved_memory(container: Json) -> int:
    # The soft limit is what is subtracted, where there is one (API reference, memoryReservation).
    reserved: int = container.get("memoryReservation") or container.get("memory") or 0
    return reserved


def _static_ports(definition: Json) -> list[HostPort]:
    if definition.get("networkMode") == "awsvpc":
        return []  # on the task's own interface
    return [
        (mapping["protocol"], mapping["hostPort"])
        for container in definition["containerDefinitions"]
        for mapping in container["portMappings"]
        if mapping.get("hostPort")
    ]
