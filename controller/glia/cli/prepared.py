"""A plan against what is live: the first half of plan, apply and status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.cli.wanted import Wanted, wanted
from glia.plan import Plan, Source
from glia.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.cli.online import Online
    from glia.desired.state import DesiredState
    from glia.observed import Observed
    from glia.planning.allowances import Allowances
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Prepared:
    """The plan, and what it was made of."""

    plan: Plan
    wanted: Wanted
    state: DesiredState
    observed: Mapping[ClusterRef, Observed]


def prepared(paths: tuple[str, ...], online: Online, allowed: Allowances) -> Prepared:
    """Read the manifests and the clusters, and plan."""
    found = wanted(paths, online.instance_types)
    made = prepare(
        found.state,
        found.open,
        online.of,
        online.clock,
        instance_types=found.instance_types,
        allowed=allowed,
        diagnostics=found.diagnostics,
        source=Source(path=" ".join(paths)),
    )
    return Prepared(made.plan, found, made.state, made.observed)
