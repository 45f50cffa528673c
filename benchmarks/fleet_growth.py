"""What 10,000 manifests cost, and whether ten times as many cost ten times as much.

Run it as ``.venv/bin/python benchmarks/fleet_growth.py``: it takes about two minutes and exits
with 1 if a target is missed. The fleet is in two clusters of one sandbox, in a process of its
own, and as the manifests say.
"""

from __future__ import annotations

import math
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import fleet
from measuring.figures import Figure, told
from measuring.processes import GLIA, cost, costs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FEW, MANY, ROUNDS = 1_000, 10_000, 3
VALIDATE_MS, PLAN_MIB, EXPONENT = 2.0, 250.0, 1.05


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as made:
        clusters = fleet.write_clusters(Path(made, "clusters.yaml"))
        first = fleet.write(Path(made, "first"), range(FEW))
        rest = fleet.write(Path(made, "rest"), range(FEW, MANY))
        few, many = [str(clusters), str(first)], [str(clusters), str(first), str(rest)]
        yield from validating(few, many)
        with fleet.served(*map(Path, many)) as sandbox:
            yield from planning(few, many, {**os.environ, **sandbox.environment})


def validating(few: Sequence[str], many: Sequence[str]) -> Iterator[Figure]:
    found = costs({"few": [*GLIA, "validate", *few], "many": [*GLIA, "validate", *many]}, ROUNDS)
    yield Figure(
        f"validate {MANY:,}: CPU of each", 1000 * found["many"].cpu / MANY, "ms", VALIDATE_MS
    )
    yield Figure(f"validate {MANY:,}: peak", found["many"].peak, "MiB")
    yield growth("validate", "CPU", found["few"].cpu, found["many"].cpu)
    yield growth("validate", "wall", found["few"].wall, found["many"].wall)


def planning(
    few: Sequence[str], many: Sequence[str], environment: dict[str, str]
) -> Iterator[Figure]:
    small = costs({"few": [*GLIA, "plan", *few]}, ROUNDS, environment)["few"]
    large = cost([*GLIA, "plan", *many], environment)
    # Of 1,000 calls AWS lets 100 by at once, then 20 a second: 45 s, whatever Glia does.
    yield Figure(f"plan {MANY:,} unchanged: wall", large.wall, "s")
    yield Figure(f"plan {MANY:,} unchanged: CPU", large.cpu, "s")
    yield Figure(f"plan {MANY:,} unchanged: peak", large.peak, "MiB", PLAN_MIB)
    yield growth("plan", "CPU", small.cpu, large.cpu)


def growth(what: str, of: str, few: float, many: float) -> Figure:
    """The power of the number of manifests with which the whole process grows."""
    exponent = math.log(many / few) / math.log(MANY / FEW)
    return Figure(f"{what}: exponent from {FEW:,} to {MANY:,}, {of}", exponent, "", EXPONENT)


if __name__ == "__main__":
    sys.exit(told(figures()))
