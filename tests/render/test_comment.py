"""The comment around a plan: found again, dated, and remembering the plans before."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from glia.plan import Plan, Source
from glia.render.comment import Occasion, comment, marker, remembered, status_line
from glia.render.plan_markdown import BUDGET
from render.golden import golden
from render.test_plan_markdown import HOSTILE, big_plan, hostile_plan, tokens
from render.values import plan

HEAD, BASE, LIVE = "a1b2c3d4" * 5, "9f8e7d6c" * 5, "5c4b3a2918070605"
OCCASION = Occasion("manifests", HEAD, LIVE, "2026-11-28T04:30:00Z")


def of(number: int) -> Occasion:
    return replace(OCCASION, head=f"{number % 16:x}" * 40, at=f"2026-11-28T04:{number:02}:00Z")


def test_a_comment_of_every_kind_reads_like_this() -> None:
    made = replace(plan(), source=Source("acme/fleet", HEAD, "manifests", BASE))
    old = comment(made, of(13), "")
    assert comment(made, OCCASION, old) == golden("comment.md").removesuffix("\n")


def test_it_names_the_last_five_plans_before_it_and_repeats_none_of_their_text() -> None:
    body = ""
    for number in range(8):
        body = comment(plan(), of(number), body)
    assert [each.head for each in remembered(body)] == [of(each).head for each in (7, 6, 5, 4, 3)]
    rows = re.findall(r"^\| `(\d)\1{11}` \|", body, re.MULTILINE)
    assert rows == ["6", "5", "4", "3", "2"]
    assert body.count("### Plan:") == 1


@pytest.mark.parametrize(
    "state",
    [
        "{",
        "{}",
        '{"head":1,"digest":"x","at":"y"}',
        '{"head":"<script>","digest":"","at":"2026-11-28T04:30:00Z"}',
        '{"head":"abcdef0","digest":"","at":"@everyone"}',
        '{"head":"abcdef0","digest":"","at":"2026-11-28T04:30:00Z","before":[7,{"head":"x"}]}',
    ],
)
def test_a_comment_that_somebody_has_edited_brings_nothing_of_theirs_in(state: str) -> None:
    old = f"{marker('manifests')}\n<!-- glia:state {state} -->\n\n# HELLO"
    made = comment(plan(), OCCASION, old)
    assert "HELLO" not in made
    assert "script" not in made
    assert "@everyone" not in made


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_come_alive_neither_in_the_comment_nor_in_its_marker(text: str) -> None:
    occasion = replace(OCCASION, key=text)
    first = marker(text)
    assert first.count("-->") == 1
    assert "\n" not in first
    made = comment(hostile_plan(text), occasion, comment(plan(), of(1), ""))
    assert made.startswith(first)
    kinds = {token.type for token in tokens(made)}
    assert not kinds & {"html_inline", "link_open", "image"}


@pytest.mark.parametrize("updates", [2, 2000])
def test_all_of_it_fits_into_a_comment(updates: int) -> None:
    old = ""
    for number in range(7):
        old = comment(Plan(), of(number), old)
    made = comment(big_plan(updates), OCCASION, old)
    assert len(made.encode()) <= BUDGET
    assert len(made) <= 65_536
    assert "| replace | `inference/grave` |" in made


def test_a_status_begins_with_the_digest_of_what_would_be_done() -> None:
    made = plan()
    assert status_line(made).startswith(f"{made.digest} Plan: ")
    assert len(made.digest) < 80
    assert status_line(Plan()).startswith("No changes.")
