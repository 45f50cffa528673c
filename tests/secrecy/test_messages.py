"""Every value that can be wrong in a manifest, as a text, a key or a mapping where none belongs."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from pydantic import BaseModel

from glia.events import RevisionFetched
from glia.manifest.document import Source
from glia.manifest.load import load
from glia.manifest.spec import KINDS
from glia.render.diagnostics import as_json, as_text
from glia.render.events_text import event_text
from glia.render.loop_status_json import diagnostic_json
from secrecy.shown import (
    NAMES_IN_MESSAGES,
    NAMES_IN_THE_LOOP,
    REFERENCES,
    REFUSED_BY_RULES,
    WORDS_IN_MESSAGES,
)
from support.canaries import Canaries
from support.operator import CLUSTER, neuron_service
from support.recipes import MODEL, Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.errors import Diagnostic
    from support.canaries import Form

Put: TypeAlias = Callable[[str], str]
REQUESTS = {"taskDefinition": "RegisterTaskDefinition", "service": "CreateService"}
BY_A_RULE = " (by a rule)"
CLOSED = " (a word or a number)"
NOT_HERE = {f"service.desiredCount{CLOSED}"}  # what it is to be is said in spec.replicas
TYPE = {
    "vcpu": 4, "memoryMiB": 8192, "chips": 1, "chipMemoryGiB": 8, "neuronCoreVersion": 1,
    "coresPerChip": 4, "networkInterfaces": 4, "deviceSets": "single",
}  # fmt: skip


def good(kind: str, number: int) -> dict[str, Any]:
    """A manifest of this kind, with a name of its own."""
    if kind == "NeuronService":
        return neuron_service(f"s{number}")
    spec, name = (
        (CLUSTER["spec"], f"c{number}") if kind == "NeuronCluster" else (TYPE, f"t{number}.x")
    )
    return deepcopy(
        {"apiVersion": "glia/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
    )


def of_ecs(put: Put) -> Iterator[dict[str, Any]]:
    """Each member of ECS's, wrong at each depth that it has."""
    for part, operation in REQUESTS.items():
        for name, shape in MODEL.operation_model(operation).input_shape.members.items():
            for depth in range(levels(shape) + 1):
                manifest = good("NeuronService", 0)
                spoiled = wrong(shape, f"{part}.{name}", put, depth)
                manifest["spec"].setdefault(part, {})[name] = spoiled
                yield manifest


def of_rules(put: Put) -> Iterator[dict[str, Any]]:
    """Members of the right types, alone and together, which every rule has something against."""
    for part, operation in REQUESTS.items():
        request = Recipe(
            text=lambda path, part=part: f"{put(f'{part}.{path}{BY_A_RULE}')} !"  # type: ignore[misc]
        ).request(operation)
        for name, value in [*request.items(), ("", request)]:
            manifest = good("NeuronService", 0)
            manifest["spec"].setdefault(part, {}).update({name: value} if name else value)
            yield manifest


def levels(shape: Any) -> int:
    match shape.type_name:
        case "structure":
            return 1 + max(map(levels, shape.members.values()), default=0)
        case "list":
            return 1 + levels(shape.member)
        case "map":
            return 1
        case _:
            return 0


def wrong(shape: Any, path: str, put: Put, depth: int) -> Any:
    """Wrong at this depth, and where it ends before; above it everything is as it should be."""
    kind = shape.type_name
    if depth and kind == "structure":
        members = shape.members.items()
        inside = {name: wrong(each, f"{path}.{name}", put, depth - 1) for name, each in members}
        return {**inside, "unheardOf": put(f"{path} (below)")}
    if depth and kind == "list":
        return [wrong(shape.member, path, put, depth - 1)]
    if depth and kind == "map":
        return {put(f"{path} (key)"): [put(path)]}
    if kind == "string" and not getattr(shape, "enum", None):
        return {put(f"{path} (below)"): put(f"{path} (below)")}
    closed = kind not in {"structure", "list", "map"}
    return put(f"{path}{CLOSED}" if closed else path)


