"""From paths on the command line to what should be there: the offline half of most commands."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.cli.ground import Ground
from glia.desired.desire import clusters, desired, service_key
from glia.layout.layout import clusters_to_read, lay_out, parted
from glia.manifest.load import load
from glia.manifest.spec import NeuronService
from glia.planning.scope import SourceEvidence, prune_scope
from glia.source.files import find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glia.desired.state import DesiredState
    from glia.errors import Diagnostic
    from glia.layout.layout import Layout
    from glia.manifest.load import Loaded
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.neuron.lanes import Lane
    from glia.planning.scope import PruneScope
    from glia.source.files import Found
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the manifests say, and everything that is wrong with them or worth knowing.

    Attributes:
        state: of the services whose lanes follow from the manifests alone. Their manifests are
            not kept: they are half of what a large fleet's plan would hold.
        open: the manifests of services that share instances, whose lanes depend on what runs.
        instance_types: every type that a right service names, by its name.
        scope: what may be pruned, by these manifests and by what was found at their paths.
    """

    state: DesiredState
    open: tuple[Declared, ...]
    instance_types: Mapping[str, InstanceType]
    diagnostics: tuple[Diagnostic, ...]
    scope: PruneScope


def wanted(
    paths: tuple[str, ...],
    look_up: Callable[[Loaded], Mapping[str, InstanceType]],
    read_ahead: Callable[[ClusterRef, Sequence[str]], None] | None = None,
) -> Wanted:
    """Read, check and compile manifests.

    Args:
        paths: as on the command line.
        look_up: asked for the instance types that the catalogue lacks, if there are any.
        read_ahead: told of each cluster, as soon as it is known, the ECS services that will be
            compared: compiling takes as long as ECS takes to tell of them.
    """
    return compiled(find(paths, sys.stdin.buffer), look_up, read_ahead)


def compiled(
    found: Found,
    look_up: Callable[[Loaded], Mapping[str, InstanceType]],
    read_ahead: Callable[[ClusterRef, Sequence[str]], None] | None = None,
) -> Wanted:
    """Check and compile manifests that have been read."""
    loaded = load(found.sources)
    if loaded.unknown_types and (more := look_up(loaded)):
        loaded = load(found.sources, known_types=more)
    alone, sharing = parted(loaded.declared, loaded.instance_types)
    layout = lay_out(alone, loaded.instance_types, {})
    if read_ahead is not None:
        enrolled = clusters_to_read(sharing, loaded.instance_types)  # these are read as a whole
        for cluster, names in _services_of(alone, layout.lanes).items():
            if cluster not in enrolled:
                read_ahead(cluster, names)
    state = desired(alone, layout.lanes, loaded.instance_types)
    diagnostics = (*found.diagnostics, *loaded.diagnostics)
    scope = prune_scope(loaded.declared, loaded.frozen, _evidence(found, loaded))
    return Wanted(state, sharing, loaded.instance_types, diagnostics, scope)


def _evidence(found: Found, loaded: Loaded) -> SourceEvidence:
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
    return SourceEvidence(empty=tuple(empty), wrong=tuple(dict.fromkeys(wrong)))


@dataclass(frozen=True, slots=True)
class Offline:
    """What ECS should hold, laid out without a look at it.

    Attributes:
        layout: of the services that share instances.
        assumption: what was taken to be there, in a sentence; empty where no chips are chosen.
    """

    state: DesiredState
    layout: Layout
    diagnostics: tuple[Diagnostic, ...]
    assumption: str


def offline_state(found: Wanted, ground: Ground | None = None) -> Offline:
    """What ECS should hold where nothing is known of it but ``ground``."""
    needed = clusters_to_read(found.open, found.instance_types)
    rosters = ground.rosters(found, needed) if ground else {}
    empty = ground.instances if ground else {}
    layout = lay_out(found.open, found.instance_types, rosters, empty=empty)
    more = desired(found.open, layout.lanes, found.instance_types)
    return Offline(
        found.state.joined(more),
        layout,
        (*found.diagnostics, *layout.diagnostics),
        (ground or Ground()).told if needed else "",
    )


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


def keys(found: Wanted) -> frozenset[str]:
    """Of all services whose manifests are right."""
    known = clusters(found.open)
    open_keys = {
        service_key(known[each.manifest.spec.cluster], each.manifest.metadata.name)
        for each in found.open
        if isinstance(each.manifest, NeuronService)
    }
    return frozenset(open_keys).union(each.key for each in found.state.services)


def offline(loaded: Loaded) -> Mapping[str, InstanceType]:  # noqa: ARG001  (nobody to ask)
    """No look-up."""
    return {}
