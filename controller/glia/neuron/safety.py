"""The inequality that keeps ECS from getting stuck, kept up to date for one partition.

ECS places tasks greedily and one lane blind to another. Lanes conflict if their device sets or
their static host ports intersect. When a task of a lane looks for an instance, the others of
its lane and the tasks of conflicting lanes block one instance each at most. So it finds one if

    n(lane) + sum of n(other) over the lanes in conflict with it <= instances

where n is the lane's peak, and if nothing else can run out there: the heaviest choice of lanes
without conflicts fits, for CPU, memory, host ports and ENIs each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from glia.neuron.domain import NOTHING, Resources

if TYPE_CHECKING:
    from glia.neuron.patterns import Board

_Ported: TypeAlias = tuple[int, frozenset[int]]
"""Lanes with the same device set and the same static host ports."""


class Ledger:
    """The lanes of one partition: their peaks, what they use, and who conflicts with whom.

    Attributes:
        board: an instance of the partition, the chips that foreign tasks hold taken.
        free: what an instance has for Glia's tasks.
        planned: device sets that are meant for lanes and perhaps have none yet.
    """

    def __init__(
        self, name: str, width: int, board: Board, free: Resources, closed_ports: frozenset[int]
    ) -> None:
        self.name = name
        self.width = width
        self.board = board
        self.free = free
        self.closed_ports = closed_ports
        self.planned: tuple[int, ...] = ()
        self._peaks: dict[int, int] = {}
        self._loads: dict[int, int] = {}
        self._uses: dict[int, Resources] = {}
        self._ported: dict[_Ported, int] = {}
        self._by_ports: dict[_Ported, int] = {}
        self._most_by_ports: dict[int, int] = {}
        self._by_port: dict[int, set[_Ported]] = {}
        self._total = NOTHING
        self._scarce: dict[tuple[int, Resources], str] = {}
        self._blocked: dict[int, tuple[int, int]] = {}
        self._sites: dict[int, tuple[int, ...]] = {}

    def copy(self) -> Ledger:
        twin = Ledger(self.name, self.width, self.board, self.free, self.closed_ports)
        twin.planned = self.planned
        twin._peaks = dict(self._peaks)
        twin._loads = dict(self._loads)
        twin._uses = dict(self._uses)
        twin._total = self._total
        twin._ported = dict(self._ported)
        twin._by_ports = dict(self._by_ports)
        twin._most_by_ports = dict(self._most_by_ports)
        twin._by_port = {port: set(lanes) for port, lanes in self._by_port.items()}
        return twin

    @property
    def masks(self) -> tuple[int, ...]:
        """The device sets in use."""
        return tuple(self._peaks)

    @property
    def room(self) -> Board:
        """An instance with all taken that is in use or meant to be."""
        taken = 0
        for mask in (*self._peaks, *self.planned):
            taken |= mask
        return self.board.without(taken)

    @property
    def most_blocked(self) -> int:
        """The instances that the fullest lane and all that conflicts with it need."""
        return max(map(self.needed, self._peaks), default=0)

    def plan(self, *masks: int) -> None:
        """Keep these device sets for lanes."""
        self.planned = (*self.planned, *masks)
        self._sites.clear()

    def sites(self, size: int) -> tuple[int, ...]:
        """The device sets of that size in the columns there are: each at its column's start."""
        if size not in self._sites:
            runs = self.board.runs[size]
            columns = dict.fromkeys((*self.planned, *self._peaks))
            starts = (next((r for r in runs if r & column == r), 0) for column in columns)
            self._sites[size] = tuple(dict.fromkeys(start for start in starts if start))
        return self._sites[size]

    def headroom(self, mask: int, ports: frozenset[int]) -> int:
        """How much a lane there may grow, or how large a new one be; negative if it is too large.

        Foreign tasks in the way leave none.
        """
        if mask & self.board.taken or ports & self.closed_ports:
            return 0
        blocked = self._blocked.get(mask)
        if blocked is None:
            blocked = self._blocked[mask] = self._blocked_at(mask)
        own, worst = blocked
        if ports and self._by_port:
            for rival in self._rivals(mask, ports):
                own += self._ported[rival]
                worst = max(worst, self._loads[rival[0]] + self._by_ports[rival])
        return self.width - max(own, worst)

    def _blocked_at(self, mask: int) -> tuple[int, int]:
        """Instances that a lane there may find blocked, and the most that one beside it may."""
        load = worst = 0
        for other, peak in self._peaks.items():
            if other & mask:
                load += peak
                worst = max(worst, self.needed(other))
        return load, worst

    def _rivals(self, mask: int, ports: frozenset[int]) -> set[_Ported]:
        """Lanes that conflict only for their ports."""
        found = {lane for port in ports for lane in self._by_port.get(port, ())}
        return {lane for lane in found if not lane[0] & mask}

    def needed(self, mask: int) -> int:
        """The left side of the inequality for the worst off of the lanes there."""
        return self._loads[mask] + self._most_by_ports.get(mask, 0)

    def add(self, mask: int, ports: frozenset[int], use: Resources, peak: int) -> None:
        """Let a lane there be so much larger."""
        if mask not in self._peaks:
            self._loads[mask] = self._blocked_at(mask)[0]
            self._peaks[mask] = 0
            self._sites.clear()
        touched = mask
        for other in self._peaks:
            if other & mask:
                self._loads[other] += peak
                touched |= other
        self._peaks[mask] += peak
        self._weigh(mask, use)
        if ports:
            self._add_ported(mask, ports, peak)
            self._blocked.clear()
        else:
            stale = [site for site in self._blocked if site & touched]
            for site in stale:
                del self._blocked[site]

    def _add_ported(self, mask: int, ports: frozenset[int], peak: int) -> None:
        lane, rivals = (mask, ports), self._rivals(mask, ports)
        if lane not in self._ported:
            self._ported[lane] = 0
            self._note(lane, sum(self._ported[rival] for rival in rivals))
            for port in ports:
                self._by_port.setdefault(port, set()).add(lane)
        self._ported[lane] += peak
        for rival in rivals:
            self._note(rival, self._by_ports[rival] + peak)

    def _note(self, lane: _Ported, blocked: int) -> None:
        """So many instances are blocked for it by lanes with the same port elsewhere."""
        self._by_ports[lane] = blocked
        self._most_by_ports[lane[0]] = max(self._most_by_ports.get(lane[0], 0), blocked)

    def _weigh(self, mask: int, use: Resources) -> None:
        known = self._uses.get(mask, NOTHING)
        now = self._uses[mask] = _most(known, use)
        if now != known:
            sums = zip(self._total, known, now, strict=True)
            self._total = Resources(*(total - old + new for total, old, new in sums))
            self._scarce.clear()

    def scarce(self, mask: int = 0, use: Resources = NOTHING) -> str:
        """Which resource may run out on an instance if a lane there uses so much; "" if none."""
        if all(map(_fits, self._total, use, self.free)):
            return ""
        known = self._scarce.get((mask, use))
        if known is None:
            known = self._scarce[mask, use] = self._scarcest(mask, use)
        return known

    def _scarcest(self, mask: int, use: Resources) -> str:
        uses = {**self._uses, mask: _most(self._uses.get(mask, NOTHING), use)}
        for index, name in enumerate(Resources._fields):
            weights = {each: used[index] for each, used in uses.items() if used[index]}
            if self._heaviest(weights) > self.free[index]:
                return name
        return ""

    def _heaviest(self, weights: dict[int, int]) -> int:
        """The most that lanes without conflicts add up to: disjoint intervals on a line.

        A set that is no run counts whole and beside all others, which errs to the safe side.
        """
        ending: dict[int, list[tuple[int, int]]] = {}
        best, most = [0] * (self.board.chips + 1), 0
        for mask, weight in weights.items():
            first, end = (mask & -mask).bit_length() - 1, mask.bit_length()
            if mask.bit_count() == end - first <= self.board.chips and end < len(best):
                ending.setdefault(end, []).append((first, weight))
            else:
                most += weight
        for end in range(1, len(best)):
            taken = (best[first] + weight for first, weight in ending.get(end, ()))
            best[end] = max(best[end - 1], *taken, 0)
        return most + best[-1]


def _most(one: Resources, other: Resources) -> Resources:
    return Resources(*map(max, one, other))


def _fits(total: int, more: int, free: int) -> bool:
    """What all device sets use is no less than what those do that can meet."""
    return total + more <= free
