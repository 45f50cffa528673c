"""Which lanes would have to give up how much so that a run of chips is free for others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from glia.neuron.domain import LiveLane
from glia.neuron.patterns import board_of, devices_of, largest_run, mask_of
from glia.neuron.running import running, site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.neuron.domain import Demand, Domain

Way: TypeAlias = tuple[int, tuple[LiveLane, ...]]
"""How many replicas are given up, and the lanes without them."""


def evacuations(
    demands: Sequence[Demand],
    domain: Domain,
    live: Sequence[LiveLane],
    demand: Demand,
    missing: int,
) -> Iterator[Way]:
    """Live lanes without what keeps so many replicas off some run, and how many that are."""
    pinned, movable = mask_of(demand.device_ids or ()), _movable(demands, live)
    runs = (pinned,) if pinned else board_of(domain.instance_type).runs[demand.chips]
    for partition, _, there in _occupied(domain, live, runs):
        width = domain.instances[partition]
        for number in _portions(min(missing, width)):
            counts = _cleared(there, movable, width - number - demand.surge)
            if counts:
                yield _given(there, counts), _with_counts(live, counts)


def cheapest_first(ways: Iterable[Way]) -> list[Way]:
    """Each way once, those that give up the fewest replicas first."""
    found: dict[tuple[LiveLane, ...], int] = {}
    for given, lanes in ways:
        found.setdefault(lanes, given)
    return sorted(((given, lanes) for lanes, given in found.items()), key=lambda way: way[0])


def freed_runs(
    demands: Sequence[Demand], domain: Domain, live: Sequence[LiveLane]
) -> list[tuple[tuple[int, int], tuple[LiveLane, ...]]]:
    """Live lanes without those on some run that is larger than the free ones, which is held.

    The largest gain first, and of equal ones those that give up the fewest replicas.
    """
    board, free = board_of(domain.instance_type), free_runs(domain, demands, live)
    movable, found = _movable(demands, live), []
    used = sum(lane.count * len(lane.device_ids) for lane in live)
    spare = board.chips * sum(domain.instances.values()) - used
    runs = [run for size in range(1, board.chips + 1) for run in board.runs[size]]
    for partition, run, there in _occupied(domain, live, runs):
        width, size = domain.instances[partition], run.bit_count()
        if size <= free[partition] or width * size > spare:
            continue
        if counts := _cleared(there, movable, 0):
            lanes = _with_counts(live, counts)
            kept_free = LiveLane("", "", devices_of(run), width, partition, leaving=True)
            rank = (width * (free[partition] - size), _given(there, counts))
            found.append((rank, (*lanes, kept_free)))
    return sorted(found, key=lambda way: way[0])


def free_runs(
    domain: Domain, demands: Sequence[Demand], live: Iterable[LiveLane]
) -> dict[str, int]:
    still = [replace(each, replicas=0) for each in demands]
    ledgers = running(still, domain, live).layout.ledgers
    return {name: largest_run(ledger.room) for name, ledger in ledgers.items()}


def _occupied(
    domain: Domain, live: Sequence[LiveLane], runs: Iterable[int]
) -> Iterator[tuple[str, int, list[LiveLane]]]:
    """The lanes on each of the runs, in each partition that has any."""
    masks = {lane.name: site_of(lane)[1] for lane in live}
    for partition, width in sorted(domain.instances.items()):
        here = [lane for lane in live if lane.partition == partition and lane.count]
        for run in runs if width else ():
            if there := [lane for lane in here if masks[lane.name] & run]:
                yield partition, run, there


def _portions(most: int) -> list[int]:
    """All, half of them, a quarter, and so on: what is worth trying of many."""
    found = []
    while most > 0:
        found.append(most)
        most //= 2
    return found


def _cleared(
    there: Sequence[LiveLane], movable: frozenset[str], most: int
) -> dict[str, int] | None:
    """The counts with which lanes leave no more than so many replicas; None if they may not go.

    Lanes that end do so first, the smallest of them.
    """
    over = sum(lane.count + lane.surge for lane in there) - most
    counts: dict[str, int] = {}
    for lane in sorted(there, key=lambda lane: (lane.count, lane.name)):
        if over > 0 and lane.name in movable:
            left = max(0, lane.count - over)
            over -= lane.count - left + (0 if left else lane.surge)
            counts[lane.name] = left
    return None if over > 0 or most < 0 else counts


def _given(there: Iterable[LiveLane], counts: Mapping[str, int]) -> int:
    return sum(lane.count - counts.get(lane.name, lane.count) for lane in there)


def _with_counts(live: Iterable[LiveLane], counts: Mapping[str, int]) -> tuple[LiveLane, ...]:
    """Lanes without replicas are gone."""
    changed = (
        replace(lane, count=counts[lane.name]) if lane.name in counts else lane for lane in live
    )
    return tuple(lane for lane in changed if lane.count or lane.name not in counts)


def _movable(demands: Iterable[Demand], live: Iterable[LiveLane]) -> frozenset[str]:
    """The lanes whose services let replicas be somewhere else."""
    free = {
        each.service: each.chips
        for each in demands
        if each.device_ids is None and not each.one_lane
    }
    return frozenset(
        lane.name
        for lane in live
        if not lane.leaving and free.get(lane.service) == len(lane.device_ids)
    )