def of_glia(put: Put) -> Iterator[dict[str, Any]]:
    """Each field of Glia's own, with a text, a list and a mapping in its place."""
    for kind, model in KINDS.items():
        for path in fields(model):
            place = f"{kind}.{'.'.join(path)}"
            below = {put(f"{place} (key)"): put(f"{place} (below)")}
            for value in (put(place), [put(place)], below):
                yield with_value(good(kind, 0), path, value)


def fields(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for field in model.model_fields.values():
        path = (*above, str(field.alias))
        yield path
        for each in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(each, type) and issubclass(each, BaseModel):
                yield from fields(each, path)


def with_value(manifest: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    at = manifest
    for step in path[:-1]:
        at = at.setdefault(step, {})
    at[path[-1]] = value
    return manifest


def broken(put: Put) -> Iterator[str]:
    """Texts that are no YAML, or none that Glia reads; what is split is found by either half."""
    half = put("split")
    yield f'command: ["a", "{put("quote")}\n'
    yield f"password: {put('colon')}: [\n"
    yield f"- &{put('anchor')} {put('anchored')}\n- *{put('alias')}\n"
    yield f"a: !{put('tag')} {put('tagged')}\n"
    yield f"%TAG ! {put('directive')}\n---\n"
    yield f"a: 1\n{put('no colon')}\nb: 2\n"
    yield f"a: [1\n{put('no comma')}: {put('no comma')}\n"
    yield f"a: @{put('no token')}\n"
    yield f'a: "\\{put("no escape")}"\n'
    yield f"a: |\n  {put('block')}\n b: c\n"
    yield f"{put('root')}\n"
    yield f"- {put('list')}\n"
    yield f"? [{put('key in a list')}]\n: {put('below it')}\n"
    yield f"environment:\n- {{name: A, value: '{half[:16]}\n    {half[16:]}'}} {half}\n"
    yield f"a: {'x' * 10_000}{put('long')}: b: c\n"
    yield f"a: 1\n\t{put('tab')}: 1\n"


def diagnostics(put: Put) -> tuple[Diagnostic, ...]:
    """Of all of these, read together."""
    documents = [CLUSTER, *of_ecs(put), *of_rules(put), *of_glia(put)]
    for number, each in enumerate(documents):
        if each.get("kind") == "NeuronService" and each.get("metadata") == {"name": "s0"}:
            each["metadata"] = {"name": f"s{number}"}
    texts = [json.dumps(each) for each in documents] + list(broken(put))
    return load(
        [Source(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    ).diagnostics


@pytest.mark.parametrize("form", ["random", "words"])
def test_messages_show_names_and_words_of_a_closed_list_and_nothing_else(form: Form) -> None:
    canaries = Canaries(form)
    found = diagnostics(canaries.at)
    assert len(found) > 1000
    closed = {each for each in canaries.by_word.values() if each.endswith(CLOSED)} - NOT_HERE
    told = [as_text(each) for each in found] + [json.dumps(as_json(each)) for each in found]
    words = closed | WORDS_IN_MESSAGES if form == "words" else set()
    quoted = {f"{each}{BY_A_RULE}" for each in REFERENCES}
    refused = quoted | {f"{each}{BY_A_RULE}" for each in REFUSED_BY_RULES}
    assert canaries.seen_in(told) == words | NAMES_IN_MESSAGES | NAMES_IN_THE_LOOP | refused
    loop = [json.dumps(diagnostic_json(each)) for each in found]
    loop.append(event_text(RevisionFetched(0.0, "c", "r", "p", 1, found)))
    # Where a cluster query goes wrong is told by the word that is there.
    cut = {f"taskDefinition.placementConstraints.expression{BY_A_RULE}"} if words else set()
    assert canaries.seen_in(loop) == NAMES_IN_THE_LOOP | quoted | cut
