"""Task-level cpu and memory: how they are written, and what Fargate sells."""

from __future__ import annotations

import re
from decimal import Decimal

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


def _amount(text: str, by_the_thousand: re.Pattern[str]) -> int | None:
    if plain := _UNITS.fullmatch(text):
        return int(plain[1])
    if named := by_the_thousand.fullmatch(text):
        amount = Decimal(named[1]) * 1024
        return int(amount) if amount == int(amount) else None
    return None
