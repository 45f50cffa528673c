"""``glia plan`` of 1,000 unchanged services against a bare boto3 loop that makes the same calls.

Run it as ``.venv/bin/python benchmarks/plan_speed.py``: it takes about three minutes and exits
with 1 if a target is missed. Both are whole processes; they take turns on one sandbox, and what
counts is the median of the ratios of pairs that ran right after one another. An answer is on its
way for 10 ms, as over a network; what is left without that is told, too.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from measuring import fleet
from measuring.figures import Figure, require, told
from measuring.processes import GLIA, PYTHON, cost, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVICES, PAIRS, NETWORK = 1_000, 11, 10
# Of events: the most that ECS tells, and none.
TARGETS = {0: (1.6, 2.5), 100: (1.0, 1.0)}
BARE = f"""
import boto3
ecs = boto3.client("ecs")
for number in range({fleet.CLUSTERS}):
    names = [f"model-{{n}}" for n in range(number, {SERVICES}, {fleet.CLUSTERS})]
    for first in range(0, len(names), 10):
        ecs.describe_services(
            cluster=f"fleet-{{number}}", services=names[first : first + 10], include=["TAGS"]
        )
"""


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as made:
        clusters = fleet.write_clusters(Path(made, "clusters.yaml"))
        fleet.write(Path(made, "services"), range(SERVICES))
        require(clusters.exists(), "manifests")
        with fleet.served(Path(made)) as sandbox:
            environment = {**os.environ, **sandbox.environment}
            yield from calls(sandbox, made, environment)
            yield from beside_bare_loop("no events, no network", (None, 2.5), made, environment)
            sandbox.put_away(NETWORK)
            for events, targets in TARGETS.items():
                sandbox.give_events(events)
                yield from beside_bare_loop(f"{events} events each", targets, made, environment)


def calls(sandbox: fleet.Served, folder: str, environment: Mapping[str, str]) -> Iterator[Figure]:
    sandbox.calls()
    cost([*GLIA, "plan", folder], environment)
    made = sandbox.calls()
    yield Figure("DescribeServices of the plan", made["DescribeServices"], "calls", SERVICES / 10)
    yield Figure("its other calls", made.total() - made["DescribeServices"], "calls", 4)
    cost([*PYTHON, "-c", BARE], environment)
    require(sandbox.calls() == {"DescribeServices": SERVICES // 10}, "the same calls")


def beside_bare_loop(
    how: str,
    targets: tuple[float | None, float],
    folder: str,
    environment: Mapping[str, str],
) -> Iterator[Figure]:
    bare, plan = [*PYTHON, "-c", BARE], [*GLIA, "plan", folder]
    found = ratios(plan, bare, PAIRS, environment)
    for what, each, target in zip(("wall", "CPU"), (found.wall, found.cpu), targets, strict=True):
        name = f"plan beside the bare loop, {how}: {what}"
        yield Figure(name, median(each), "x", target)
        yield Figure("  a quarter of the pairs are below", quantiles(each)[0], "x")
        yield Figure("  and a quarter above", quantiles(each)[2], "x")


if __name__ == "__main__":
    sys.exit(told(figures()))
