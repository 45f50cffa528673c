"""What is to happen later, in order."""

from __future__ import annotations

import heapq
import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Timers:
    """Actions with the moment at which each is due; equal moments keep their order."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def at(self, when: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._order), action))

    @property
    def next_due(self) -> float:
        return self._heap[0][0] if self._heap else math.inf

    def pop(self) -> Callable[[], None]:
        return heapq.heappop(self._heap)[2]
