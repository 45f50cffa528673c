"""What manifests say of each other: names that are taken, clusters that nobody declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.manifest.spec import Manifest, NeuronService

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from glia.manifest.document import Document


@dataclass(frozen=True, slots=True)
class Declared:
    """A manifest and the document that it was read from."""

    manifest: Manifest
    document: Document

    @property
    def key(self) -> str:
        return f"{self.manifest.kind}/{self.manifest.metadata.name}"


def unrelated(
    declared: Sequence[Declared], clusters: Collection[str]
) -> Iterator[tuple[Declared, ShapeFault]]:
    """Every manifest that does not go together with the others, and why.

    ``clusters`` are the names of all that are declared, rightly or not.
    """
    first: dict[str, Declared] = {}
    for each in declared:
        if each.key in first:
            other = first[each.key].document
            message = f"{each.key} is declared in {other.file}:{other.line} already"
            yield each, ShapeFault(("metadata", "name"), "not-allowed", message)
        first.setdefault(each.key, each)
    for each in declared:
        if isinstance(each.manifest, NeuronService) and each.manifest.spec.cluster not in clusters:
            yield each, _no_cluster(each.manifest.spec.cluster, clusters)


def _no_cluster(name: str, clusters: Iterable[str]) -> ShapeFault:
    known = ", ".join(sorted(clusters))
    expected = f"one of {known}" if known else "a NeuronCluster among the manifests"
    message = f"no NeuronCluster is called {name}"
    remedy = "" if known else "name the file that declares it as another PATH"
    return ShapeFault(("spec", "cluster"), "not-allowed", message, expected, name, remedy)
