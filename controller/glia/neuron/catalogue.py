"""The EC2 instance types with Neuron chips.

The numbers stand in ``catalogue.json``. They are EC2's own (DescribeInstanceTypes), except the
memory of a chip and the cores that a host shows, which are the AWS Neuron documentation's
(the architecture pages, ``neuron-ls``, "Logical NeuronCore configuration"). Which devices
belong together: that documentation's "Neuron Scheduler Extension" and "Neuron DRA Driver".
"""

from __future__ import annotations

import json
from collections.abc import Mapping  # noqa: TC003 -- the public type of catalogue()
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, assert_never

from glia.errors import GliaError

if TYPE_CHECKING:
    from collections.abc import Collection

CPU_UNITS_PER_VCPU: Final = 1024

_ALIGNED_COUNTS: Final = frozenset({1, 4, 8, 16})


class UnknownInstanceType(GliaError):  # noqa: N818 -- says it without "Error"
    """An instance type that is not in the catalogue; the message names the nearest ones."""


class DeviceSetRule(Enum):
    """Which devices may be given to one job together.

    The chips of Inferentia form a ring, but no rule allows a set that goes around its end:
    the driver reserves one range of cores, from a first to a last.
    """

    SINGLE = "single"
    CONTIGUOUS = "any contiguous run"
    ALIGNED = "aligned 1, 4, 8 or 16"
    """Of a four by four torus: a chip, a row, the upper or lower half, all."""


@dataclass(frozen=True, slots=True)
class InstanceType:
    """What an EC2 instance type has.

    Attributes:
        memory_mib: the host's memory.
        chip: EC2's name for the Neuron device.
        chips: how many there are; each is one ``/dev/neuron`` device.
        neuron_core_version: the 2 of NeuronCore-v2.
        cores_per_chip: physical NeuronCores, as EC2 counts them.
        visible_cores_per_chip: NeuronCores as the Neuron runtime counts them by default;
            Trainium2 joins two physical cores into one.
        chip_memory_gib: the memory of one chip.
        enis: the most network interfaces that an instance can have, its primary one included.
        device_sets: which devices may be given to one job together.
        source: where the numbers are from if others have published different ones.
    """

    name: str
    vcpu: int
    memory_mib: int
    chip: str
    chips: int
    neuron_core_version: int
    cores_per_chip: int
    visible_cores_per_chip: int
    chip_memory_gib: int
    enis: int
    architecture: str
    device_sets: DeviceSetRule
    source: str = ""

    @property
    def family(self) -> str:
        """``inf2`` of ``inf2.xlarge``."""
        return self.name.partition(".")[0]

    @property
    def cpu_units(self) -> int:
        """The CPU as ECS counts it."""
        return self.vcpu * CPU_UNITS_PER_VCPU

    @property
    def device_paths(self) -> tuple[str, ...]:
        """The chips as the host's device files, in order."""
        return tuple(f"/dev/neuron{device}" for device in range(self.chips))

    def valid_device_sets(self, count: int) -> tuple[range, ...]:
        """Every set of ``count`` devices that one job may have; none if the count is not valid.

        One device and all devices are valid on every type.
        """
        if not 1 <= count <= self.chips:
            return ()
        match self.device_sets:
            case DeviceSetRule.SINGLE | DeviceSetRule.CONTIGUOUS:
                step = 1
            case DeviceSetRule.ALIGNED:
                if count not in _ALIGNED_COUNTS:
                    return ()
                step = count
            case _:
                assert_never(self.device_sets)
        starts = range(0, self.chips - count + 1, step)
        return tuple(range(start, start + count) for start in starts)

    def is_valid_device_set(self, ids: Collection[int]) -> bool:
        """Whether one job may have the devices with these numbers, in whichever order."""
        return sorted(ids) in map(list, self.valid_device_sets(len(ids)))


@cache
def catalogue() -> Mapping[str, InstanceType]:
    """All known instance types by name, from the oldest family to the newest."""
    text = resources.files("glia.neuron").joinpath("catalogue.json").read_text("utf-8")
    types = (
        InstanceType(**{**entry, "device_sets": DeviceSetRule(entry["device_sets"])})
        for entry in json.loads(text)
    )
    return MappingProxyType({instance_type.name: instance_type for instance_type in types})


def find(name: str) -> InstanceType:
    """The instance type of that name, in upper or lower case.

    Raises:
        UnknownInstanceType: the catalogue has none.
    """
    known = catalogue()
    try:
        return known[name.lower()]
    except KeyError:
        nearest = get_close_matches(name.lower(), known)
        advice = f"did you mean {' or '.join(nearest)}?" if nearest else f"use {', '.join(known)}"
        raise UnknownInstanceType(f"no Neuron instance type is called {name!r}: {advice}") from None
