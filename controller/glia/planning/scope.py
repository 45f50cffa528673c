"""What may be pruned, and what is known of the source whose silence would be the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from glia.desired.desire import cluster_ref, clusters, service_key
from glia.manifest.spec import NeuronCluster, NeuronService

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.manifest.relations import Declared
    from glia.target import ClusterRef

Revision: TypeAlias = Literal["next", "first", "unread", "unverified", "diverged"]


@dataclass(frozen=True, slots=True)
class SourceEvidence:
    """What is known of where the manifests are from. The default is a directory without fault.

    Attributes:
        revision: ``next`` where it was read whole, verified if it has to be, and descends from
            the one that was applied last (or somebody has acknowledged that it does not); a
            plain directory always is. Else what is wrong with it.
        detail: the same in words: which revision, why.
        acknowledge: what lets it be taken all the same, if anything does.
        empty: paths that are not there or hold no manifest, and files without a word.
        wrong: files and manifests with errors: each may be the one that seems to be missing.
        claimed: values of ``glia:key`` whose manifests are known to be elsewhere.
        paused: why nothing is to be deleted now: suspended, outside of its window; or empty.
    """

    revision: Revision = "next"
    detail: str = ""
    acknowledge: str = ""
    empty: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    claimed: frozenset[str] = frozenset()
    paused: str = ""


@dataclass(frozen=True, slots=True)
class PrunePolicy:
    """What a NeuronCluster says of pruning.

    Attributes:
        grace: seconds between the two steps.
    """

    cluster: ClusterRef
    on: bool
    grace: float


@dataclass(frozen=True, slots=True)
class PruneScope:
    """All that a plan has to know to delete what no manifest has.

    Attributes:
        policies: of the declared clusters, one for each.
        keys: ``glia:key`` of all right manifests, with their clusters, those included that are
            suspended or have no lanes.
        frozen: names of manifests that are there and wrong: what is live of them stays.
        renamed: clusters of manifests that had another name before.
        now: in seconds since the epoch.
    """

    policies: tuple[PrunePolicy, ...] = ()
    keys: frozenset[tuple[ClusterRef, str]] = frozenset()
    frozen: frozenset[str] = frozenset()
    renamed: frozenset[ClusterRef] = frozenset()
    evidence: SourceEvidence = field(default_factory=SourceEvidence)
    now: float = 0.0


NO_SCOPE = PruneScope()


def prune_scope(
    declared: Sequence[Declared], frozen: frozenset[str], evidence: SourceEvidence
) -> PruneScope:
    """The scope of these manifests, all of them right, and of the names of services that are not.

    Whoever reads manifests has to say what is known of their source: no evidence is no default.
    """
    known = clusters(declared)
    services = [
        (known[each.manifest.spec.cluster], each.manifest)
        for each in declared
        if isinstance(each.manifest, NeuronService)
    ]
    former = [
        (cluster, service_key(cluster, each.spec.renamed_from))
        for cluster, each in services
        if each.spec.renamed_from
    ]
    keys = [(cluster, service_key(cluster, each.metadata.name)) for cluster, each in services]
    return PruneScope(
        policies=tuple(_policies(declared)),
        keys=frozenset([*keys, *former]),
        frozen=frozen,
        renamed=frozenset(cluster for cluster, _ in former),
        evidence=evidence,
    )


def _policies(declared: Iterable[Declared]) -> list[PrunePolicy]:
    """Manifests may declare one ECS cluster twice: then the more careful one counts."""
    found: dict[ClusterRef, PrunePolicy] = {}
    for each in declared:
        if isinstance(each.manifest, NeuronCluster):
            spec, cluster = each.manifest.spec, cluster_ref(each.manifest)
            own = PrunePolicy(cluster, spec.prune, float(spec.prune_grace_seconds))
            other = found.get(cluster, own)
            found[cluster] = PrunePolicy(cluster, own.on and other.on, max(own.grace, other.grace))
    return [found[cluster] for cluster in sorted(found)]
