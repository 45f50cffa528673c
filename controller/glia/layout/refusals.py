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
        if has_no_lock(manifest):
            yield name, _no_lock(declared)
            continue
        if key is None or key.pool or key not in shared:
            continue
        if others := overlapping(key, shared):
            yield name, _overlapping(declared, key, sorted(each.pool for each in others))


def has_no_lock(manifest: NeuronService) -> bool:
    """Whether the lock that it asks for is the one that Glia does not write yet."""
    neuron = manifest.spec.neuron
    return neuron.allocation == "devices" and neuron.lock == "antiAffinity"


def _no_lock(declared: Declared) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code="not-yet",
        message="antiAffinity is not there yet: nothing would keep another task off the chips",
        location=_place(declared),
        path="spec.neuron.lock",
        expected="hostPort",
        found="antiAffinity",
        remedy="leave lock out, with networkMode: bridge or host; in awsvpc let a replica take "
        "the whole instance",
        key=declared.key,
    )


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
