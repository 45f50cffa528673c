"""What services say of each other: which comes after which, and what one was called before."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from glia.ecs.nearest import nearest
from glia.ecs.shape_fault import ShapeFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.manifest.relations import Declared, Found, Together
    from glia.manifest.spec import NeuronService

DEPENDS_ON = ("spec", "dependsOn")
RENAMED_FROM = ("spec", "renamedFrom")


def unknown_dependency(together: Together) -> Found:
    for each, service in _dependents(together):
        others = sorted(together.service_names - {service.metadata.name})
        for index, name in enumerate(service.spec.depends_on):
            if name in together.service_names:
                continue
            meant = nearest(name, others)
            yield (
                each.document,
                ShapeFault(
                    (*DEPENDS_ON, index),
                    "not-allowed",
                    f"no NeuronService is called {name}",
                    f"one of {', '.join(others)}" if others else "a NeuronService",
                    name,
                    f"write {meant}" if meant else "take it out, or name the file that declares it",
                ),
            )


def dependency_cycle(together: Together) -> Found:
    """Each service of a cycle is told of it: none of them could ever begin."""
    waits = {service.metadata.name: service.spec.depends_on for _, service in _dependents(together)}
    if not waits:
        return
    in_cycles = {name: cycle for cycle in _cycles(waits) for name in cycle}
    for each, service in _dependents(together):
        name = service.metadata.name
        if name not in in_cycles:
            continue
        cycle = in_cycles[name]
        at = cycle.index(name)
        inside = [*cycle[at:], *cycle[:at], name]
        yield (
            each.document,
            ShapeFault(
                (*DEPENDS_ON, service.spec.depends_on.index(inside[1])),
                "contradiction",
                f"services wait for each other: {' -> '.join(inside)}",
                "dependencies without a cycle",
                inside[1],
                "take one of them out",
            ),
        )


def _cycles(waits: dict[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """Cycles of which no two have a service in common, each from a dependent to what it awaits."""
    left = dict(waits)
    while left:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            found: list[str] = error.args[1]
            yield found[:0:-1]
            for name in found:
                left.pop(name, None)
        else:
            return


def _dependents(together: Together) -> Iterator[tuple[Declared, NeuronService]]:
    for each, service in together.services:
        known = not each.is_unknown_at(DEPENDS_ON) and not each.is_unknown_at(("metadata", "name"))
        if known and service.spec.depends_on:
            yield each, service


def renamed_from_a_manifest(together: Together) -> Found:
    """A service that is still declared is not the one that has another name now.

    One of which only the name can be read may be in any cluster.
    """
    declared = dict.fromkeys(together.service_names, "")
    declared |= {service.metadata.name: service.spec.cluster for _, service in together.services}
    for each, service in _renamed(together):
        former = service.spec.renamed_from or ""
        if declared.get(former) in {"", service.spec.cluster}:
            message = f"NeuronService/{former} is declared as well, so it has kept its name"
            expected = "a name that no manifest has any more"
            remedy = f"take it out, or delete NeuronService/{former}"
            yield (
                each.document,
                ShapeFault(RENAMED_FROM, "contradiction", message, expected, former, remedy),
            )


def renamed_twice(together: Together) -> Found:
    """Two that follow one service would both delete it."""
    heirs: dict[tuple[str, str], list[tuple[Declared, NeuronService]]] = {}
    for each, service in _renamed(together):
        key = (service.spec.cluster, service.spec.renamed_from or "")
        heirs.setdefault(key, []).append((each, service))
    for (_, former), several in heirs.items():
        first = several[0][1].metadata.name
        for each, _ in several[1:]:
            yield (
                each.document,
                ShapeFault(
                    RENAMED_FROM,
                    "contradiction",
                    f"NeuronService/{first} is renamed from {former} already",
                    "one service that follows another",
                    former,
                    "take it out of one of the two",
                ),
            )


def _renamed(together: Together) -> Iterator[tuple[Declared, NeuronService]]:
    for each, service in together.services:
        paths = (RENAMED_FROM, ("spec", "cluster"), ("metadata", "name"))
        if service.spec.renamed_from and not any(map(each.is_unknown_at, paths)):
            yield each, service


RELATIONS = (unknown_dependency, dependency_cycle, renamed_from_a_manifest, renamed_twice)
