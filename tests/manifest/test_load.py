"""Whatever a manifest holds, its errors are values, and what is told of it is told once."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glia.manifest.document import Source
from glia.manifest.load import load
from support.operator import CLUSTER, neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.manifest.load import Loaded

FOLDER = Path(__file__).parents[1] / "cases" / "rules"
# Of every case the parts that a rule reads.
DOCUMENTS = [
    document
    for case in sorted(FOLDER.glob("*.yaml"))
    for document in yaml.load_all(case.read_text("utf-8"), Loader=yaml.CSafeLoader)
]
MOST = 100

scalars = st.sampled_from([None, True, -1, 0, 2.0, 0.5, "", "x", "8501", "all", 10**400])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "x"]), inner)
    ),
    max_leaves=4,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in children:
        yield (*path, key)
        if isinstance(inner, dict | list):
            yield from paths(inner, (*path, key))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A manifest with one to three fields replaced or taken out."""
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(list(paths(document)) or [("spec",)]))
        at: Any = document
        for step in above:
            at = at[step]
        if isinstance(at, dict) and draw(st.booleans()):
            at.pop(last, None)
        else:
            at[last] = draw(values)
    return document


@settings(deadline=None, max_examples=150)
@given(mutated())
@example({"kind": "NeuronService", "metadata": {"labels": None}, "spec": {}})
@example({"kind": "NeuronService", "spec": {"neuron": [], "service": [], "taskDefinition": None}})
def test_whatever_the_fields_hold_errors_are_values_and_each_is_told_once(
    document: dict[str, Any],
) -> None:
    text = yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False)

    loaded = load([Source("a.yaml", text.encode())])

    errors = [each for each in loaded.diagnostics if each.severity == "error"]
    assert bool(loaded.declared) != bool(errors)
    assert len(errors) <= 2 * MOST
    told = [(each.path, each.message) for each in errors]
    assert len(told) == len(set(told))
    assert all(each.location for each in errors)


def test_a_right_service_is_loaded_as_often_as_one_likes() -> None:
    """Nothing of a reading is kept that another one could see."""
    source = Source("a.yaml", (FOLDER / "daemon.yaml").read_bytes())

    assert load([source]) == load([source])


def loaded_of(*documents: dict[str, Any]) -> Loaded:
    text = yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)
    return load([Source("all.yaml", text.encode())])


def names(loaded: Loaded) -> list[str]:
    return [each.manifest.metadata.name for each in loaded.declared]


def test_a_cycle_is_told_in_full_to_each_of_its_services_and_freezes_no_other() -> None:
    waits = {"a": ["b"], "b": ["free", "c"], "c": ["a"], "above": ["a"], "free": []}
    services = [neuron_service(name, dependsOn=before) for name, before in waits.items()]
    loaded = loaded_of(CLUSTER, *services)
    assert [each.message.partition(": ")[2] for each in loaded.diagnostics] == [
        "a -> b -> c -> a",
        "b -> c -> a -> b",
        "c -> a -> b -> c",
    ]
    assert [each.path for each in loaded.diagnostics][1] == "spec.dependsOn[1]"
    assert names(loaded) == ["inference", "above", "free"]
    assert loaded.frozen == {"a", "b", "c"}


def test_services_of_a_wrong_cluster_are_left_alone_and_others_are_not() -> None:
    wrong = neuron_cluster("inference", regoin="us-west-2")
    elsewhere = neuron_service("here", cluster="other")
    loaded = loaded_of(wrong, neuron_cluster("other"), neuron_service("web"), elsewhere)
    assert names(loaded) == ["other", "here"]
    assert loaded.frozen == {"web"}
    assert loaded.placeless == 1
