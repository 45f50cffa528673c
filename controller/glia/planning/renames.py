"""Whether a service that others had another name for is really gone from the manifests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.desired.desire import clusters
from glia.manifest.spec import NeuronService
from glia.planning.pruning import may_be_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.errors import Diagnostic
    from glia.manifest.relations import Declared

SERVICE = f"{NeuronService.__name__}/"


def with_sure_renames(
    declared: Sequence[Declared], diagnostics: Iterable[Diagnostic]
) -> tuple[Declared, ...]:
    """The manifests; of none a ``renamedFrom`` counts that may name what is still declared.

    What it names is deleted. A file that cannot be read may declare it, and so may a manifest
    of the same ECS cluster under another NeuronCluster. Until that is known the service of the
    old name stays beside the new one.
    """
    unknown = any(
        each.severity == "error" and not each.key.startswith(SERVICE) for each in diagnostics
    )
    known = clusters(declared)
    names = {
        each.manifest.metadata.name: known[each.manifest.spec.cluster]
        for each in declared
        if isinstance(each.manifest, NeuronService)
    }

    def sure(each: Declared) -> Declared:
        manifest = each.manifest
        if not isinstance(manifest, NeuronService) or not manifest.spec.renamed_from:
            return each
        still = names.get(manifest.spec.renamed_from)
        there = still is not None and may_be_one(still, known[manifest.spec.cluster])
        if not (unknown or there):
            return each
        spec = manifest.spec.model_copy(update={"renamed_from": None})
        return replace(each, manifest=manifest.model_copy(update={"spec": spec}))

    return tuple(map(sure, declared))
