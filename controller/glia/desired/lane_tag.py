"""The tag ``glia:lane``: where a lane is and what a replica of it uses.

Allocation has to know it of every lane of an instance type, those of manifests that are not at
hand included, and reading a task definition for each would cost a call a lane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.neuron.locks import LOCK_BASE, Lock
from glia.tags import LANE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.neuron.lanes import Lane
    from glia.task_size import TaskSize

UNCOUNTED = frozenset({Lock.CONSTRAINTS, Lock.NONE})
UNCOUNTED_BY_NAME = {each.value: each for each in UNCOUNTED}
PARTS = 6  # and the lock, where it is none that ECS counts


@dataclass(frozen=True, slots=True)
class LaneFigures:
    """What the tag says.

    Attributes:
        cpu: of a replica, in CPU units.
        memory: of a replica, in MiB.
        ports: static TCP ports of the host, without the locks.
        lock: None where it is one that ECS counts: ports, or memory in awsvpc.
    """

    instance_type: str
    device_ids: tuple[int, ...]
    partition: str
    cpu: int
    memory: int
    ports: frozenset[int]
    lock: Lock | None = None


def lane_figures(instance_type: str, lane: Lane, size: TaskSize, lock: Lock) -> LaneFigures:
    """The figures of a lane with such tasks."""
    locks = {LOCK_BASE + device for device in lane.device_ids}
    return LaneFigures(
        instance_type,
        lane.device_ids,
        lane.partition,
        size.cpu,
        size.memory,
        size.ports - locks,
        lock if lock in UNCOUNTED else None,
    )


def written(figures: LaneFigures) -> str:
    """``inf2.48xlarge:0-3:a:1024:16000:8080+8500``: what a tag may hold.

    A lock that ECS does not count comes behind it: ``...:8080+8500:antiAffinity``.
    """
    devices = f"{figures.device_ids[0]}-{figures.device_ids[-1]}"
    ports = "+".join(str(port) for port in sorted(figures.ports))
    parts = (figures.instance_type, devices, figures.partition, figures.cpu, figures.memory, ports)
    lock = () if figures.lock is None else (figures.lock.value,)
    return ":".join(str(part) for part in (*parts, *lock))


def read(tags: Mapping[str, str]) -> LaneFigures | None:
    """What the tag says; None where there is none, or somebody has changed it beyond reading."""
    parts = tags.get(LANE, "").split(":")
    lock = UNCOUNTED_BY_NAME.get(parts.pop()) if len(parts) == PARTS + 1 else None
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
        lock,
    )
