"""What whole processes cost: start, work and end, as a user pays for them."""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import glia

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PYTHON = (sys.executable,)
GLIA = (sys.executable, "-m", "glia")
MIB = 1024 if sys.platform != "darwin" else 1024**2  # ru_maxrss counts KiB, or bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall and CPU seconds, and the largest resident set in MiB."""

    wall: float
    cpu: float
    peak: float


@cache
def _compile() -> None:
    """A checkout may not be compiled; pip compiles what users install."""
    compileall.compile_dir(Path(glia.__file__).parent, quiet=1)


def cost(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run it to its end. What it prints goes to a file, so that nobody waits for a reader."""
    _compile()
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, env=environment)  # noqa: S603  (ours)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        if status:
            output.seek(0)
            sys.exit(f"{' '.join(command)} has failed:\n{output.read()[-2000:].decode()}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / MIB)


def costs(
    commands: Mapping[str, Sequence[str]],
    rounds: int,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Cost]:
    """Medians; commands take turns, so that whatever else the machine does befalls all alike."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            found[name].append(cost(command, environment))
    return {
        name: Cost(
            median(each.wall for each in each_round),
            median(each.cpu for each in each_round),
            median(each.peak for each in each_round),
        )
        for name, each_round in found.items()
    }


@dataclass(frozen=True, slots=True)
class Ratios:
    """How many times as much one command costs as another, pair by pair, in order of size."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]


def ratios(
    command: Sequence[str],
    beside: Sequence[str],
    rounds: int,
    environment: Mapping[str, str] | None = None,
) -> Ratios:
    """Each pair right after one another, and each time the other one first.

    What else the machine does changes within seconds: what it does to one of a pair it mostly
    does to both, so the median of the ratios says more than the ratio of two medians.
    """
    pairs: list[tuple[Cost, Cost]] = []
    for number in range(rounds):
        if number % 2:
            other = cost(beside, environment)
            pairs.append((cost(command, environment), other))
        else:
            pairs.append((cost(command, environment), cost(beside, environment)))
    return Ratios(
        tuple(sorted(one.wall / other.wall for one, other in pairs)),
        tuple(sorted(one.cpu / other.cpu for one, other in pairs)),
    )
