"""Each rule by the manifest that breaks it, and the words that ``glia validate`` has for it.

The cases are tests/cases/rules: a file of manifests, right but for one thing, and beside it what
is printed. They are named after the rules.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glia.cli.main import main
from glia.manifest.ecs_members import with_integers
from glia.manifest.reader import read
from glia.manifest.relations import RELATIONS, Declared, Together
from glia.manifest.rules import RULES
from glia.manifest.rules_subject import make_subject
from glia.manifest.spec import NeuronCluster, NeuronService
from glia.manifest.spec_faults import to_manifest
from glia.neuron.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(__file__).parents[1] / "cases" / "rules"
CASES = sorted(FOLDER.glob("*.yaml"))
# What is wrong with two manifests together, and keeps both from being used.
TOLD_TWICE = {"declared_twice", "dependency_cycle"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_is_wrong_is_printed_word_for_word(
    case: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(FOLDER)

    code = main(["validate", case.name])

    printed = capsys.readouterr().out
    assert printed == case.with_suffix(".expected").read_text("utf-8")
    told = [line for line in printed.splitlines() if not line.startswith("    ")]
    places = 2 if case.stem in TOLD_TWICE else 1
    assert len(told) == places + 1, "one thing is wrong, and then comes the sum"
    assert code == (1 if ": error: " in told[0] else 0)


def test_every_rule_has_its_case_and_every_case_its_rule() -> None:
    broken = {case.stem: set(_broken_by(case)) for case in CASES}

    rules: set[Callable[..., object]] = {*RULES, *RELATIONS}
    assert {rule for names in broken.values() for rule in names} == {
        rule.__name__ for rule in rules
    }
    assert [case for case, names in broken.items() if len(names) != 1] == []
    assert {name for (name,) in broken.values()} <= broken.keys()


def _broken_by(case: Path) -> Iterator[str]:
    """The names of the rules that say something of a case."""
    declared = []
    for document in read(case.read_bytes(), case.name).documents:
        body = {**document.body, "spec": with_integers(document.body["spec"])}
        made = to_manifest(body)
        assert not isinstance(made, tuple)
        declared.append(Declared(made, document))
    for each in declared:
        if isinstance(manifest := each.manifest, NeuronService):
            kind = catalogue().get(manifest.spec.neuron.instance_type or "")
            subject = make_subject(manifest.spec, kind, manifest.metadata.labels)
            yield from (rule.__name__ for rule in RULES if list(rule(subject)))
    clusters = (each.manifest for each in declared if isinstance(each.manifest, NeuronCluster))
    names = frozenset(cluster.metadata.name for cluster in clusters)
    services = frozenset(
        each.manifest.metadata.name for each in declared if isinstance(each.manifest, NeuronService)
    )
    together = Together(tuple(declared), names, services)
    yield from (relation.__name__ for relation in RELATIONS if list(relation(together)))
