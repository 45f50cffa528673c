"""Ways to place what is wanted, of which the best is taken.

What is wanted, the first first: no running lane moves; every replica has a lane; few
partitions; few lanes; much room left whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count, product
from string import ascii_lowercase
from typing import TYPE_CHECKING, Final

from glia.neuron.cutting import plans
from glia.neuron.lanes import DEFAULT_PARTITION
from glia.neuron.patterns import lay_out
from glia.neuron.placing import fill
from glia.neuron.resuming import resumed, untouched
from glia.neuron.running import empty_ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glia.neuron.cutting import Cut
    from glia.neuron.domain import Domain
    from glia.neuron.patterns import Board
    from glia.neuron.placing import Layout, Want
    from glia.neuron.running import Running

# What finds no place although a plan has counted it (for its spread, surge, CPU, ports) is
# counted once more in the next round.
_ROUNDS: Final = 3
_RESERVES: Final = 4


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to place what is wanted.

    Attributes:
        new: the names of the partitions that it adds.
        missing: what it does not place.
    """

    layout: Layout
    new: tuple[str, ...]
    missing: tuple[Want, ...]

    @property
    def rank(self) -> tuple[int, ...]:
        """The best is the least."""
        return _chips(self.missing), len(self.new), self.layout.lanes, -self.layout.whole


def _chips(wants: Iterable[Want]) -> int:
    return sum(want.replicas * want.demand.chips for want in wants)


def go_on(domain: Domain, start: Running) -> Attempt:
    """Place it as was begun, or around what runs if that takes fewer partitions."""
    begun = _resumed(domain, start) if start.wants else None
    if begun and not begun.new:
        return begun
    added = arrange(domain, start)
    return begun if begun and begun.rank[:2] <= added.rank[:2] else added


def arrange(domain: Domain, start: Running) -> Attempt:
    """Place what is wanted beyond the running lanes."""
    if not start.wants:
        return Attempt(start.layout, (), ())
    if not _is_empty(start):
        return _add(domain, start)
    anew = _cut_anew(domain, start)
    if anew and (not anew.missing or domain.idle >= domain.instances[DEFAULT_PARTITION]):
        return anew
    added = _add(domain, start)  # what is not idle cannot be labelled as a plan says
    return min(anew, added, key=lambda attempt: attempt.rank) if anew else added


def _resumed(domain: Domain, start: Running) -> Attempt | None:
    before = untouched(domain, start)
    whole = arrange(*before) if before else None
    if whole is None or whole.missing:
        return None
    found = resumed(domain, start, whole.layout, whole.new)
    return Attempt(*found, ()) if found else None


def _is_empty(start: Running) -> bool:
    """Whether all instances may be cut as one likes."""
    ledgers = start.layout.ledgers
    used = any(ledger.masks for ledger in ledgers.values())
    return not used and ledgers.keys() == {DEFAULT_PARTITION} and not _pinned(start.wants)


def _pinned(wants: Iterable[Want]) -> bool:
    return any(want.demand.device_ids is not None for want in wants)


def _cut_anew(domain: Domain, start: Running) -> Attempt | None:
    """All instances cut by a plan, the widest partition the default one.

    None where the idle instances are too few for any plan.
    """
    ledger = start.layout.ledgers[DEFAULT_PARTITION]
    chips = ledger.width * (ledger.board.chips - ledger.board.taken.bit_count())
    sizes = _sizes(start.wants, ledger.width)
    found: list[Attempt] = []
    for _ in range(_ROUNDS):
        attempts = [
            _follow(domain, start.layout, start.wants, plan[1:], plan[0])
            for plan in plans(ledger.board, sizes, ledger.width)
            if sum(cut.instances for cut in plan[1:]) <= domain.idle
        ]
        found += attempts
        best = min(attempts, key=lambda attempt: attempt.rank, default=None)
        area = sum(size * number for size, number in sizes.items())
        if best is None or not best.missing or area > chips:
            break
        sizes += _sizes(best.missing, ledger.width)
    return min(found, key=lambda attempt: attempt.rank, default=None)


