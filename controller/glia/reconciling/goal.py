"""What one revision wants of each cluster, and which manifests are frozen as they are wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from glia.desired.desire import clusters, service_key
from glia.desired.state import DesiredState
from glia.errors import Diagnostic, Location
from glia.manifest.spec import NeuronCluster, NeuronService
from glia.plan import Source
from glia.wanted import Wanted, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from glia.desired.state import DesiredService
    from glia.manifest.document import Source as File
    from glia.manifest.load import Loaded
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.target import ClusterRef
    from glia.wanted import Files

LookUp: TypeAlias = "Callable[[Loaded], Mapping[str, InstanceType]]"
INTERNAL: Final = "internal"
CLUSTER: Final = f"{NeuronCluster.__name__}/"


@dataclass(frozen=True, slots=True)
class ClusterGoal:
    """What is wanted in one cluster.

    Attributes:
        alone: services whose lanes follow from their manifests, by key.
        sharing: manifests of those whose lanes depend on what runs, by key.
        declared: the clusters' manifests, which have to stand beside those.
    """

    cluster: ClusterRef
    alone: Mapping[str, DesiredService] = field(default_factory=dict)
    sharing: Mapping[str, Declared] = field(default_factory=dict)
    declared: tuple[Declared, ...] = ()

    @property
    def files(self) -> dict[str, str]:
        """The file of each service, by key."""
        found = {key: each.location.file for key, each in self.alone.items()}
        return found | {key: each.document.file for key, each in self.sharing.items()}

    def together(self, keys: Collection[str]) -> frozenset[str]:
        """These, and those that cannot be planned without them: chips are given out together."""
        known = frozenset(keys) & (self.alone.keys() | self.sharing.keys())
        return known if known.isdisjoint(self.sharing) else known.union(self.sharing)

    def part(self, keys: Collection[str]) -> tuple[DesiredState, tuple[Declared, ...]]:
        """What ``prepare`` takes, for these services alone."""
        state = DesiredState(tuple(each for key, each in self.alone.items() if key in keys))
        sharing = tuple(each for key, each in self.sharing.items() if key in keys)
        return state, (*self.declared, *sharing) if sharing else ()


@dataclass(frozen=True, slots=True)
class Goal:
    """What a revision wants.

    Attributes:
        number: counts up; another number is another goal.
        clusters: those that this loop keeps.
    """

    number: int
    commit: str
    source: Source
    clusters: Mapping[ClusterRef, ClusterGoal]
    instance_types: Mapping[str, InstanceType]
    diagnostics: tuple[Diagnostic, ...]
    unknown_types: tuple[str, ...] = ()

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.diagnostics if each.severity == "error")

    @property
    def is_whole(self) -> bool:
        """Whether every manifest could be read: only then a missing one is known to be gone."""
        return not self.errors

    def frozen(self, name: str, file: str) -> Diagnostic | None:
        """Why a service that was wanted before is no longer to be seen, if it is not just gone.

        Its manifest is wrong, or its file cannot be read as YAML, or the manifest of a cluster
        is wrong.
        """
        for each in self.errors:
            in_file = not each.key and (each.location is None or each.location.file == file)
            if each.key == f"{NeuronService.__name__}/{name}" or in_file:
                return each
        return next((each for each in self.errors if each.key.startswith(CLUSTER)), None)


NOTHING_WANTED: Final = Goal(0, "", Source(), {}, {}, ())


def goal_of(
    wanted: Wanted,
    number: int,
    commit: str,
    source: Source,
    keeps: Callable[[ClusterRef], bool],
) -> Goal:
    """What these manifests want of the clusters that this loop keeps."""
    made: dict[ClusterRef, ClusterGoal] = {}
    alone: dict[ClusterRef, dict[str, DesiredService]] = {}
    for service in wanted.state.services:
        alone.setdefault(service.cluster, {})[service.key] = service
    sharing: dict[ClusterRef, dict[str, Declared]] = {}
    for ref, key, declared in _sharing(wanted.open):
        sharing.setdefault(ref, {})[key] = declared
    declared_clusters = tuple(
        each for each in wanted.open if isinstance(each.manifest, NeuronCluster)
    )
    for ref in sorted({*alone, *sharing}):
        if keeps(ref):
            made[ref] = ClusterGoal(
                ref, alone.get(ref, {}), sharing.get(ref, {}), declared_clusters
            )
    return Goal(
        number,
        commit,
        source,
        made,
        wanted.instance_types,
        wanted.diagnostics,
        wanted.unknown_types,
    )


def _sharing(declared: Sequence[Declared]) -> Iterator[tuple[ClusterRef, str, Declared]]:
    known = clusters(declared)
    for each in declared:
        if isinstance(each.manifest, NeuronService):
            ref = known[each.manifest.spec.cluster]
            yield ref, service_key(ref, each.manifest.metadata.name), each


@dataclass(frozen=True, slots=True)
class _Some:
    """Some of the files that were found."""

    sources: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def sifted(found: Files, look_up: LookUp, tell: Callable[[str, Exception], None]) -> Wanted:
    """The manifests compiled; files that make Glia itself fail are left out, and told of.

    Raises:
        Exception: leaving out single files did not help.
    """
    try:
        return compiled(found, look_up)
    except Exception:  # a bug, of which one file may be the occasion
        good, bad = _sieve(found.sources, look_up, tell)
        if not bad:
            raise
    wanted = compiled(_Some(tuple(good), tuple(found.diagnostics)), look_up)
    return replace(wanted, diagnostics=(*wanted.diagnostics, *map(_bug_in, bad)))


def _sieve(
    files: Sequence[File], look_up: LookUp, tell: Callable[[str, Exception], None]
) -> tuple[list[File], list[File]]:
    """Each file alone, with those beside it that declare clusters."""
    beside = [each for each in files if NeuronCluster.__name__.encode() in each.content]
    beside = [each for each in beside if _fault((each,), look_up) is None]
    good: list[File] = []
    bad: list[File] = []
    for each in files:
        others = [other for other in beside if other is not each]
        fault = _fault((*others, each), look_up)
        (good if fault is None else bad).append(each)
        if fault is not None:
            tell(each.file, fault)
    return good, bad


def _fault(files: tuple[File, ...], look_up: LookUp) -> Exception | None:
    try:
        compiled(_Some(files), look_up)
    except Exception as error:  # noqa: BLE001  (it is told)
        return error
    return None


def _bug_in(file: File) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code=INTERNAL,
        message="this file makes Glia itself fail, which is a bug; what it declares stays as it is",
        location=Location(file.file, file.line, 1),
        remedy="the log has the traceback: report it",
    )
