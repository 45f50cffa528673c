"""From desired to a plan: all clusters read at once, each failing alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glia.observe import observe, with_facts
from glia.parallel import in_parallel
from glia.planning.planner import make_plan
from glia.preflight import preflights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from glia.clock import Clock
    from glia.desired.state import DesiredState
    from glia.errors import Diagnostic
    from glia.observe import Reader
    from glia.observed import Observed
    from glia.plan import Plan, Source
    from glia.planning.allowances import Allowances
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it was made of."""

    plan: Plan
    observed: Mapping[ClusterRef, Observed]


def prepare(  # noqa: PLR0913  (what stands beside the plan comes by keyword)
    desired: DesiredState,
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
    allowed: Allowances,
    *,
    diagnostics: Iterable[Diagnostic],
    source: Source,
) -> Prepared:
    """Observe, plan, and look ahead at what the plan would meet."""

    def read(cluster: ClusterRef) -> Observed:
        services = [each for each in desired.services if each.cluster == cluster]
        return observe(cluster, services, reader_of, clock)

    clusters = desired.clusters
    observed = dict(zip(clusters, in_parallel(clock, read, clusters), strict=True))
    plan = make_plan(desired, observed, allowed, diagnostics=diagnostics, source=source)

    def look_ahead(cluster: ClusterRef) -> Observed:
        return with_facts(observed[cluster], plan.changes, reader_of, clock)

    observed = dict(zip(clusters, in_parallel(clock, look_ahead, clusters), strict=True))
    found = tuple(
        each
        for cluster in clusters
        for each in preflights(
            [change for change in plan.changes if change.service.cluster == cluster],
            observed[cluster],
        )
    )
    return Prepared(replace(plan, preflight=found), observed)
