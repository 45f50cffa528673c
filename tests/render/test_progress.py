"""What is told while a plan is applied, on the sandbox's clock."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from glia.outcome import State
from glia.render.progress import Progress
from glia.sandbox.clock import VirtualClock
from render.values import outcome

if TYPE_CHECKING:
    from glia.outcome import Outcome

STORY: list[tuple[float, Outcome]] = [
    (0, outcome("bert", State.WAITS)),
    (0, outcome("resnet50", State.WAITS)),
    (0, outcome("bert", State.CHANGES)),
    (2, outcome("bert", State.ROLLS)),
    (0, outcome("resnet50", State.ROLLS, lane="resnet50-neuron0")),
    (10, outcome("bert", State.ROLLS, 1)),
    (5, outcome("bert", State.ROLLS, 1)),
    (5, outcome("bert", State.DONE, 2)),
    (3, outcome("resnet50", State.ROLLED_BACK, 2, reason="RolledBack", message="exit code 1\n2")),
]


def play(story: list[tuple[float, Outcome]], **options: Any) -> str:
    clock, stream = VirtualClock(), io.StringIO()
    given = {"live": False, "colour": False, "width": 80, **options}
    with Progress(clock, stream, **given) as progress:
        for pause, told in story:
            clock.sleep(pause)
            progress.tell(told)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _a_capable_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def test_off_a_terminal_every_change_is_a_line_and_nothing_is_said_twice() -> None:
    assert play(STORY).splitlines() == [
        "    0 s  inference/bert: changing",
        "    2 s  inference/bert: rolling out",
        "    2 s  inference/resnet50 (resnet50-neuron0): rolling out",
        "   12 s  inference/bert: 1 of 2 ready",
        "   22 s  inference/bert: done, 2 of 2 ready",
        "   25 s  inference/resnet50: rolled back: RolledBack: exit code 1",
    ]


def test_in_a_terminal_what_has_ended_stays_and_what_is_on_the_way_has_a_row() -> None:
    shown = play(STORY[:8], live=True)
    assert "   22 s  inference/bert: done, 2 of 2 ready\n" in shown
    last = shown[shown.rindex("inference/bert: done") :]
    assert "inference/resnet50 (resnet50-neuron0)" in last
    assert "20 s" in last  # since it began to roll
    assert "1 ended" in last


def test_rows_beyond_what_a_terminal_holds_are_counted() -> None:
    many = [(0.0, outcome(f"s{at}", State.ROLLS)) for at in range(40)]
    many += [(0.0, outcome(f"w{at}", State.WAITS)) for at in range(7)]
    last = play(many, live=True)
    last = last[last.rindex("inference/s0") :]
    assert last.count("inference/s") == 15
    assert "25 more on the way, 7 waiting" in last


def test_the_display_is_gone_even_after_an_error() -> None:
    stream = io.StringIO()
    with pytest.raises(AttributeError):
        tell_nonsense(Progress(VirtualClock(), stream, live=True, colour=False, width=80))
    assert stream.getvalue().index("\x1b[?25l") < stream.getvalue().index("\x1b[?25h")


def tell_nonsense(progress: Progress) -> None:
    """The cursor is hidden, and then something breaks."""
    with progress:
        progress.tell(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("live", [False, True])
def test_no_colour_where_none_is_wanted(live: bool) -> None:
    assert "\x1b[3" not in play(STORY, live=live)
    assert "\x1b[32m" in play(STORY, live=live, colour=True)


@pytest.mark.parametrize("live", [False, True])
def test_nothing_hostile_reaches_the_terminal(live: bool) -> None:
    evil = "[red]\x1b[2J\u202e"
    shown = play([(0, outcome(evil, State.ROLLS)), (1, outcome(evil, State.FAILED))], live=live)
    assert "[red]\\x1b[2J\\u202e: failed" in shown
    assert "\x1b[2J" not in shown


def test_rich_is_imported_only_for_a_display() -> None:
    """It takes longer to import than most commands run."""
    code = (
        "import sys, glia.render.progress, glia.render.plan_text, glia.render.plan_markdown, "
        "glia.render.status_text, glia.render.outcomes\n"
        "sys.exit('rich' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
