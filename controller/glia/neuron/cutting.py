"""How to cut instances into partitions so that all replicas find room: cutting stock.

Each instance of a partition is cut into the same columns, which are device sets. A column is
as deep as its partition has instances, takes replicas of its size or smaller ones up to that
depth, and so keeps the inequality of lanes by its shape. Few partitions are wanted: each is a
label to keep. Patterns are added one by one, the most promising combinations go on (a beam
search), and first-fit decreasing stands in where that is not enough.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from glia.neuron.patterns import lay_out, patterns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.neuron.patterns import Board

# What the search may cost: some 30 ms. First-fit decreasing needs more partitions, but no time.
_MOST_LOOKS: Final = 10_000
_MOST_PARTITIONS: Final = 8
_BEAM: Final = 3
_MOST_WIDTHS: Final = 2  # of a pattern: the wider waste more and lead to fewer partitions rarely
_MOST_PLANS: Final = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """Instances that are cut alike.

    Attributes:
        columns: the sizes of the device sets, falling.
    """

    columns: tuple[int, ...]
    instances: int


Plan: TypeAlias = tuple[Cut, ...]
_Counts: TypeAlias = tuple[int, ...]
_Cuts: TypeAlias = tuple[tuple[_Counts, int], ...]


@dataclass(frozen=True, slots=True)
class _Node:
    """Some partitions, and the demand and the instances that they leave."""

    counts: _Counts
    instances: int
    cuts: _Cuts = ()


def plans(board: Board, demand: Mapping[int, int], instances: int) -> tuple[Plan, ...]:
    """A few ways to place so many replicas of each size with the fewest partitions found.

    Where the instances are too few, for as many replicas as first-fit decreasing places, the
    largest first.
    """
    sizes = tuple(sorted((size for size in demand if demand[size] > 0), reverse=True))
    if not sizes or instances <= 0:
        return ()
    search = _Search(board, sizes)
    counts = tuple(demand[size] for size in sizes)
    fallback = search.first_fit(counts, instances)
    if _sum(fallback, len(sizes)) != counts:
        fallback = max(fallback, search.fullest(counts, instances), key=search.area_of)
    if not fallback:
        return ()
    counts = _sum(fallback, len(sizes))
    found = search.run(counts, instances)
    best = [*found, fallback] if not found or len(fallback) < len(found[0]) else found
    fewest = min(map(len, best))
    return tuple(search.plan(cuts) for cuts in best if len(cuts) == fewest)[:_MOST_PLANS]


def _sum(cuts: _Cuts, sizes: int) -> _Counts:
    return tuple(sum(columns[size] * width for columns, width in cuts) for size in range(sizes))


class _Search:
    """Over the patterns of some sizes. Columns are told as a number for each size."""

    def __init__(self, board: Board, sizes: tuple[int, ...]) -> None:
        self.board = board
        self.sizes = sizes
        self.free = board.chips - board.taken.bit_count()
        self.looks = 0

    def plan(self, cuts: _Cuts) -> Plan:
        """The widest partition first."""
        found = [Cut(self._columns(columns), width) for columns, width in cuts]
        return tuple(sorted(found, key=lambda cut: (-cut.instances, cut.columns)))

    def _columns(self, numbers: _Counts) -> tuple[int, ...]:
        pairs = zip(self.sizes, numbers, strict=True)
        return tuple(size for size, number in pairs for _ in range(number))

    def one(self, counts: _Counts, instances: int) -> _Counts | None:
        """The columns of one partition that takes everything, or None.

        Down a falling order of all replicas, each column holds the next so many as there are
        instances, so it is as wide as its first one.
        """
        left, chips, columns = 0, 0, []
        for size, count in zip(self.sizes, counts, strict=True):
            number = 0
            if count > left:
                if instances <= 0:
                    return None
                number = -((left - count) // instances)
                chips += number * size
                if chips > self.free:
                    return None
            left += number * instances - count
            columns.append(number)
        found = tuple(columns)
        fits = not self.board.taken or lay_out(self.board, self._columns(found)) is not None
        return found if fits else None

    def run(self, counts: _Counts, instances: int) -> list[_Cuts]:
        """All found of the fewest partitions; none if the search gave up."""
        columns = self.one(counts, instances)
        if columns is not None:
            return [((columns, instances),)]
        beam = [_Node(counts, instances)]
        while beam and len(beam[0].cuts) < _MOST_PARTITIONS - 1 and self.looks < _MOST_LOOKS:
            nodes = self._next(beam)
            found = [
                (*node.cuts, (columns, node.instances))
                for node in nodes
                if (columns := self.one(node.counts, node.instances)) is not None
            ]
            if found:
                return found
            beam = self._promising(nodes)
        return []

    def _next(self, beam: list[_Node]) -> list[_Node]:
        nodes: dict[tuple[_Counts, int], _Node] = {}
        for node in beam:
            for pattern in patterns(self.board, self.sizes):
                for width in _widths(node, pattern):
                    left = _left(node.counts, pattern, width)
                    self.looks += 1
                    rest = node.instances - width
                    cuts = (*node.cuts, (pattern, width))
                    nodes.setdefault((left, rest), _Node(left, rest, cuts))
        return [each for each in nodes.values() if self._area(each.counts) <= self._chips(each)]

    def _chips(self, node: _Node) -> int:
        """Those of the instances that are left."""
        return self.free * node.instances

    def _area(self, counts: _Counts) -> int:
        return sum(size * count for size, count in zip(self.sizes, counts, strict=True))

    def area_of(self, cuts: _Cuts) -> int:
        """The chips that are used."""
        return sum(self._area(columns) * width for columns, width in cuts)

    def _promising(self, nodes: list[_Node]) -> list[_Node]:
        """What leaves the fewest sizes, and what leaves little and wasted little, alike."""

        def simple(node: _Node) -> tuple[int, ...]:
            sizes = len(node.counts) - node.counts.count(0)
            return sizes, self._area(node.counts), -node.instances

        def thrifty(node: _Node) -> tuple[int, ...]:
            area = self._area(node.counts)
            return 3 * area - 2 * self._chips(node), area, -node.instances

        found = [*sorted(nodes, key=simple)[:_BEAM], *sorted(nodes, key=thrifty)[:_BEAM]]
        return list(dict.fromkeys(found))

    def first_fit(self, counts: _Counts, instances: int) -> _Cuts:
        """First-fit decreasing on so many instances, those filled alike counted together."""
        groups: list[tuple[_Counts, int]] = []
        left = instances
        for index, count in enumerate(counts):
            groups = [*groups, ((0,) * len(counts), left)] if left else groups
            filled: list[tuple[_Counts, int]] = []
            for columns, width in groups:
                for part in self._fill(columns, width, index, count):
                    filled.append(part)
                    count -= (part[0][index] - columns[index]) * part[1]  # noqa: PLW2901
            left = sum(width for columns, width in filled if not any(columns))
            groups = [(columns, width) for columns, width in filled if any(columns)]
        merged: Counter[_Counts] = Counter()
        for columns, width in groups:
            merged[columns] += width
        return tuple(merged.items())

    def fullest(self, counts: _Counts, instances: int) -> _Cuts:
        """One instance after the other: the largest replica left, with what fills it best."""
        left, cuts = counts, []
        while instances and any(left):
            largest = next(index for index, count in enumerate(left) if count)
            options = (
                tuple(map(min, pattern, left))
                for pattern in patterns(self.board, self.sizes)
                if pattern[largest]
            )
            columns = max(options, key=lambda option: (self._area(option), option), default=None)
            if columns is None:
                left = _with(left, largest, -left[largest])
                continue
            pairs = zip(left, columns, strict=True)
            width = min(instances, *(count // number for count, number in pairs if number))
            left = tuple(a - b * width for a, b in zip(left, columns, strict=True))
            instances -= width
            cuts.append((columns, width))
        return tuple(cuts)

    def _fill(
        self, columns: _Counts, width: int, index: int, count: int
    ) -> Iterator[tuple[_Counts, int]]:
        """One instance after the other gets as many of a size as it takes."""
        most = 0
        while most < count and self._fits(_with(columns, index, most + 1)):
            most += 1
        for number in (most, count % most if most else 0):
            full = min(width, count // number) if number else 0
            if full:
                yield _with(columns, index, number), full
                width, count = width - full, count - full * number
        if width:
            yield columns, width

    def _fits(self, columns: _Counts) -> bool:
        return lay_out(self.board, self._columns(columns)) is not None


def _with(columns: _Counts, index: int, more: int) -> _Counts:
    return (*columns[:index], columns[index] + more, *columns[index + 1 :])


def _widths(node: _Node, pattern: _Counts) -> Iterator[int]:
    """Those at which a size is just used up, or just not."""
    seen = set()
    for number, count in zip(pattern, node.counts, strict=True):
        if number and count:
            seen |= {count // number, -(-count // number)}
    possible = (width for width in sorted(seen) if 0 < width < node.instances)
    return islice(possible, _MOST_WIDTHS)


def _left(counts: _Counts, pattern: _Counts, width: int) -> _Counts:
    """The demand that a partition leaves: a column takes its own size first, then smaller ones."""
    left = list(counts)
    for index, number in enumerate(pattern):
        if not number:
            continue
        room = number * width
        for smaller in range(index, len(left)):
            if not room:
                break
            taken = min(room, left[smaller])
            left[smaller] -= taken
            room -= taken
    return tuple(left)
