"""Every text that a task definition or a service can have, through every way of showing a plan."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from glia.diff import differences, flattened
from glia.ecs.canonical import canonical
from glia.ecs.secrecy import hidden_values
from glia.ecs.secret_text import concealed
from glia.plan import Plan
from glia.planning.comparison import tag_fields
from glia.render.comment import Occasion, comment
from glia.render.plan_json import plan_json
from glia.render.plan_markdown import plan_markdown
from glia.render.plan_text import plan_text
from render.values import created, live, updated
from secrecy.shown import DEFINITION, READABLE, SERVICE, by_design
from support.canaries import LENGTH, PIECE, Canaries
from support.recipes import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glia.ecs.defaults import Kind
    from support.canaries import Form

# Ways in which a secret stands in a text: encoded, in lines, far behind.
DISGUISES: dict[str, Callable[[str], str]] = {
    "base64": lambda word: b64encode(word.encode()).decode(),
    "lines": lambda word: f"serve \\\n  --name web \\\n  --with {word}",
    "a block": lambda word: f"-----BEGIN CERTIFICATE-----\n{word[:16]}\n{word[16:]}",
    "far behind": lambda word: f"{'serve --quiet ' * 700}{word}",
    "an option": lambda word: f"--batch=8 --api-key={word}",
}
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


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES.keys())
def test_a_secret_is_known_in_whatever_it_is_wrapped(disguise: Callable[[str], str]) -> None:
    canaries, texts = Canaries(), list[str]()

    def put(place: str) -> str:
        word = canaries.at(place)
        texts.append(disguise(word))
        return texts[-1]

    request: dict[str, Any] = {
        "family": "server",
        "containerDefinitions": [
            {
                "name": "server",
                "image": "server:1",
                "command": ["serve", put("command")],
                "entryPoint": ["sh", "-c", put("entryPoint")],
                "environment": [{"name": "MODEL_DIR", "value": put("environment")}],
                "dockerLabels": {"version": put("label")},
                "logConfiguration": {
                    "logDriver": "splunk",
                    "options": {"splunk-format": put("option")},
                },
            }
        ],
    }
    fields = flattened(canonical("taskDefinition", request))
    tags = tag_fields({"team": put("tag")}, live("server"))
    said = "\n".join(shown(Plan(changes=(created("server", *fields, *tags),))))
    assert said.count("(sensitive)") > 6
    assert [each for each in texts if each[-PIECE:] in said or each[-LENGTH:-PIECE] in said] == []
    assert canaries.seen_in([said]) == set()
    refusal = concealed(f"{request} and {json.dumps(request)}", hidden_values(request))
    assert "server:1" in refusal
    assert canaries.seen_in([refusal]) == set()
    assert hidden_values({**request, "tags": [{"key": "team", "value": texts[-1]}]}) == set(texts)
