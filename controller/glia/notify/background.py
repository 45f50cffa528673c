"""A thread between the loop and whoever is told: bounded, and never waited for by the loop."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.events import Event

BOUND: Final = 1000
"""Events that may wait for a slow sink; what comes after them is dropped, and counted."""


class Background:
    """Hands events to a sink, one after another, in a thread of its own.

    Args:
        name: of the thread.
        sink: may block, and may raise what it likes.
        dropped: is told of each event that found no room.
        failed: is told of each exception of the sink's.
        bound: how many events may wait.
    """

    def __init__(
        self,
        name: str,
        sink: Callable[[Event], None],
        dropped: Callable[[], None],
        failed: Callable[[Exception], None],
        bound: int = BOUND,
    ) -> None:
        self._sink, self._dropped, self._failed = sink, dropped, failed
        self._waiting: queue.Queue[Event | None] = queue.Queue(bound)
        self._thread = threading.Thread(target=self._run, name=f"glia {name}", daemon=True)
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Take an event; never waits."""
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            self._dropped()

    def close(self, seconds: float) -> bool:
        """Let the sink have what waits, for so long at most; whether it has had all of it."""
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return False
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (event := self._waiting.get()) is not None:
            try:
                self._sink(event)
            except Exception as error:  # noqa: BLE001  (whatever one sink does costs no other)
                self._failed(error)
