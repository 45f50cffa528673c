"""What a benchmark says: figures with their targets, and whether one is missed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured; none is the target of a figure that is only told."""

    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def missed(self) -> bool:
        return self.target is not None and self.value > self.target

    def row(self) -> str:
        target = "" if self.target is None else f"{self.target:g}"
        verdict = "" if self.target is None else "over" if self.missed else "ok"
        return f"{self.name:60}{self.value:10.4g} {self.unit:8}{target:>7}  {verdict}"


def told(figures: Iterable[Figure]) -> int:
    """Print each as soon as it is known; 1 if a target is missed."""
    print(f"{'':60}{'figure':>10} {'':8}{'target':>7}")
    missed = False
    for figure in figures:
        print(figure.row(), flush=True)
        missed |= figure.missed
    return int(missed)


def require(holds: bool, what: str) -> None:
    """A figure of something else than what its name says would be worse than none."""
    if not holds:
        sys.exit(f"This run does not count: it lacks {what}.")
