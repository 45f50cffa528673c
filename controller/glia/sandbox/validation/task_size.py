"""Task-level cpu and memory: how they are written, and what Fargate sells."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.validation.rules import Sentences
    from glia.sandbox.wire_types import Json

# botocore's documentation of RegisterTaskDefinitionRequest.cpu: 128 units to 192 vCPU.
CPU_UNITS = range(128, 196608 + 1)

# The same of .memory: CPU units -> MiB.
FARGATE_SIZES: dict[int, frozenset[int]] = {
    256: frozenset({512, 1024, 2048}),
    512: frozenset(range(1024, 4096 + 1, 1024)),
    1024: frozenset(range(2048, 8192 + 1, 1024)),
    2048: frozenset(range(4096, 16384 + 1, 1024)),
    4096: frozenset(range(8192, 30720 + 1, 1024)),
    8192: frozenset(range(16384, 61440 + 1, 4096)),
    16384: frozenset(range(32768, 122880 + 1, 8192)),
}

_UNITS = re.compile(r"\s*(\d+)\s*")
_VCPU = re.compile(r"\s*(\d*\.?\d+)\s*vcpu\s*", re.IGNORECASE)
_GB = re.compile(r"\s*(\d*\.?\d+)\s*gb\s*", re.IGNORECASE)


def cpu_units(text: str) -> int | None:
    """CPU units of ``"1024"``, ``"1 vCPU"`` or ``".5 vcpu"``; None where it is neither."""
    return _amount(text, _VCPU)


def memory_mib(text: str) -> int | None:
    """MiB of ``"1024"``, ``"1GB"`` or ``"0.5 GB"``; None where it is neither."""
    return _amount(text, _GB)


def faults_of_task_size(task: Json) -> Sentences:
    """ECS's sentences about the sizes of a task definition, or of a RunTask's overrides."""
    for member, parse in SIZES.items():
        if task.get(member) is not None and parse(task[member]) is None:
            yield f"Invalid '{member}' setting for task: '{task[member]}'."
    units = cpu_units(task.get("cpu") or "")
    if units is not None and units not in CPU_UNITS:
        yield (
            f"Invalid 'cpu' setting for task: {units} is not between "
            f"{CPU_UNITS.start} and {CPU_UNITS.stop - 1} CPU units."
        )


def normalised(task: Json) -> Json:
    """The same with its sizes in CPU units and MiB, where they can be read."""
    amounts = {member: parse(task.get(member) or "") for member, parse in SIZES.items()}
    told = {member: str(amount) for member, amount in amounts.items() if amount is not None}
    return {**task, **told}


def _amount(text: str, by_the_thousand: re.Pattern[str]) -> int | None:
    if plain := _UNITS.fullmatch(text):
        return int(plain[1])
    if named := by_the_thousand.fullmatch(text):
        amount = Decimal(named[1]) * 1024
        return int(amount) if amount == int(amount) else None
    return None


SIZES: dict[str, Callable[[str], int | None]] = {"cpu": cpu_units, "memory": memory_mib}
