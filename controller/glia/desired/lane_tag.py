"""The tag ``glia:lane``: where a lane is and what a replica of it uses.

Allocation has to know it of every lane of an instance type, those of manifests that are not at
hand included, and reading a task definition for each would cost a call a lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.neuron.locks import LOCK_BASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.neuron.lanes import Lane
    from glia.task_size import TaskSize

LANE = "glia:lane"
PARTS = 6


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """What the tag says.

    Attributes:
        cpu: of a replica, in CPU units.
        memory: of a replica, in MiB.
        ports: static TCP ports of the host, without the locks.
    """

    instance_type: str
    device_ids: tuple[int, ...]
    partition: str
    cpu: int
    memory: int
    ports: frozenset[int]


def lane_figures(instance_type: str, lane: Lane, size: TaskSize) -> LaneFigures:
    """The figures of a lane with such tasks."""
    locks = {LOCK_BASE + device for device in lane.device_ids}
    return LaneFigures(
        instance_type, lane.device_ids, lane.partition, size.cpu, size.memory, size.ports - locks
    )


def written(figures: LaneFigures) -> str:
    """``inf2.48xlarge:0-3:a:1024:16000:8080+8500``: what a tag may hold."""
    devices = f"{figures.device_ids[0]}-{figures.device_ids[-1]}"
    ports = "+".join(str(port) for port in sorted(figures.ports))
    parts = (figures.instance_type, devices, figures.partition, figures.cpu, figures.memory, ports)
    return ":".join(str(part) for part in parts)


def read(tags: Mapping[str, str]) -> LaneFigures | None:
    """What the tag says; None where there is none, or somebody has changed it beyond reading."""
    parts = tags.get(LANE, "").split(":")
    if len(parts) != PARTS:
        return None
    instance_type, devices, partition, cpu, memory, ports = parts
    first, _, last = devices.partition("-")
    numbers = (first, last, cpu, memory, *filter(None, ports.split("+")))
    if not all(each.isdecimal() and len(each) <= 9 for each in numbers):
        return None
    return LaneFigures(
        instance_type,
        tuple(range(int(first), int(last) + 1)),
        partition,
        int(cpu),
        int(memory),
        frozenset(int(port) for port in filter(None, ports.split("+"))),
    )
