"""A plan as a comment on a pull request."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from glia.change import Block
from glia.diff import ABSENT
from glia.errors import Diagnostic, Location
from glia.plan import Plan, Source
from glia.render.plan_markdown import BUDGET, plan_markdown
from glia.steps import Retire
from render.golden import golden
from render.values import (
    CONTAINER,
    changed,
    created,
    lane,
    live,
    plan,
    pruned,
    pruning_plan,
    replaced,
    updated,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

MARKDOWN = MarkdownIt("commonmark").enable("table")
OWN_HTML = re.compile(r"<details( open)?>\n<summary>[\w ,./\\&;-]*</summary>\n?|</details>\n?")
HOSTILE = [
    "```\n</details><script>alert(1)</script>",
    "````````diff",
    "~~~",
    "</code></summary></details><img src=x onerror=alert(1)>",
    "<!-- -->",
    "@everyone and #123 and GH-1",
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example <https://evil.example>",
    "a | b \\| c || d\\\\| e",
    "| --- | --- |",
    "`a` ``b`` `",
    "\\`<b>",
    "\u202eevil\u2066\u200b\x1b[2J\x00",
    "a\n\n# heading\n\n<b>",
    "&lt;b&gt; &#64;all",
    " ",
]


def hostile_plan(text: str) -> Plan:
    """The text everywhere where somebody else writes."""
    every = plan()
    stop = Block(text, text, text)
    own = lane(text)
    label = f"taskDefinition.containerDefinitions[{text}].image"
    changes = tuple(
        replace(each, service=replace(each.service, key=f"inference/{text}", name=text))
        for each in (
            created("a", changed(label, ABSENT, text), own=own),
            updated("b", changed(f"service.tags[{text}]", text, f"{text}."), own=own),
            updated("c", changed(f"service.tags[{text}]", text, ABSENT), cause="drift"),
            replaced("d", changed(f"service.x[{text}]", ABSENT, text), blocked_by=(stop,)),
        )
    )
    return Plan(
        changes=changes,
        held=tuple(replace(each, reason=text, message=text) for each in every.held),
        suspended=(text,),
        preflight=tuple(
            replace(each, key=text, check=text, message=text) for each in every.preflight
        ),
        diagnostics=tuple(
            replace(each, message=text, path=text, found=text, remedy=text, expected=text)
            for each in every.diagnostics
        ),
        source=Source(text, text, text),
    )


def tokens(markdown: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(markdown):
        yield token
        yield from token.children or ()


def test_a_plan_of_every_kind_reads_like_this() -> None:
    assert plan_markdown(plan()) == golden("plan.md").removesuffix("\n")


def test_what_is_pruned_left_or_waits_reads_like_this() -> None:
    assert plan_markdown(pruning_plan()) == golden("pruning.md")


def test_no_delete_is_left_out_of_a_comment_that_grows_too_long() -> None:
    gone = [pruned(f"gone-{at:03}", Retire(live(f"gone-{at:03}"), 3600.0)) for at in range(200)]
    markdown = plan_markdown(Plan(changes=(*big_plan(1000).changes, *gone)))
    assert len(markdown.encode()) <= BUDGET
    assert "more changes not shown in the table." in markdown
    assert all(f"| delete | `{each.key}` |" in markdown for each in gone)


def test_an_offline_plan_says_what_it_takes_to_be_live() -> None:
    markdown = plan_markdown(Plan(offline=True, source=Source("", "", "", "1a2b3c4d5e6f7a8b")))
    told = "Offline: nothing live was read; ECS is taken to hold what commit 1a2b3c4d5e6f says."
    assert told in markdown


def test_a_plan_without_changes_is_a_heading() -> None:
    assert plan_markdown(Plan()) == "### No changes. 0 services are as they should be."


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_others_write_comes_alive(text: str) -> None:
    """Parsed, there is no HTML but Glia's own, no link, no image, and no cell too many."""
    made = list(tokens(plan_markdown(hostile_plan(text))))
    kinds = {token.type for token in made}
    assert not kinds & {"html_inline", "link_open", "image"}
    html = [token.content for token in made if token.type == "html_block"]
    assert len(html) == 2 * 4
    assert [each for each in html if not OWN_HTML.fullmatch(each)] == []
    rows, cells = (sum(token.type == kind for token in made) for kind in ("tr_open", "td_open"))
    assert (rows, cells) == (1 + 3 + 1 + 1, 4 * 4)
    assert sum(token.type == "heading_open" for token in made) == 1
    assert sum(token.type == "fence" for token in made) == 4 + 5


