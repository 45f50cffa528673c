"""What no layout can make right: manifests that have to change first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.errors import Diagnostic, Location
from glia.layout.domains import domain_key, overlapping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from glia.layout.domains import DomainKey
    from glia.manifest.relations import Declared
    from glia.manifest.spec import NeuronService
    from glia.target import ClusterRef


def refused(
    services: Iterable[tuple[Declared, NeuronService, ClusterRef]], shared: Collection[DomainKey]
) -> Iterator[tuple[str, Diagnostic]]:
    """The services that get no lanes, by their manifest's name, and why.

    ``shared`` are the domains in which chips have to be chosen.
    """
    for declared, manifest, cluster in services:
        name, key = manifest.metadata.name, domain_key(cluster, manifest.spec.neuron)
        if key is None or key.pool or key not in shared:
            continue
        if others := overlapping(key, shared):
            yield name, _overlapping(declared, key, sorted(each.pool for each in others))


def _overlapping(declared: Declared, key: DomainKey, pools: list[str]) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code="pool-overlap",
        message=f"without a pool its replicas may be on any {key}, and other services have a part "
        f"of these for themselves: {', '.join(pools)}",
        location=_place(declared),
        path="spec.neuron.pool",
        expected="a pool for every service of the type, or for none",
        found="no pool",
        remedy=f"write neuron.pool here too, or take it out wherever {key.instance_type} is used",
        key=declared.key,
    )


def _place(declared: Declared) -> Location:
    return Location(declared.document.file, declared.document.line, 1)
