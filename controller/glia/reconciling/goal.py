"""What one revision wants of each cluster, and which manifests are frozen as they are wrong."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from glia.desired.desire import clusters, service_key
from glia.desired.state import DesiredState
from glia.errors import Diagnostic, Location
from glia.manifest.spec import NeuronCluster, NeuronService
from glia.plan import Source
from glia.planning.scope import NO_SCOPE
from glia.wanted import Wanted, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from glia.desired.state import DesiredService
    from glia.manifest.document import Source as File
    from glia.manifest.relations import Declared
    from glia.target import ClusterRef
    from glia.wanted import Files, LookUp

INTERNAL: Final = "internal"
CLUSTER: Final = f"{NeuronCluster.__name__}/"


@dataclass(frozen=True, slots=True)
class ClusterGoal:
    """What is wanted in one cluster.

    Attributes:
        alone: services whose lanes follow from their manifests, by key.
        sharing: manifests of those whose lanes depend on what runs, by key.
    """

    cluster: ClusterRef
    alone: Mapping[str, DesiredService] = field(default_factory=dict)
    sharing: Mapping[str, Declared] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, str]:
        """The file of each service, by key."""
        found = {key: each.location.file for key, each in self.alone.items()}
        return found | {key: each.document.file for key, each in self.sharing.items()}

    def together(self, keys: Collection[str]) -> frozenset[str]:
        """These, and those that cannot be planned without them: chips are given out together."""
        known = frozenset(keys) & (self.alone.keys() | self.sharing.keys())
        return known if known.isdisjoint(self.sharing) else known.union(self.sharing)


@dataclass(frozen=True, slots=True)
class Goal:
    """What a revision wants.

    Attributes:
        number: counts up; another number is another goal.
        clusters: those that this loop keeps.
        wanted: of all clusters, because services wait for others wherever they are.
        needs: names of services that have to be Ready first, by name.
    """

    number: int
    commit: str
    source: Source
    clusters: Mapping[ClusterRef, ClusterGoal]
    wanted: Wanted
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def declared(self) -> tuple[Declared, ...]:
        """The clusters' manifests, which have to stand beside those of services that share."""
        return _clusters_of(self.wanted)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.wanted.diagnostics if each.severity == "error")

    def frozen(self, name: str, file: str) -> Diagnostic | None:
        """Why a service that was wanted before is no longer to be seen, if it is not just gone.

        Its manifest is wrong, or its file cannot be read as YAML, or the manifest of a cluster
        is wrong.
        """
        for each in self.errors:
            in_file = not each.key and (each.location is None or each.location.file == file)
            if each.key == f"{NeuronService.__name__}/{name}" or in_file:
                return each
        declared = name in self.wanted.frozen
        return next(
            (each for each in self.errors if each.key.startswith(CLUSTER) or declared), None
        )

    def part(self, cluster: ClusterRef, keys: Collection[str]) -> Wanted:
        """These services of a cluster, and those that they wait for; their errors are told."""
        own = self.clusters.get(cluster, ClusterGoal(cluster))
        alone = [each for key, each in own.alone.items() if key in keys]
        sharing = [each for key, each in own.sharing.items() if key in keys]
        if beside := self._beside({key.rpartition("/")[2] for key in keys}):
            alone += (each for each in self.wanted.state.services if each.name in beside)
            sharing += (
                each
                for each in self.wanted.open
                if isinstance(each.manifest, NeuronService)
                and each.manifest.metadata.name in beside
            )
        declared = self.declared if sharing else ()
        services = sorted(alone, key=lambda each: each.order)
        return replace(
            self.wanted,
            state=DesiredState(tuple(services)),
            open=(*declared, *sharing),
            diagnostics=(),
        )

    def waiting_for(self, name: str) -> frozenset[str]:
        """The names of services that wait for this one."""
        return frozenset(each for each, needs in self.needs.items() if name in needs)

    def _beside(self, names: set[str]) -> set[str]:
        found, todo = set(names), list(names)
        while todo:
            new = set(self.needs.get(todo.pop(), ())) - found
            found |= new
            todo += new
        return found - names


NOTHING: Final = Wanted(DesiredState(()), (), {}, (), NO_SCOPE, tuple)
NOTHING_WANTED: Final = Goal(0, "", Source(), {}, NOTHING)


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
    for ref in sorted({*alone, *sharing}):
        if keeps(ref):
            made[ref] = ClusterGoal(ref, alone.get(ref, {}), sharing.get(ref, {}))
    needs = {each.name: each.depends_on for each in wanted.state.services if each.depends_on}
    for name, each in _services(wanted.open):
        if isinstance(each.manifest, NeuronService) and each.manifest.spec.depends_on:
            needs[name] = tuple(each.manifest.spec.depends_on)
    return Goal(number, commit, source, made, wanted, needs)


def of_the_first(wanted: Wanted, command: str) -> Wanted:
    """The same, of a revision that may be older than what was applied: nothing is gone yet.

    ``command`` prunes all the same.
    """
    evidence = replace(
        wanted.scope.evidence,
        revision="first",
        detail="it is the first one in this --state",
        acknowledge=f"push another commit, or {command}",
    )
    return replace(wanted, scope=replace(wanted.scope, evidence=evidence))


def _clusters_of(wanted: Wanted) -> tuple[Declared, ...]:
    return tuple(each for each in wanted.open if isinstance(each.manifest, NeuronCluster))


def _services(declared: Iterable[Declared]) -> Iterator[tuple[str, Declared]]:
    for each in declared:
        if isinstance(each.manifest, NeuronService):
            yield each.manifest.metadata.name, each


def _sharing(declared: Sequence[Declared]) -> Iterator[tuple[ClusterRef, str, Declared]]:
    known = clusters(declared)
    for _, each in _services(declared):
        if isinstance(each.manifest, NeuronService):
            ref = known[each.manifest.spec.cluster]
            yield ref, service_key(ref, each.manifest.metadata.name), each


@dataclass(frozen=True, slots=True)
class _Some:
    """Some of the files that were found."""

    sources: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


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
    told = (*found.diagnostics, *map(_bug_in, bad))
    return compiled(_Some(tuple(good), told, found.files), look_up)


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
