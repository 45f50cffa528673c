"""Every text that a task definition or a service can have, through every way of showing a plan."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from glia.diff import differences, flattened
from glia.ecs.canonical import canonical
from glia.ecs.secrecy import hidden_values
from glia.plan import Plan
from glia.render.comment import Occasion, comment
from glia.render.plan_json import plan_json
from glia.render.plan_markdown import plan_markdown
from glia.render.plan_text import plan_text
from render.values import created, updated
from secrecy.shown import DEFINITION, READABLE, SERVICE, by_design
from support.canaries import Canaries
from support.recipes import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.ecs.defaults import Kind
    from support.canaries import Form

# The manifest says these in Glia's own words, or they have a test of their own.
ELSEWHERE = {"cluster", "clientToken", "serviceName", "tags.key", "tags.value", "taskDefinition"}


def shown(plan: Plan) -> Iterator[str]:
    """Everything that is made of a plan, and what a traceback or a debugger would print of it."""
    yield plan_text(plan, colour=True, width=80, verbose=True)
    yield plan_text(plan, colour=False, width=500, verbose=False)
    yield plan_markdown(plan)
    yield comment(plan, Occasion("glia", "head", "live", "2026-11-28T04:30:00Z"), "")
    yield json.dumps(plan_json(plan))
    yield repr(plan)


@pytest.mark.parametrize("form", ["random", "words"])
@pytest.mark.parametrize(
    ("operation", "kind", "table"),
    [
        ("RegisterTaskDefinition", "taskDefinition", DEFINITION),
        ("CreateService", "service", SERVICE),
    ],
)
def test_a_plan_shows_what_is_listed_and_nothing_else(
    operation: str, kind: Kind, table: dict[str, tuple[str, ...]], form: Form
) -> None:
    canaries = Canaries(form)
    request = Recipe(text=canaries.at).request(operation)
    old = canonical(kind, request)
    new = canonical(kind, {"family": "a", "containerDefinitions": []})
    changes = [created("server", *flattened(old, kind))]
    for pair in ((old, new), (new, old)):
        changes += [updated("server", *differences(*pair, kind), cause="drift")]
    plans = [Plan(changes=(each,)) for each in changes]
    everything = set(canaries.by_word.values()) - ELSEWHERE
    expected = by_design(table) | (READABLE.keys() & everything if form == "words" else set())
    assert canaries.seen_in(text for plan in plans for text in shown(plan)) == expected
    quotable = {canaries.by_word[each] for each in hidden_values(request) & canaries.by_word.keys()}
    assert quotable - ELSEWHERE == everything - expected
