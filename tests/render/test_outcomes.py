"""What came of a plan."""

from __future__ import annotations

import re

import pytest

from glia.outcome import State
from glia.render.outcomes import outcomes_json, outcomes_text
from render.golden import golden
from render.values import outcome, outcomes


def text(*states: State) -> str:
    made = [outcome(f"s{at}", state) for at, state in enumerate(states)]
    return outcomes_text(made, colour=False, width=100)


def test_outcomes_of_every_kind_read_like_this() -> None:
    assert outcomes_text(outcomes(), colour=False, width=100) == golden("outcomes.txt")


def test_colours_change_nothing_else() -> None:
    painted = outcomes_text(outcomes(), colour=True, width=100)
    assert "\x1b[31mrolled back" in painted
    plain = outcomes_text(outcomes(), colour=False, width=100)
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain


RETRY = "glia retry inference/s0"
AGAIN = "`glia apply` again"


@pytest.mark.parametrize(
    ("state", "hints"),
    [
        (State.DONE, []),
        (State.SUBMITTED, ["`glia status`"]),
        (State.ROLLED_BACK, [RETRY]),
        (State.FAILED, [AGAIN]),
        (State.STALLED, [AGAIN]),
        (State.TIMED_OUT, [AGAIN]),
        (State.NOT_STARTED, [AGAIN]),
        (State.INTERRUPTED, [AGAIN]),
        (State.BLOCKED, ["`glia plan`"]),
    ],
)
def test_every_end_says_what_to_do_next(state: State, hints: list[str]) -> None:
    every = [RETRY, AGAIN, "`glia status`", "`glia plan`"]
    assert [hint for hint in every if hint in text(state)] == hints


def test_what_an_interruption_left_is_told_apart() -> None:
    lines = text(State.DONE, State.INTERRUPTED, State.NOT_STARTED).split("\n")
    assert [re.split("  +", line)[0] for line in lines[:3]] == [
        "done",
        "changed, not waited for",
        "not started",
    ]
    assert "3 changes: 1 done; 1 changed, not waited for; 1 not started." in lines


def test_no_outcome_is_a_sentence() -> None:
    assert text() == "Nothing was to be done."


def test_programs_read_the_states_by_their_names() -> None:
    states = [each["state"] for each in outcomes_json(outcomes())["outcomes"]]
    assert states == [each.state.name for each in outcomes()]
    assert outcomes_json(outcomes()[:1])["outcomes"][0]["at"] == "2001-09-09T01:46:40.000Z"
