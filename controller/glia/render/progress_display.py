"""The display of an apply in a terminal. Importing this imports rich."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from glia.outcome import State
from glia.render.legible import visible
from glia.render.outcomes import name, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.clock import Clock
    from glia.outcome import Outcome

BAR = 12
# A display higher than the terminal would scroll instead of standing still.
MOST_ROWS = 15
FRAMES_A_SECOND = 8
ON_THE_WAY = frozenset({State.CHANGES, State.ROLLS})


class Display:
    """The changes on the way, a row each, and how many wait or have ended.

    rich's thread reads what ``show`` leaves: rows that are replaced and never changed, and the
    sizes of sets. So it needs no lock beside rich's own, which ``write`` waits for.
    """

    def __init__(self, clock: Clock, stream: TextIO, *, colour: bool, width: int) -> None:
        self._clock = clock
        self._rows: Mapping[str, tuple[float, Outcome]] = {}
        self._waiting: set[str] = set()
        self._ended: set[str] = set()
        self._spinner = Spinner("dots")
        self._console = Console(
            file=stream,
            force_terminal=True,
            no_color=not colour,
            width=width,
            highlight=False,
            markup=False,
            get_time=clock.now,
        )
        self._live = Live(
            console=self._console,
            get_renderable=self.frame,
            refresh_per_second=FRAMES_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        self._live.start()

    def stop(self) -> None:
        """Take the display away; what was written above it stays."""
        self._live.stop()

    def write(self, line: str) -> None:
        """A line above the display."""
        self._console.print(Text.from_ansi(line))

    def show(self, outcome: Outcome) -> None:
        """Take a row up, change it, or take it away."""
        self._waiting.discard(outcome.id)
        if outcome.state is State.WAITS:
            self._waiting.add(outcome.id)
        if outcome.state.ended:
            self._ended.add(outcome.id)
        since, _ = self._rows.get(outcome.id, (self._clock.now(), outcome))
        others = {key: row for key, row in self._rows.items() if key != outcome.id}
        on_the_way = {outcome.id: (since, outcome)} if outcome.state in ON_THE_WAY else {}
        self._rows = others | on_the_way

    def frame(self) -> Table:
        """The display as it is now."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        rows = list(self._rows.values())
        for since, outcome in rows[:MOST_ROWS]:
            seconds = f"{self._clock.now() - since:.0f} s"
            grid.add_row(
                self._spinner,
                Text(visible(name(outcome)), no_wrap=True, overflow="ellipsis"),
                Text(words(outcome.state)),
                ProgressBar(total=max(outcome.replicas, 1), completed=outcome.ready, width=BAR),
                Text(f"{outcome.ready}/{outcome.replicas}", no_wrap=True),
                Text(seconds, justify="right", no_wrap=True),
            )
        more = len(rows) - MOST_ROWS
        tally = [f"{more} more on the way"] if more > 0 else []
        tally += [f"{len(self._waiting)} waiting"] if self._waiting else []
        tally += [f"{len(self._ended)} ended"] if self._ended else []
        grid.add_row("", Text(", ".join(tally), style="dim"))
        return grid
