"""What is told while a plan is applied: a display that moves, or plain lines off a terminal."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Self, TextIO

from glia.outcome import State
from glia.render.legible import NARROWEST, shortened, visible
from glia.render.outcomes import colour_of, name, words
from glia.render.paint import Paint

if TYPE_CHECKING:
    from types import TracebackType

    from glia.clock import Clock
    from glia.outcome import Outcome
    from glia.render.progress_display import Display


class Progress:
    """Tells outcomes as they change; what has been told once is not repeated.

    Outcomes may come from any thread. With ``live``, what is on the way stands in a display
    that is gone at the end, and what has ended stays above it, a line each. Without, every
    change of state or counts is a line. ``width`` is in columns.
    """

    def __init__(
        self, clock: Clock, stream: TextIO, *, live: bool, colour: bool, width: int
    ) -> None:
        self._clock = clock
        self._stream = stream
        self._live = live
        self._paint = Paint(colour)
        self._width = width
        self._begin = clock.now()
        self._lock = Lock()
        self._told: dict[str, tuple[State, int, int, str]] = {}
        self._said: dict[str, str] = {}
        self._display: Display | None = None

    def __enter__(self) -> Self:
        if self._live:
            # rich takes a tenth of a second to import, and most commands need none of it.
            from glia.render.progress_display import Display  # noqa: PLC0415

            self._display = Display(
                self._clock, self._stream, colour=self._paint.on, width=self._width
            )
            self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._display is not None:
            self._display.stop()

    def tell(self, outcome: Outcome) -> None:
        """Show where a change stands now."""
        with self._lock:
            now = (outcome.state, outcome.ready, outcome.replicas, outcome.reason)
            if self._told.get(outcome.id) == now:
                return
            self._told[outcome.id] = now
            if self._said.get(outcome.id) == phrase(outcome):
                return  # another reason, and the same words
            self._said[outcome.id] = phrase(outcome)
            if self._display is None:
                self._write(outcome)
                return
            self._display.show(outcome)
            if outcome.state.ended:
                self._display.write(self._line(outcome))

    def _write(self, outcome: Outcome) -> None:
        if outcome.state is State.WAITS:
            return  # all of them do at first
        self._stream.write(f"{self._line(outcome)}\n")
        self._stream.flush()  # a log is read while it grows

    def _line(self, outcome: Outcome) -> str:
        passed = f"{self._clock.now() - self._begin:5.0f} s  "
        text = f"{visible(name(outcome))}: {phrase(outcome)}"
        shown = shortened(text, max(self._width - len(passed), NARROWEST))
        return passed + self._paint(shown, colour_of(outcome.state) if outcome.state.ended else "")


def phrase(outcome: Outcome) -> str:
    """The state in a few words, with the reason where there is one."""
    counts = f"{outcome.ready} of {outcome.replicas} ready"
    match outcome.state:
        case State.ROLLS:
            said = counts if outcome.ready else "rolling out"  # the replicas before may all run
        case State.DONE:
            said = "done" if outcome.is_without_replicas else f"done, {counts}"
        case State.CHANGES:
            said = "changing"
        case _:
            said = words(outcome.state)
    first = outcome.message.partition("\n")[0]
    if first in said or first == counts:
        return visible(said)
    return visible(": ".join(part for part in (said, outcome.reason, first) if part))
