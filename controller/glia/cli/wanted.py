"""From paths on the command line to what should be there: the offline half of most commands."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glia.cli.ground import Ground
from glia.desired.desire import clusters, desired, service_key
from glia.layout.layout import clusters_to_read, lay_out
from glia.manifest.spec import NeuronService
from glia.source.files import find, no_manifests
from glia.wanted import Wanted, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glia.desired.state import DesiredState
    from glia.errors import Diagnostic
    from glia.layout.layout import Layout
    from glia.manifest.load import Loaded
    from glia.neuron.catalogue import InstanceType
    from glia.source.files import Found
    from glia.target import ClusterRef
    from glia.wanted import LookUp


def wanted(
    paths: tuple[str, ...],
    look_up: LookUp,
    read_ahead: Callable[[ClusterRef, Sequence[str]], None] | None = None,
    *,
    head: str | None = None,
) -> Wanted:
    """Read, check and compile manifests.

    Args:
        paths: as on the command line.
        head: a commit to read them of, instead of the disk.
        look_up: asked for the instance types that the catalogue lacks, if there are any.
        read_ahead: told of each cluster, as soon as it is known, the ECS services that will be
            compared: compiling takes as long as ECS takes to tell of them.
    """
    found = _found(paths, head)
    # What can be read but once, or may be another by then, is kept.
    once = "-" in paths or head is not None
    again = None if once else lambda: find(paths, sys.stdin.buffer).sources
    made = compiled(found, look_up, read_ahead, again=again)
    if made.diagnostics or made.state.services or made.open or made.recall():
        return made
    return replace(made, diagnostics=(no_manifests(paths, "warning"),))


def _found(paths: tuple[str, ...], head: str | None) -> Found:
    if head is None:
        return find(paths, sys.stdin.buffer)
    from glia.source.git.local import committed

    return committed(head, paths)


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
