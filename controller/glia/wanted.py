"""From the bytes of manifests to what should be there: the offline half of every plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from glia.desired.desire import clusters, desired, service_key
from glia.layout.layout import clusters_to_read, lay_out, parted
from glia.manifest.load import load
from glia.manifest.spec import NeuronService
from glia.planning.renames import with_sure_renames
from glia.planning.scope import SourceEvidence, prune_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from glia.desired.state import DesiredState
    from glia.errors import Diagnostic
    from glia.manifest.document import Source
    from glia.manifest.load import Loaded
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.neuron.lanes import Lane
    from glia.planning.scope import PruneScope
    from glia.target import ClusterRef

LookUp: TypeAlias = "Callable[[Loaded], Mapping[str, InstanceType]]"
"""What somebody knows of the instance types that the catalogue lacks, by their names."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the manifests say, and everything that is wrong with them or worth knowing.

    Attributes:
        state: of the services whose lanes follow from the manifests alone. Their manifests are
            not kept: they are half of what a large fleet's plan would hold.
        open: the manifests of services that share instances, whose lanes depend on what runs.
        instance_types: every type that a right service names, by its name.
        scope: what may be pruned, by these manifests and by what was found at their paths.
        recall: reads all right manifests once more.
        frozen: names of the services that are declared and not right.
        unknown_types: instance types that nobody could tell of; later somebody may.
    """

    state: DesiredState
    open: tuple[Declared, ...]
    instance_types: Mapping[str, InstanceType]
    diagnostics: tuple[Diagnostic, ...]
    scope: PruneScope
    recall: Callable[[], Sequence[Declared]]
    frozen: frozenset[str] = frozenset()
    unknown_types: tuple[str, ...] = ()


class Files(Protocol):
    """Files that were read, and what is wrong with those that could not be."""

    @property
    def sources(self) -> Sequence[Source]: ...

    @property
    def diagnostics(self) -> Sequence[Diagnostic]: ...

    @property
    def files(self) -> Mapping[str, tuple[str, ...]]:
        """By the paths that led to them, the names of the sources."""


def compiled(
    found: Files,
    look_up: LookUp,
    read_ahead: Callable[[ClusterRef, Sequence[str]], None] | None = None,
    *,
    again: Callable[[], Sequence[Source]] | None = None,
) -> Wanted:
    """Check and compile manifests that have been read.

    ``look_up`` is asked for the instance types that the catalogue lacks, if there are any;
    ``read_ahead`` is told of each cluster the ECS services that will be compared. ``again``
    reads the same files once more; without it their bytes are kept.
    """
    loaded = load(found.sources)
    if loaded.unknown_types and (more := look_up(loaded)):
        loaded = load(found.sources, known_types=more)
    told = (*found.diagnostics, *loaded.diagnostics)
    declared = with_sure_renames(loaded.declared, told)
    alone, sharing = parted(declared, loaded.instance_types)
    layout = lay_out(alone, loaded.instance_types, {})
    if read_ahead is not None:
        enrolled = clusters_to_read(sharing, loaded.instance_types)  # these are read as a whole
        for cluster, names in _services_of(alone, layout.lanes).items():
            if cluster not in enrolled:
                read_ahead(cluster, names)
    types, kept = loaded.instance_types, found.sources
    sources = again or (lambda: kept)
    return Wanted(
        desired(alone, layout.lanes, types),
        sharing,
        types,
        told,
        prune_scope(loaded.declared, loaded.frozen, _evidence(found, loaded)),
        lambda: with_sure_renames(load(sources(), known_types=types).declared, told),
        loaded.frozen,
        loaded.unknown_types,
    )


def _evidence(found: Files, loaded: Loaded) -> SourceEvidence:
    """What there is to know of paths on a command line: they are as they are now."""
    wrong = [
        str(each.location.file if each.location else each.message)
        for each in (*found.diagnostics, *loaded.diagnostics)
        if each.severity == "error"
    ]
    with_manifests = {each.document.file for each in loaded.declared}.union(wrong)
    # A source that does not tell paths apart is one.
    by_path = found.files or {"the source": tuple(each.file for each in found.sources)}
    empty = [path for path, files in by_path.items() if with_manifests.isdisjoint(files)]
    empty += (each for each in _blank(found.sources) if each not in empty)
    return SourceEvidence(empty=tuple(empty), wrong=tuple(dict.fromkeys(wrong)))


def _blank(sources: Iterable[Source]) -> Iterator[str]:
    """Files without a word: somebody is writing them, or could not."""
    said = {each.file for each in sources if each.content.strip()}
    yield from dict.fromkeys(each.file for each in sources if each.file not in said)


def _services_of(
    alone: Sequence[Declared], lanes: Mapping[str, Sequence[Lane]]
) -> dict[ClusterRef, list[str]]:
    """The names in ECS, in the order in which the services will be asked for."""
    known = clusters(alone)
    services = sorted(
        (known[each.manifest.spec.cluster], each.manifest.metadata.name)
        for each in alone
        if isinstance(each.manifest, NeuronService)
    )
    found: dict[ClusterRef, list[str]] = {}
    for cluster, name in sorted(services, key=lambda each: service_key(*each)):
        found.setdefault(cluster, []).extend(lane.name for lane in lanes.get(name, ()))
    return found
