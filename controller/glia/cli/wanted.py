"""From paths on the command line to what should be there: the offline half of most commands."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.desired.allocate import allocate
from glia.desired.desire import desired
from glia.manifest.load import load
from glia.source.files import find

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glia.desired.state import DesiredState
    from glia.errors import Diagnostic
    from glia.manifest.load import Loaded
    from glia.neuron.catalogue import InstanceType


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the manifests say, and everything that is wrong with them or worth knowing."""

    state: DesiredState
    loaded: Loaded
    diagnostics: tuple[Diagnostic, ...]

    @property
    def has_errors(self) -> bool:
        return any(each.severity == "error" for each in self.diagnostics)


def wanted(
    paths: tuple[str, ...], look_up: Callable[[Loaded], Mapping[str, InstanceType]]
) -> Wanted:
    """Read, check and compile manifests.

    ``look_up`` is asked for the instance types that the catalogue lacks, if there are any.
    """
    found = find(paths, sys.stdin.buffer)
    loaded = load(found.sources)
    if loaded.unknown_types and (more := look_up(loaded)):
        loaded = load(found.sources, known_types=more)
    allocation = allocate(loaded.declared, loaded.instance_types)
    state = desired(loaded.declared, allocation.lanes, loaded.instance_types)
    told = (*found.diagnostics, *loaded.diagnostics, *allocation.diagnostics)
    return Wanted(state, loaded, told)


def offline(loaded: Loaded) -> Mapping[str, InstanceType]:  # noqa: ARG001  (nobody to ask)
    """No look-up."""
    return {}
