"""How long the commands take that have next to nothing to do: start-up is what one pays there.

Run it as ``.venv/bin/python benchmarks/start_up.py``: it takes some ten seconds and exits with
1 if a target is missed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import fleet
from measuring.figures import Figure, told
from measuring.processes import GLIA, PYTHON, costs

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 15
HELP_TIMES, VALIDATE_SECONDS = 6.0, 0.5


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as made:
        fleet.write_clusters(Path(made, "clusters.yaml"))
        fleet.write(Path(made, "services"), range(1))
        commands = {
            "pass": [*PYTHON, "-c", "pass"],
            "help": [*GLIA, "--help"],
            "validate": [*GLIA, "validate", made],
        }
        found = costs(commands, ROUNDS)
    yield Figure("python -c pass: wall", found["pass"].wall, "s")
    yield Figure(
        "glia --help beside it: wall", found["help"].wall / found["pass"].wall, "x", HELP_TIMES
    )
    yield Figure("glia validate of one manifest: CPU", found["validate"].cpu, "s", VALIDATE_SECONDS)


if __name__ == "__main__":
    sys.exit(told(figures()))
