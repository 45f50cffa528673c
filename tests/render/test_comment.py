"""The comment around a plan: found again, dated, and remembering the plans before."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from glia.change import Block, Change
from glia.errors import Diagnostic
from glia.plan import Held, Plan, Shortage, Source
from glia.render.comment import Occasion, comment, is_of, marker, remembered, status_line
from glia.render.plan_markdown import BUDGET
from glia.steps import Create, Definition
from render.golden import golden
from render.test_plan_markdown import HOSTILE, big_plan, hostile_plan, tokens
from render.values import created, lane, plan, service

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


def test_a_status_begins_with_the_digest_of_what_would_be_done_and_with_what_waits() -> None:
    made = plan()
    assert status_line(made).startswith(f"{made.digest} waits:{made.waiting} Plan: ")
    assert len(f"{made.digest} waits:{made.waiting}") < 120
    acting = replace(made, changes=made.acting, held=(), diagnostics=())
    assert status_line(acting).startswith(f"{made.digest} Plan: "), "the digest of what is done"
    assert status_line(Plan()).startswith("No changes.")


def test_two_plans_that_do_nothing_yet_are_told_apart_by_what_they_would_do() -> None:
    """Their counts are the same, and each may go on without another look at it."""

    def blocked(image: str, rule: str = "name-conflict", text: str = "theirs") -> Change:
        definition = Definition({}, "", image)
        by = (Block(rule, text, ""),)
        return replace(created("web"), step=Create(definition, {}), blocked_by=by)

    def held(content: str, count: int = 2, reason: str = "DependencyNotReady") -> Held:
        own = replace(lane("web"), content=content, service={"desiredCount": count})
        return Held(service("web", own), reason, "2 of 3 replicas run")

    def short(manifests: str) -> Shortage:
        return Shortage("inf1.6xlarge", 2, 1, 4, manifests)

    error = Diagnostic("error", "unknown-type", "nobody knows it", key="NeuronService/web")
    plans = [
        *(Plan(changes=(each,)) for each in (blocked("1"), blocked("2"), blocked("1", "replace"))),
        *(Plan(held=(each,)) for each in (held("1"), held("2"), held("1", 3), held("1", 2, "No"))),
        *(Plan(shortages=(each,)) for each in (short("1"), short("2"))),
        *(Plan(diagnostics=(each,)) for each in (error, replace(error, key="NeuronService/db"))),
        Plan(changes=(created("db"),)),
        Plan(changes=(created("db"), blocked("1"))),
        Plan(),
    ]
    for number, one in enumerate(plans):
        assert [is_of(one, status_line(other)[:140]) for other in plans] == [
            number == place for place in range(len(plans))
        ]
    four, five = (Plan(changes=(blocked("1", text=f"{each} are gone"),)) for each in "45")
    assert is_of(four, status_line(five)), "a number in a message says nothing of what is done"
    assert plans[-3].digest == plans[-2].digest, "apply does the same of both"