def _sizes(wants: Iterable[Want], width: int) -> Counter[int]:
    """The peak of all replicas by their size, with the surge of as many lanes as there must be."""
    found: Counter[int] = Counter()
    for want in wants:
        lanes = -(-want.replicas // max(1, width - want.demand.surge))
        found[want.demand.chips] += want.replicas + lanes * want.demand.surge
    return found


def _follow(
    domain: Domain,
    layout: Layout,
    wants: Iterable[Want],
    cuts: Iterable[Cut],
    default: Cut | None = None,
) -> Attempt:
    """Label instances of the default partition as a plan says, and place the replicas."""
    layout = layout.copy()
    home = layout.ledgers[DEFAULT_PARTITION]
    if default is not None:
        _mark(layout, DEFAULT_PARTITION, home.board, default)
    names = _free_names(layout)
    new = []
    for cut in cuts:
        name = next(names)
        new.append(name)
        ledger = empty_ledger(domain, name, cut.instances, like=DEFAULT_PARTITION)
        layout.ledgers[name] = ledger
        home.width -= cut.instances
        _mark(layout, name, ledger.board, cut)
    missing = fill(layout, wants, roomy=True)
    return Attempt(layout, tuple(_trim(layout, new)), missing)


def _mark(layout: Layout, name: str, board: Board, cut: Cut) -> None:
    layout.ledgers[name].plan(*(lay_out(board, cut.columns) or ()))


def _free_names(layout: Layout) -> Iterator[str]:
    """a, b, ... z, aa, ab: what no partition is called."""
    taken = set(layout.ledgers)
    names = ("".join(letters) for n in count(1) for letters in product(ascii_lowercase, repeat=n))
    return (name for name in names if name not in taken)


def _trim(layout: Layout, new: Iterable[str]) -> Iterator[str]:
    """Leave a new partition what it needs; the default one has the rest."""
    for name in new:
        ledger = layout.ledgers[name]
        layout.ledgers[DEFAULT_PARTITION].width += ledger.width - ledger.most_blocked
        ledger.width = ledger.most_blocked
        if ledger.width:
            yield name
        else:
            del layout.ledgers[name]


def _add(domain: Domain, start: Running) -> Attempt:
    """Fill up what there is, with some idle instances kept back for new partitions."""
    home = start.layout.ledgers[DEFAULT_PARTITION]
    spare = max(0, min(domain.idle, home.width - home.most_blocked))
    best = Attempt(start.layout, (), start.wants)
    for reserve in _reserves(spare, _filled(start, 0, roomy=False), home.board):
        ways = _with_reserve(domain, start, reserve)
        best = min((best, *ways), key=lambda attempt: attempt.rank)
        if not best.missing:
            break
    return best


def _filled(start: Running, reserve: int, *, roomy: bool) -> Attempt:
    layout = start.layout.copy()
    layout.ledgers[DEFAULT_PARTITION].width -= reserve
    missing = fill(layout, start.wants, roomy=roomy)
    return Attempt(layout, (), missing)


def _reserves(spare: int, filled: Attempt, board: Board) -> list[int]:
    """None, about as many as what finds no room needs, and on to all that there are."""
    free = max(1, board.chips - board.taken.bit_count())
    least = min(spare, -(-_chips(filled.missing) // free))
    steps = {least + (spare - least) * step // _RESERVES for step in range(_RESERVES + 1)}
    return sorted({0, least, min(spare, least + 1), *steps})


def _with_reserve(domain: Domain, start: Running, reserve: int) -> Iterator[Attempt]:
    filled = _filled(start, reserve, roomy=True)
    if filled.missing:
        filled = min(filled, _filled(start, reserve, roomy=False), key=lambda way: way.rank)
    home = filled.layout.ledgers[DEFAULT_PARTITION]
    home.width += reserve
    yield filled
    if filled.missing and reserve:
        for plan in plans(home.board, _sizes(filled.missing, reserve), reserve):
            yield _follow(domain, filled.layout, filled.missing, plan)
