"""From manifests to a plan: all clusters read at once, each failing alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from glia.desired.desire import desired
from glia.layout.layout import clusters_to_read, lay_out
from glia.observe import enrol, observe, with_facts
from glia.parallel import in_parallel
from glia.planning.planner import Arrangement, make_plan, unreadable
from glia.planning.pruning import clusters_to_list
from glia.planning.scope import NO_SCOPE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glia.clock import Clock
    from glia.desired.state import DesiredState
    from glia.errors import Diagnostic
    from glia.layout.roster import Roster
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.observe import Reader
    from glia.observed import Observed
    from glia.plan import Plan, Source
    from glia.planning.allowances import Allowances
    from glia.planning.scope import PruneScope
    from glia.target import ClusterRef


NOBODY_WAITS: Mapping[ClusterRef, frozenset[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a cluster could not be read, and whether that may pass by itself."""

    why: str
    transient: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it was made of.

    Attributes:
        rosters: of the clusters whose instances are shared.
        unread: the clusters of which nothing, or not all that is needed, could be read.
    """

    plan: Plan
    state: DesiredState
    observed: Mapping[ClusterRef, Observed]
    rosters: Mapping[ClusterRef, Roster]
    unread: Mapping[ClusterRef, Unread] = field(default_factory=dict)


def prepare(  # noqa: PLR0913  (by keyword)
    state: DesiredState,
    sharing: Sequence[Declared],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
    *,
    instance_types: Mapping[str, InstanceType],
    allowed: Allowances,
    diagnostics: Sequence[Diagnostic],
    source: Source,
    scope: PruneScope = NO_SCOPE,
    awaited: Mapping[ClusterRef, frozenset[str]] = NOBODY_WAITS,
) -> Prepared:
    """Lay out, observe, plan, and look ahead at what the plan would meet.

    ``state`` is of the services whose lanes follow from the manifests alone, ``sharing`` the
    manifests of those that share instances: only for them something has to be read before it
    is known which ECS services there should be. ``scope`` says what may be pruned, and what is
    known of the source; without one nothing is. ``awaited`` are services whose rollout is still
    waited for: as long as it is, no other lane of theirs begins.
    """
    shared = sorted(clusters_to_read(sharing, instance_types))
    read = in_parallel(clock, lambda cluster: enrol(cluster, reader_of, clock), shared)
    rosters = dict(zip(shared, read, strict=True))
    layout = lay_out(sharing, instance_types, rosters, allowed=allowed)
    state = state.joined(desired(sharing, layout.lanes, instance_types)) if shared else state
    observed = {
        cluster: replace(seen, awaited=awaited.get(cluster, frozenset()))
        for cluster, seen in _observe_all(
            state, rosters, clusters_to_list(scope, allowed), reader_of, clock
        ).items()
    }
    failed = [unreadable(each.cluster, each.failure) for each in read if each.failure]
    plan = make_plan(
        state,
        observed,
        allowed,
        arrangement=Arrangement(
            layout.leaving, layout.labellings, layout.shortages, layout.transitions
        ),
        diagnostics=(*diagnostics, *layout.diagnostics, *failed),
        source=source,
        scope=replace(scope, now=clock.now()),
    )
    unread = {each.cluster: Unread(each.failure, each.transient) for each in read if each.failure}
    unread |= {
        cluster: Unread(each.failure, each.transient)
        for cluster, each in observed.items()
        if each.failure
    }
    return _looked_ahead(Prepared(plan, state, observed, rosters, unread), reader_of, clock)


def _observe_all(
    state: DesiredState,
    rosters: Mapping[ClusterRef, Roster],
    to_list: frozenset[ClusterRef],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
) -> dict[ClusterRef, Observed]:
    def read(cluster: ClusterRef) -> Observed:
        services = [each for each in state.services if each.cluster == cluster]
        roster = rosters.get(cluster)
        known = roster.services if roster is not None and not roster.failure else None
        return observe(cluster, services, reader_of, clock, known, lists=cluster in to_list)

    clusters = sorted(to_list.union(state.clusters))
    return dict(zip(clusters, in_parallel(clock, read, clusters), strict=True))


def _looked_ahead(
    prepared: Prepared,
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
) -> Prepared:
    plan, found = prepared.plan, tuple(prepared.observed)
    if not plan.changes:
        return prepared
    from glia.preflight import preflights  # noqa: PLC0415  (most plans of a loop change nothing)

    def look_ahead(cluster: ClusterRef) -> Observed:
        seen, roster = prepared.observed[cluster], prepared.rosters.get(cluster)
        return with_facts(
            seen,
            plan.changes,
            reader_of,
            clock,
            services=[each for each in prepared.state.services if each.cluster == cluster],
            enrolled=roster.fleet if roster is not None and not roster.failure else None,
        )

    observed = dict(zip(found, in_parallel(clock, look_ahead, found), strict=True))
    checks = tuple(
        each
        for cluster in found
        for each in preflights(
            [change for change in plan.changes if change.service.cluster == cluster],
            observed[cluster],
        )
    )
    return replace(prepared, plan=replace(plan, preflight=checks), observed=observed)
