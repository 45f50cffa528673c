"""Where the services of keys are: what retry and restart know instead of a plan."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from glia.desired.desire import clusters, service_key
from glia.ecs.nearest import nearest
from glia.errors import UsageError
from glia.manifest.load import load
from glia.manifest.spec import NeuronService
from glia.source.files import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.aws.gateway import Gateway
    from glia.cli.online import Online
    from glia.manifest.load import Loaded
    from glia.target import Target

Places = tuple[tuple["Gateway", tuple[str, ...]], ...]


def places(
    keys: Iterable[str], online: Online, *, region: str | None, manifests: tuple[str, ...]
) -> Places:
    """The keys by the account and region that they lead to, each with its gateway.

    Without manifests that is the caller's own account, and ``region`` or its own one.

    Raises:
        UsageError: manifests are given and do not declare a key.
    """
    wanted = tuple(dict.fromkeys(keys))
    if not manifests:
        return ((online.in_region(region), wanted),)
    if region is not None:
        raise UsageError("--region and --manifests: take one of both, manifests say the region")
    loaded = load(find(manifests, sys.stdin.buffer).sources)
    declared = _declared(loaded)
    found: dict[Target, list[str]] = {}
    for key in wanted:
        found.setdefault(_target(key, declared, loaded), []).append(key)
    return tuple((online.to(target), tuple(there)) for target, there in found.items())


def _declared(loaded: Loaded) -> Mapping[str, Target]:
    """Where each key leads. Names of manifests are unique, so there is one place for each."""
    known = clusters(loaded.declared)
    found: dict[str, Target] = {}
    for each in loaded.declared:
        if isinstance(each.manifest, NeuronService):
            cluster = known[each.manifest.spec.cluster]
            found[service_key(cluster, each.manifest.metadata.name)] = cluster.target
    return found


def _target(key: str, declared: Mapping[str, Target], loaded: Loaded) -> Target:
    if key in declared:
        return declared[key]
    meant = nearest(key, declared)
    advice = f"did you mean {meant}?" if meant else "`glia status PATH` shows the keys"
    errors = any(each.severity == "error" for each in loaded.diagnostics)
    wrong = " (some have errors: `glia validate` tells)" if errors else ""
    raise UsageError(f"no manifest declares {key}{wrong}; {advice}")
