"""From manifests to a plan: all clusters read at once, each failing alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from glia.desired.desire import desired
from glia.enrol import enrol
from glia.facts import with_facts
from glia.former import recalled
from glia.layout.layout import clusters_to_read, lay_out
from glia.layout.roster import parted
from glia.observe import observe, sighted, with_loading
from glia.parallel import in_parallel
from glia.planning.comparison import keeping_apart
from glia.planning.planner import Arrangement, make_plan, unreadable
from glia.planning.pruning import clusters_to_list
from glia.planning.readiness import in_question

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from glia.clock import Clock
    from glia.desired.state import DesiredState, Wish
    from glia.errors import Diagnostic
    from glia.former import Recalled
    from glia.layout.roster import Roster
    from glia.observe import Reader
    from glia.observed import Observed
    from glia.plan import Plan, Source
    from glia.planning.allowances import Allowances
    from glia.target import ClusterRef
    from glia.wanted import Wanted


NOBODY_WAITS: Mapping[ClusterRef, frozenset[str]] = MappingProxyType({})
NOTHING_SEEN: Mapping[ClusterRef, Mapping[str, Wish]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a cluster could not be read, and whether that may pass by itself."""

    why: str
    transient: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what it was made of.

    Attributes:
        wanted: what the manifests say, as they were handed in.
        state: what ECS should hold: ``wanted``, and the lanes of services that share instances.
        rosters: of the clusters whose instances are shared.
        unread: the clusters of which nothing, or not all that is needed, could be read.
    """

    plan: Plan
    wanted: Wanted
    state: DesiredState
    observed: Mapping[ClusterRef, Observed]
    rosters: Mapping[ClusterRef, Roster]
    unread: Mapping[ClusterRef, Unread] = field(default_factory=dict)


def prepare(  # noqa: PLR0913  (by keyword)
    wanted: Wanted,
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
    *,
    allowed: Allowances,
    source: Source,
    awaited: Mapping[ClusterRef, frozenset[str]] = NOBODY_WAITS,
    seen: Mapping[ClusterRef, Mapping[str, Wish]] = NOTHING_SEEN,
) -> Prepared:
    """Lay out, observe, plan, and look ahead at what the plan would meet.

    Only for services that share instances something has to be read before it is known which ECS
    services there should be; and for those that have lanes from a time when they shared some,
    manifests are recalled. ``awaited`` are services whose rollout is still waited for: as long
    as it is, no other lane of theirs begins. ``seen`` are services that were there before, as
    ``Observed`` has them.
    """
    instance_types = wanted.instance_types
    shared = sorted(clusters_to_read(wanted.open, instance_types))
    read = in_parallel(clock, lambda cluster: enrol(cluster, reader_of, clock), shared)
    rosters = dict(zip(shared, read, strict=True))
    to_list = clusters_to_list(wanted.scope, allowed)
    found = recalled(
        wanted.state,
        wanted.open,
        rosters,
        reader_of,
        clock,
        recall=wanted.recall,
        to_list=to_list,
    )
    layout = lay_out(
        found.sharing, instance_types, found.rosters, allowed=allowed, domains=found.domains
    )
    more = desired(found.sharing, layout.lanes, instance_types)
    state = found.state.joined(more) if found.sharing else found.state
    rosters = {each: parted(roster, layout.separations) for each, roster in found.rosters.items()}
    sightings = _sightings(found, rosters)
    observed = {
        cluster: replace(
            each, awaited=awaited.get(cluster, frozenset()), seen=seen.get(cluster, {})
        )
        for cluster, each in _observe_all(state, to_list, sightings, reader_of, clock).items()
    }
    state = keeping_apart(state, observed)
    failures = [each for each in rosters.values() if each.failure]
    arrangement = Arrangement(
        layout.leaving,
        layout.labellings,
        layout.shortages,
        transitions=layout.transitions,
        separations=layout.separations,
    )
    observed = {
        cluster: with_loading(each, in_question(state, each, arrangement), reader_of, clock)
        for cluster, each in observed.items()
    }
    plan = make_plan(
        state,
        observed,
        allowed,
        arrangement=arrangement,
        diagnostics=(
            *wanted.diagnostics,
            *layout.diagnostics,
            *found.diagnostics,
            *_untold(failures, state, observed),
        ),
        source=source,
        scope=replace(wanted.scope, now=clock.now()),
    )
    unread = {each.cluster: Unread(each.failure, each.transient) for each in failures}
    unread |= {
        cluster: Unread(each.failure, each.transient)
        for cluster, each in observed.items()
        if each.failure
    }
    return _looked_ahead(Prepared(plan, wanted, state, observed, rosters, unread), reader_of, clock)


def _untold(
    failures: Iterable[Roster], state: DesiredState, observed: Mapping[ClusterRef, Observed]
) -> Iterator[Diagnostic]:
    """Clusters that could not be read, but for those of which the planner says so itself."""
    told = {each.cluster for each in state.services if not each.suspended}
    for each in failures:
        if each.cluster not in told or not observed[each.cluster].failure:
            yield unreadable(each.cluster, each.failure)


def _sightings(found: Recalled, rosters: Mapping[ClusterRef, Roster]) -> dict[ClusterRef, Observed]:
    """What is known of the services of every cluster, however it was read.

    Where the whole could not be, services that share nothing need no more than their names.
    """
    whole = {each: sighted(roster) for each, roster in rosters.items() if not roster.failure}
    return {**found.sightings, **whole}


def _observe_all(
    state: DesiredState,
    to_list: frozenset[ClusterRef],
    sightings: Mapping[ClusterRef, Observed],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
) -> dict[ClusterRef, Observed]:
    def read(cluster: ClusterRef) -> Observed:
        services = [each for each in state.services if each.cluster == cluster]
        return observe(sightings[cluster], services, reader_of, clock)

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
    from glia.preflight import preflights, refused  # noqa: PLC0415  (most plans of a loop change nothing)

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
    changes = tuple(refused(each, checks) for each in plan.changes)
    plan = replace(plan, changes=changes, preflight=checks)
    return replace(prepared, plan=plan, observed=observed)