@pytest.mark.parametrize("text", HOSTILE)
def test_what_others_write_stands_in_code_and_in_one_line(text: str) -> None:
    """Outside of code a site would still notify those who are mentioned."""
    markdown = plan_markdown(hostile_plan(f"EVIL{text}"))
    made = list(tokens(markdown))
    assert [each.content for each in made if each.type == "text" and "EVIL" in each.content] == []
    assert sum("EVIL" in each.content for each in made if each.type == "code_inline") == 3 + 4 * 2
    assert [line for line in markdown.split("\n") if not line.isprintable()] == []


def big_plan(updates: int, errors: int = 20) -> Plan:
    """Updates of very different sizes among some that matter more."""
    grave = replaced("grave", changed("service.role", "a", "b"))
    stop = Block("name-conflict", "the service is owned by nobody", "glia apply --adopt x")
    stopped = updated("stopped", changed("service.x", "a", "b"), blocked_by=(stop,))
    bulk = tuple(
        updated(
            f"service-{at:04}",
            *(
                changed(f"{CONTAINER}.environment[N{number}].value", "é" * 300, "ü" * 300)
                for number in range(1 + at % 7)
            ),
        )
        for at in range(updates)
    )
    wrong = tuple(
        Diagnostic(
            "error", "bad", f"error number {at}", Location("a.yaml", at, 1), remedy="mend it " * 9
        )
        for at in range(errors)
    )
    return Plan(
        changes=(*bulk[: updates // 2], grave, stopped, *bulk[updates // 2 :]), diagnostics=wrong
    )


@pytest.mark.parametrize(("updates", "errors"), [(40, 20), (300, 20), (2000, 20), (100, 600)])
def test_a_comment_fits_and_what_is_grave_stays(updates: int, errors: int) -> None:
    made = big_plan(updates, errors)
    markdown = plan_markdown(made)
    assert 0.9 * BUDGET < len(markdown.encode()) <= BUDGET
    assert "<summary>replace inference/grave</summary>" in markdown
    assert "<summary>update inference/stopped</summary>" in markdown
    assert "| replace | `inference/grave` |" in markdown
    assert "update, **blocked**" in markdown
    assert "allow it with: glia apply --adopt x" in markdown
    assert len(re.findall(r"error number \d+$", markdown, re.MULTILINE)) == errors
    shown = markdown.count("<details")
    assert f"The details of {len(made.changes) - shown} changes are left out here." in markdown
    rows = len(re.findall(r"^\| (?:update|replace)", markdown, re.MULTILINE))
    hidden = len(made.changes) - rows
    assert (f"{hidden} more changes not shown in the table." in markdown) == (hidden > 0)


def test_the_largest_details_go_first() -> None:
    few = Plan(changes=big_plan(7, 0).changes)
    whole = plan_markdown(few)
    cut = plan_markdown(few, budget=len(whole.encode()) - 1)
    gone = [
        change.service.name
        for change in few.changes
        if f"<summary>update inference/{change.service.name}</summary>" not in cut
        and change.action == "update"
    ]
    assert gone == ["service-0006"]
    assert whole.count("<details") == cut.count("<details") + 1


def test_details_of_what_is_grave_go_last() -> None:
    large = [changed(f"service.x[{at}]", "a" * 300, "b" * 300) for at in range(20)]
    made = Plan(changes=(replaced("grave", *large), *big_plan(40).changes))
    markdown = plan_markdown(made)
    assert markdown.count("<details") < len(made.changes)
    assert markdown.count("<summary>replace inference/grave</summary>") == 2


def test_errors_are_told_even_where_they_alone_are_too_many() -> None:
    markdown = plan_markdown(big_plan(10, 3000))
    assert len(re.findall(r"error number \d+$", markdown, re.MULTILINE)) == 3000
    assert "mend it" not in markdown
