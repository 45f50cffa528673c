"""Which tasks are on which instance and which chips they hold: what ECS does not count.

On EC2 capacity a task holds the devices that its definition maps; on Managed Instances those
that ECS has handed it. It holds them until it is STOPPED: the driver frees the cores of a chip
when the process that took them ends, not when somebody wants it to.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.live import Fleet, LiveInstance, LiveTask, LiveTaskDefinition

_DEVICE: Final = re.compile(r"/dev/neuron(0|[1-9][0-9]{0,8})")
_NUMBERS: Final = re.compile(r"([0-9]+)")


@dataclass(frozen=True, slots=True)
class Occupant:
    """A task on an instance.

    Attributes:
        definition: None where it could not be read.
        devices: the chips that it is known to hold, by the host's numbers.
        everything: whether it holds all chips of its instance (``NeuronDevice = ALL``).
    """

    task: LiveTask
    definition: LiveTaskDefinition | None
    devices: frozenset[int]
    everything: bool

    def held(self, chips: Iterable[int]) -> frozenset[int]:
        """What it holds of its instance's chips."""
        return frozenset(chips) if self.everything else self.devices.intersection(chips)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """A fleet as it is.

    Attributes:
        instances: one registration for each EC2 instance, in the order of types and ids.
        occupants: by the ARN of their instance, all tasks that are not STOPPED.
    """

    instances: tuple[LiveInstance, ...]
    occupants: Mapping[str, tuple[Occupant, ...]]

    def on(self, instance: LiveInstance) -> tuple[Occupant, ...]:
        return self.occupants.get(instance.arn, ())


def occupancy(fleet: Fleet) -> Occupancy:
    """Who is where. Each task definition is looked into once."""
    mapped = {arn: mapped_devices(each.members) for arn, each in fleet.definitions.items()}
    greedy = {arn for arn, each in fleet.definitions.items() if _asks_for_all(each.members)}
    found: dict[str, list[Occupant]] = defaultdict(list)
    for task in fleet.tasks:
        if task.instance and task.last_status != "STOPPED":
            arn = task.task_definition
            devices = mapped.get(arn, frozenset()) | _handed(task)
            occupant = Occupant(task, fleet.definitions.get(arn), devices, arn in greedy)
            found[task.instance].append(occupant)
    return Occupancy(_current(fleet), {arn: tuple(each) for arn, each in found.items()})


def mapped_devices(task_definition: Mapping[str, Any]) -> frozenset[int]:
    """The host's numbers of the Neuron devices that a task definition's containers map."""
    found = (
        _DEVICE.fullmatch(str(device.get("hostPath")))
        for container in task_definition.get("containerDefinitions") or ()
        for device in (container.get("linuxParameters") or {}).get("devices") or ()
    )
    return frozenset(int(match[1]) for match in found if match)


def _handed(task: LiveTask) -> frozenset[int]:
    return frozenset(
        int(number)
        for container in task.containers
        for number in container.neuron_device_ids
        if number.isdecimal()
    )


def _asks_for_all(task_definition: Mapping[str, Any]) -> bool:
    return any(
        asked.get("type") == "NeuronDevice"
        for container in task_definition.get("containerDefinitions") or ()
        for asked in container.get("resourceRequirements") or ()
    )


def _current(fleet: Fleet) -> tuple[LiveInstance, ...]:
    """An agent that lost its state registers its instance anew, and the old registration stays.

    The ACTIVE one counts, of several the one whose agent is connected.
    """
    best: dict[str, LiveInstance] = {}
    for each in fleet.instances:
        name = each.ec2_instance_id or each.arn
        best[name] = max(best.get(name, each), each, key=_validity)
    return tuple(sorted(best.values(), key=_place))


def _validity(instance: LiveInstance) -> tuple[bool, bool, str]:
    return instance.status == "ACTIVE", instance.connected, instance.arn


def _place(instance: LiveInstance) -> tuple[list[tuple[int, str]], str, str]:
    """Types in the order of their numbers: inf2.8xlarge comes before inf2.24xlarge."""
    parts = _NUMBERS.split(instance.instance_type)
    numbers = [(int(part) if part.isdecimal() else 0, part) for part in parts]
    return numbers, instance.ec2_instance_id, instance.arn
