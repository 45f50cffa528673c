"""``make_plan``: the only place where anything is decided."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from glia.change import Change
from glia.errors import Diagnostic
from glia.plan import UNREADABLE, Drifted, Held, Plan, Retired, Settled, Shortage, Source
from glia.planning.creation import creation
from glia.planning.deletion import deletion
from glia.planning.dependencies import Standings, after_dependencies, after_the_move
from glia.planning.drifting import is_deleted, left_as_it_is
from glia.planning.holding import held, without_deployment
from glia.planning.needs import is_there
from glia.planning.pruning import pruned, unlisted
from glia.planning.readiness import leaving_lanes
from glia.planning.scope import NO_SCOPE
from glia.planning.sequence import sequenced, with_gone
from glia.planning.stepping import in_steps, lined_up, stepped_lanes, watched, without_lanes
from glia.planning.unlocked import clashes, stopped_first
from glia.planning.updating import updating

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.desired.state import DesiredLane, DesiredService, DesiredState
    from glia.live import LiveService
    from glia.observed import Observed
    from glia.planning.allowances import Allowances
    from glia.planning.scope import PruneScope
    from glia.steps import Labelling, Separation
    from glia.target import ClusterRef
    from glia.transition import Transition

Decision: TypeAlias = Change | Settled
HERE = Source()


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What allocation asks for beside the desired lanes.

    Attributes:
        leaving: live services of lanes that are to go, by their manifest's name.
        labellings: instances that change their partition.
        shortages: domains whose instances are not enough.
        transitions: lanes that change in steps.
        separations: live lanes to keep apart from others first.
    """

    leaving: Mapping[str, Sequence[LiveService]] = field(default_factory=dict)
    labellings: tuple[Labelling, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    transitions: tuple[Transition, ...] = ()
    separations: tuple[Separation, ...] = ()


STILL = Arrangement()


@dataclass(slots=True)
class _Decided:
    changes: list[Change] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    suspended: list[str] = field(default_factory=list)
    drifted: list[Drifted] = field(default_factory=list)
    unreadable: dict[str, Diagnostic] = field(default_factory=dict)
    clashes: list[Diagnostic] = field(default_factory=list)


def make_plan(  # noqa: PLR0913  (what stands beside comes by keyword)
    desired: DesiredState,
    observed: Mapping[ClusterRef, Observed],
    allowed: Allowances,
    *,
    arrangement: Arrangement = STILL,
    diagnostics: Iterable[Diagnostic] = (),
    source: Source = HERE,
    scope: PruneScope = NO_SCOPE,
) -> Plan:
    """What has to happen, in the order in which it will.

    The same value for the same input, whatever the order of files, documents and answers.
    A cluster that could not be read costs its own services their place in the plan and nobody
    else's.
    """
    decided = _Decided()
    for service in desired.services:
        seen = observed[service.cluster]
        _decide(service, seen, allowed, decided, arrangement)
    standings = Standings(desired, observed, decided.changes, decided.settled, decided.held)
    changes, holding = after_dependencies(decided.changes, decided.held, standings)
    changes = [*lined_up(changes, arrangement.transitions)]
    orphans = list(pruned(desired, observed, allowed, scope))
    changes += (after_the_move(each, standings) for each in orphans if isinstance(each, Change))
    diagnostics = (
        *diagnostics,
        *decided.clashes,
        *decided.unreadable.values(),
        *unlisted(observed, scope, allowed),
    )
    labellings = tuple(_possible(arrangement.labellings, changes))
    return Plan(
        changes=tuple(_prepared(each, labellings, arrangement.separations) for each in changes),
        settled=tuple(decided.settled),
        held=tuple(holding),
        suspended=tuple(decided.suspended),
        drifted=tuple(decided.drifted),
        retired=tuple(each for each in orphans if isinstance(each, Retired)),
        labellings=labellings,
        transitions=arrangement.transitions,
        separations=arrangement.separations,
        shortages=arrangement.shortages,
        diagnostics=diagnostics,
        source=source,
    )


def _possible(labellings: Iterable[Labelling], changes: Iterable[Change]) -> Iterator[Labelling]:
    """Without those that wait for a deletion that is not made."""
    made = {each.id for each in changes if each.action == "delete" and not each.blocked_by}
    return (each for each in labellings if made.issuperset(each.depends_on))


def _prepared(
    change: Change, labellings: Sequence[Labelling], separations: Sequence[Separation]
) -> Change:
    """A lane comes after its partition is made, and after others keep away from it."""
    lane, cluster = change.lane.lane, change.service.cluster
    before = [
        *_labels(change, labellings),
        *(
            each.id
            for each in separations
            if each.cluster == cluster and lane.name in {each.service.name, *each.apart_from}
        ),
    ]
    return replace(change, depends_on=(*before, *change.depends_on)) if before else change


def _labels(change: Change, labellings: Iterable[Labelling]) -> Iterator[str]:
    """A lane of a partition that is to be made comes after that.

    So does one of the default partition after the instances that it gets back. What is given
    back only when lanes have been deleted, no lane of this plan counts on.
    """
    kind = change.service.instance_type
    if kind is None or change.action == "delete":
        return
    for each in labellings:
        if (
            not each.depends_on
            and each.cluster == change.service.cluster
            and each.becomes == change.lane.lane.partition
            and each.instance_type == kind.name
        ):
            yield each.id


def offline_plan(
    desired: DesiredState,
    *,
    shortages: tuple[Shortage, ...] = (),
    diagnostics: Iterable[Diagnostic] = (),
    assumption: str = "",
) -> Plan:
    """The plan for clusters without services: everything is to be created.

    ``assumption`` says on which instances lanes were laid out.
    """
    changes = tuple(
        creation(service, lane, None) for service in desired.services for lane in service.lanes
    )
    return Plan(
        changes=changes,
        shortages=shortages,
        diagnostics=tuple(diagnostics),
        offline=True,
        assumption=assumption,
    )


def _decide(
    service: DesiredService,
    observed: Observed,
    allowed: Allowances,
    decided: _Decided,
    arrangement: Arrangement,
) -> None:
    if service.suspended:
        decided.suspended.append(service.key)
        return
    if observed.failure:
        told = unreadable(service.cluster, observed.failure)
        decided.unreadable.setdefault(str(service.cluster), told)
        return
    stepped = stepped_lanes(service, arrangement.transitions)
    found = [_decision(service, lane, observed, allowed) for lane in service.lanes]
    leaving = leaving_lanes(service, observed, arrangement)
    if not leaving and is_deleted(service, observed):
        found = [replace(each, cause="drift") for each in found if isinstance(each, Change)]
    # One lane whose content has failed before holds all lanes of its service.
    holding = next(_holding(service, observed, found), None)
    found, drifted = left_as_it_is(service.drift_policy, found)
    decided.drifted += drifted
    settled = [each for each in found if isinstance(each, Settled)]
    changes = [each for each in found if isinstance(each, Change)]
    if holding is not None:
        decided.held.append(holding)
        rest = [made for each in changes if (made := without_deployment(each)) is not None]
        decided.changes += sequenced(without_lanes(rest, stepped), settled)
        return
    gone = [deletion(service, each) for each in leaving if each.status == "ACTIVE"]
    if any(each.blocked_by for each in changes):
        gone = []  # what runs of the old is better than nothing
    if stepped or gone:
        settled = list(watched(changes, settled, stepped, observed))
    changed = in_steps(service, changes, settled, observed.services, arrangement.transitions)
    # Of lanes that were allocated it is known that they have room beside these.
    frees_first = allowed.downtime and service.name not in arrangement.leaving
    ordered = with_gone(changed, settled, gone, frees_first=frees_first)
    decided.clashes += clashes(ordered, observed, allowed)
    decided.changes += stopped_first(ordered, observed, allowed)
    decided.settled += settled


def _decision(
    service: DesiredService, lane: DesiredLane, observed: Observed, allowed: Allowances
) -> Decision:
    live = observed.services.get(lane.lane.name)
    if live is None or not is_there(live):
        draining = live is not None and live.status == "DRAINING"
        newest = observed.newest.get(lane.family)
        return creation(service, lane, newest, waits_for_name=draining)
    return updating(service, lane, live, observed, allowed)


def _holding(
    service: DesiredService, observed: Observed, found: Iterable[Decision]
) -> Iterator[Held]:
    for each in found:
        live = observed.services.get(each.lane.lane.name)
        blocked = isinstance(each, Change) and each.blocked_by
        if live is None or not is_there(live) or blocked:
            continue
        if (holding := held(service, each.lane, live, observed, each)) is not None:
            yield holding


def unreadable(cluster: ClusterRef, failure: str) -> Diagnostic:
    """A cluster that could not be read."""
    return Diagnostic(
        severity="error",
        code=UNREADABLE,
        message=f"cluster {cluster} could not be read: {failure}",
        expected="an answer of ECS; nothing is changed there",
    )
