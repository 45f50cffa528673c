"""How fast chips are allocated, and how well: instances, partitions and lanes.

Run it as ``.venv/bin/python benchmarks/allocation.py``: it takes less than a minute and exits
with 1 if a target is missed.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import mean, median
from typing import TYPE_CHECKING

from glia.neuron.allocation import allocate
from glia.neuron.catalogue import catalogue

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from neuron.adversary import as_live, labelled
from neuron.bin_packing import (
    first_fit_decreasing,
    fresh,
    l2_bound,
    random_demands,
    strong_bound,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.neuron.domain import Demand

SIZES = (250, 500, 1000, 2000)
TYPES = ("inf2.48xlarge", "trn1.32xlarge", "inf2.24xlarge", "inf1.6xlarge", "inf1.24xlarge")
TARGET_SECONDS = 1.0


def main() -> int:
    missed = [speed(instance_type) for instance_type in TYPES]
    for instance_type in TYPES:
        quality(instance_type)
    return int(any(missed))


def speed(instance_type: str) -> bool:
    """As many services as instances, 90 % of the chips wanted; minInstances 1 and 2."""
    print(f"{instance_type}: services = instances, milliseconds, median of 3")
    missed = False
    for size in SIZES:
        row = []
        for least in (1, 2):
            demands = _filling(instance_type, size, least)
            domain = fresh(instance_type, size)
            allocation = allocate(demands, domain)
            lacking = len(allocation.shortages)
            row.append(_seconds(lambda d=demands, w=domain: allocate(d, w)))  # type: ignore[misc]
            missed |= row[-1] > TARGET_SECONDS and not lacking
        live = as_live(demands, allocation)
        later = replace(domain, instances=labelled(domain, allocation), idle=0)
        more = [*demands, replace(demands[0], service="new", replicas=1)]
        row.append(_seconds(lambda: allocate(more, later, live)))  # noqa: B023 -- called at once
        figures = "".join(f"{1000 * each:9.0f}" for each in row)
        print(f"  {size:5} {figures}  (fresh, spread over two, one added); {lacking} lacking")
    return missed


def _filling(instance_type: str, size: int, least: int) -> list[Demand]:
    """Random services until nine tenths of the chips are wanted, then of one chip each."""
    chips, random = catalogue()[instance_type].chips, Random(size)
    left = size * chips * 9 // 10
    found: list[Demand] = []
    for each in random_demands(random, instance_type, size, 3):
        later = size - len(found) - 1
        fits = each.chips * each.replicas <= left - later
        demand = each if fits else replace(each, chips=1, replicas=1)
        found.append(replace(demand, min_instances=least))
        left -= demand.chips * demand.replicas
    return found


def _seconds(work: Callable[[], object]) -> float:
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begin)
    return median(seconds)


def quality(instance_type: str) -> None:
    """Of 200 random domains: with as few instances as do, and with a fifth more."""
    random, chips = Random(instance_type), catalogue()[instance_type].chips
    extra, over_l2 = Counter[int](), Counter[int]()
    found: dict[str, list[tuple[int, int]]] = {"tight": [], "a fifth more": [], "plain FFD": []}
    services = 0
    for _ in range(200):
        demands = random_demands(random, instance_type, random.randint(1, 40), 8)
        services += len(demands)
        bound = needed = strong_bound(demands, chips)
        while (tight := allocate(demands, fresh(instance_type, needed))).shortages:
            needed += 1
        roomy = allocate(demands, fresh(instance_type, -(-bound * 6 // 5) + 1))
        plain = first_fit_decreasing(demands, chips)
        extra[needed - bound] += 1
        over_l2[needed - l2_bound(demands, chips)] += 1
        for name, way in (("tight", tight), ("a fifth more", roomy)):
            found[name].append((1 + len(way.partitions), sum(map(len, way.lanes.values()))))
        found["plain FFD"].append((plain.partitions, plain.lanes))
    print(f"{instance_type}: instances above the bound {dict(extra)}, above L2 {dict(over_l2)}")
    for name, ways in found.items():
        partitions = mean(number for number, _ in ways)
        share = sum(lanes for _, lanes in ways) / services
        print(f"  {name:14}{partitions:5.1f} partitions, {share:5.2f} lanes a service")


if __name__ == "__main__":
    sys.exit(main())
