"""What the loop costs while nothing changes: CPU of a round over 1,000 services.

Run it as ``.venv/bin/python benchmarks/loop_sweep.py``: it takes about a minute and exits with 1
if a target is missed. A round is what ``glia run`` does every minute: ask the source, here a
directory, and compare all of it with ECS. The sandbox is a process of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from glia.cli.online import Online
from glia.events import PassEnded
from glia.reconciler import Reconciler, Settings
from glia.reconciling.requeue import Pace
from glia.source.directory import DirectorySource
from measuring import fleet
from measuring.figures import Figure, require, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.events import Event

SERVICES, ROUNDS = 1_000, 5
# Of events: the most that ECS tells, and none; a thirtieth of a core, at a round a minute.
TARGETS = {0: 2.0, 100: 2.0}


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as made:
        fleet.write_clusters(Path(made, "clusters.yaml"))
        fleet.write(Path(made, "services"), range(SERVICES))
        with fleet.served(Path(made)) as sandbox:
            os.environ.update(sandbox.environment)
            for events in TARGETS:
                sandbox.give_events(events)
                yield from rounds(sandbox, made, events)


def rounds(sandbox: fleet.Served, folder: str, events: int) -> Iterator[Figure]:
    online, heard = Online(None), list["Event"]()
    source = DirectorySource((folder,), online.clock)
    at_once = Settings(Pace(sweep=0.0, longest_pass=float("inf")))
    loop = Reconciler(source, online.of, online.instance_types, online.clock, heard.append, at_once)
    first = cpu_of(loop)
    sandbox.calls()
    later = [cpu_of(loop) for _ in range(ROUNDS)]
    passes = [each for each in heard if isinstance(each, PassEnded)]
    require({each.result for each in passes} == {"noop"}, "an unchanged fleet")
    require(len(passes) == fleet.CLUSTERS * (ROUNDS + 1), "as many passes as rounds")
    calls = sandbox.calls()
    require(calls == {"DescribeServices": ROUNDS * SERVICES // 10}, "the calls of these rounds")
    yield Figure(f"the first round, {events} events each: CPU", first, "s")
    name = f"a round over {SERVICES:,} unchanged, {events} events each: CPU"
    yield Figure(name, median(later), "s", TARGETS[events])


def cpu_of(loop: Reconciler) -> float:
    """Of one round, all threads of this process together."""
    begin = time.process_time()
    loop.once()
    return time.process_time() - begin


if __name__ == "__main__":
    sys.exit(told(figures()))
