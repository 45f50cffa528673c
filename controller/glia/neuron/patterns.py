"""How device sets lie beside each other on an instance.

A device set is a bit mask here: bit i is ``/dev/neuron<i>``. All answers follow from the
instance type and the devices taken, so they are remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.neuron.catalogue import InstanceType

_REMEMBERED = 1 << 14


@dataclass(frozen=True, slots=True)
class Board:
    """The chips of an instance, some of them taken.

    Attributes:
        runs: the valid device sets, as masks, by their size.
    """

    chips: int
    runs: tuple[tuple[int, ...], ...]
    taken: int = 0

    def without(self, taken: int) -> Board:
        return Board(self.chips, self.runs, self.taken | taken)


@cache
def board_of(instance_type: InstanceType) -> Board:
    """An instance with all its chips free."""
    sizes = range(instance_type.chips + 1)
    runs = tuple(
        tuple(mask_of(devices) for devices in instance_type.valid_device_sets(size))
        for size in sizes
    )
    return Board(instance_type.chips, runs)


def mask_of(devices: Iterable[int]) -> int:
    return sum(1 << device for device in set(devices))


def devices_of(mask: int) -> tuple[int, ...]:
    return tuple(device for device in range(mask.bit_length()) if mask >> device & 1)


@lru_cache(maxsize=_REMEMBERED)
def free_run(board: Board, size: int) -> int:
    """A free device set of that size, the one that spoils the least room; 0 if there is none."""
    free = [run for run in board.runs[size] if not run & board.taken]
    return min(free, key=lambda run: (_room_around(board, run), run), default=0)


def _room_around(board: Board, inner: int) -> int:
    """The size of the largest free device set that it lies in."""
    sizes = range(board.chips, 0, -1)
    return next(
        size
        for size in sizes
        if any(run & inner == inner and not run & board.taken for run in board.runs[size])
    )


@lru_cache(maxsize=_REMEMBERED)
def largest_run(board: Board) -> int:
    """The size of the largest free device set."""
    sizes = range(board.chips, 0, -1)
    return next((size for size in sizes if free_run(board, size)), 0)


@lru_cache(maxsize=_REMEMBERED)
def lay_out(board: Board, sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    """Disjoint free device sets of these sizes, given in falling order; None if they do not fit.

    Always found where there are any on an instance with no chip taken: runs fill it from one
    end, and each aligned size divides the next.
    """
    found: list[int] = []
    for size in sizes:
        run = free_run(board, size)
        if not run:
            return None
        found.append(run)
        board = board.without(run)
    return tuple(found)


@lru_cache(maxsize=256)
def patterns(board: Board, sizes: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """The ways to cut an instance into sets of these sizes that leave no room for another.

    How many of each size, in the order of ``sizes``, which fall.
    """
    return tuple(_patterns(board, sizes, ()))


def _patterns(board: Board, sizes: tuple[int, ...], laid: tuple[int, ...]) -> list[tuple[int, ...]]:
    first, *rest = sizes
    longest = laid
    while lay_out(board, (*longest, first)) is not None:
        longest = (*longest, first)
    most = len(longest) - len(laid)
    if not rest:
        return [(most,)]
    return [
        (number, *more)
        for number in range(most, -1, -1)
        for more in _patterns(board, tuple(rest), (*laid, *[first] * number))
    ]
