"""What whole processes cost: start, work and end, as a user pays for them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

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


def cost(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run it to its end. What it prints goes to a file, so that nobody waits for a reader."""
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
