"""The same work on many items at once, on a clock that counts who works."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glia.clock import Clock

S = TypeVar("S")
T = TypeVar("T")

THREADS: Final = 8
"""One interpreter lock: more threads parse no faster, and these keep the network busy."""


def in_parallel(clock: Clock, work: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """The results, in the items' order; an error ends all work and is raised.

    A driven clock must see somebody who works at every moment, or it would run on between two
    threads. So threads are counted before they start, and the last one to end stays counted
    until the caller is back.
    """
    count = min(THREADS, len(items))
    if count <= 1:
        return [work(item) for item in items]
    crew = _Crew(count)
    results: dict[int, T] = {}

    def stripe(first: int) -> None:
        for index in range(first, len(items), count):
            if crew.stopping.is_set():
                return
            results[index] = work(items[index])

    with crew.leftover, ThreadPoolExecutor(count) as pool:
        started = []
        for first in range(count):
            counted = ExitStack()
            counted.enter_context(clock.worker())
            started.append(pool.submit(crew.run, counted, stripe, first))
        try:
            with clock.away():
                wait(started)
        except BaseException:
            crew.stopping.set()  # leaving the pool waits for its threads
            raise
    for each in started:
        each.result()
    return [results[index] for index in range(len(items))]


class _Crew:
    """Threads of one piece of work: who is left, and whether to go on."""

    def __init__(self, size: int) -> None:
        self.stopping = threading.Event()
        self.leftover = ExitStack()
        self._left = size
        self._lock = threading.Lock()

    def run(self, counted: ExitStack, stripe: Callable[[int], None], first: int) -> None:
        try:
            stripe(first)
        except BaseException:
            self.stopping.set()
            raise
        finally:
            with self._lock:
                self._left -= 1
                is_last = self._left == 0
            if is_last:
                self.leftover.push(counted)
            else:
                counted.close()
