"""Work that is begun before anybody asks for its result, on a clock that counts who works."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.clock import Clock

T = TypeVar("T")


class Ahead(Generic[T]):
    """A call that runs in a thread of its own from now on.

    A driven clock sees its thread work until the call has ended, and where somebody waits for
    that, until they are back: at no moment nobody seems to work.
    """

    def __init__(self, clock: Clock, call: Callable[[], T]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._is_awaited = False
        self._counted = ExitStack()
        self._counted.enter_context(clock.worker())
        with_one = ThreadPoolExecutor(1)
        self._begun = with_one.submit(self._run, call)
        with_one.shutdown(wait=False)

    def result(self) -> T:
        """What the call has returned, or raises what it has raised. To be asked for once."""
        with self._lock:
            self._is_awaited = True
        if not self._begun.done():
            with self._clock.away():
                wait([self._begun])
        self._counted.close()
        return self._begun.result()

    def _run(self, call: Callable[[], T]) -> T:
        try:
            return call()
        finally:
            with self._lock:
                if not self._is_awaited:
                    self._counted.close()
