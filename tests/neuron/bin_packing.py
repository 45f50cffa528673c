"""What is known of packing replicas into instances, to measure the allocator by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from math import ceil
from typing import TYPE_CHECKING

from glia.neuron.catalogue import catalogue
from glia.neuron.domain import Demand, Domain, Resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

AMPLE = Resources(cpu=10**6, memory=10**7, ports=100, enis=40)


def fresh(instance_type: str, instances: int) -> Domain:
    """A domain in which nothing runs."""
    return Domain(catalogue()[instance_type], {"": instances}, AMPLE, instances)


def random_demands(
    random: Random, instance_type: str, services: int, most_replicas: int
) -> tuple[Demand, ...]:
    """Every valid size is as likely as any other."""
    kind = catalogue()[instance_type]
    sizes = [size for size in range(1, kind.chips + 1) if kind.valid_device_sets(size)]
    return tuple(
        Demand(f"s{index:04}", random.choice(sizes), random.randint(1, most_replicas))
        for index in range(services)
    )


def l2_bound(demands: Iterable[Demand], chips: int) -> int:
    """No packing needs fewer instances (Martello and Toth, 1990)."""
    sizes, thresholds = _sizes(demands), range(chips // 2 + 1)
    weighed = (_weight(sizes, chips, least, 0) for least in thresholds)
    return max(*weighed, *(_l2(sizes, chips, least) for least in thresholds))


def strong_bound(demands: Iterable[Demand], chips: int) -> int:
    """The same bound with the weights of Fekete and Schepers (2001): never less.

    L2 calls 10 instances of 12 chips enough for 24 replicas of 5, of which no more than two fit
    on one.
    """
    sizes = _sizes(demands)
    weighed = product(range(chips // 2 + 1), range(chips))
    return max(l2_bound(demands, chips), *(_weight(sizes, chips, *each) for each in weighed))


def _sizes(demands: Iterable[Demand]) -> Counter[int]:
    sizes = Counter[int]()
    for demand in demands:
        sizes[demand.chips] += demand.replicas
    return sizes


def _l2(sizes: Counter[int], chips: int, least: int) -> int:
    """With the replicas smaller than ``least`` left out."""
    alone = sum(n for size, n in sizes.items() if size > chips - least)
    large = {size: n for size, n in sizes.items() if chips < 2 * size <= 2 * (chips - least)}
    small = sum(size * n for size, n in sizes.items() if least <= size and 2 * size <= chips)
    beside = sum((chips - size) * n for size, n in large.items())
    return alone + sum(large.values()) + max(0, -((beside - small) // chips))


def _weight(sizes: Counter[int], chips: int, least: int, steps: int) -> int:
    """What all weigh, where sizes that share an instance never weigh more than 1 together."""

    def weight(size: int) -> Fraction:
        if size > chips - least or size < least:
            return Fraction(size > chips - least)
        share = Fraction(size, chips)
        scaled = share * (steps + 1)
        return Fraction(int(scaled), steps) if steps and scaled.denominator > 1 else share

    return ceil(sum((weight(size) * n for size, n in sizes.items()), Fraction(0)))


@cache
def fewest_instances(counts: tuple[int, ...], chips: int) -> int:
    """By exhaustive search; ``counts[i]`` replicas have ``i + 1`` chips."""
    if not any(counts):
        return 0
    return 1 + min(
        fewest_instances(tuple(a - b for a, b in zip(counts, inside, strict=True)), chips)
        for inside in _contents(counts, chips)
    )


def _contents(counts: tuple[int, ...], chips: int) -> Iterator[tuple[int, ...]]:
    """What one instance may hold, but nothing."""
    found: list[tuple[int, ...]] = [()]
    for index, count in enumerate(counts):
        found = [
            (*inside, number)
            for inside in found
            for number in range(count + 1)
            if sum(n * (i + 1) for i, n in enumerate(inside)) + number * (index + 1) <= chips
        ]
    return (inside for inside in found if any(inside))


@dataclass(frozen=True, slots=True)
class Packing:
    """What a way to pack comes to."""

    instances: int
    partitions: int
    lanes: int


def first_fit_decreasing(demands: Sequence[Demand], chips: int) -> Packing:
    """The plain way: replica by replica, equal instances grouped into partitions."""
    packed: list[list[Demand]] = []
    for demand in sorted(demands, key=lambda each: (-each.chips, each.service)):
        first = 0
        for _ in range(demand.replicas):
            while first < len(packed) and _chips(packed[first]) + demand.chips > chips:
                first += 1
            if first == len(packed):
                packed.append([])
            packed[first].append(demand)
    shapes = [tuple(each.chips for each in inside) for inside in packed]
    lanes = {
        (demand.service, shape, sum(shape[:place]))
        for inside, shape in zip(packed, shapes, strict=True)
        for place, demand in enumerate(inside)
    }
    return Packing(len(packed), len(set(shapes)), len(lanes))


def _chips(inside: Iterable[Demand]) -> int:
    return sum(demand.chips for demand in inside)
