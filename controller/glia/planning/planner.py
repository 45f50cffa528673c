"""``make_plan``: the only place where anything is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from glia.errors import Diagnostic
from glia.plan import Change, Held, Plan, Settled, Source
from glia.planning.creation import creation
from glia.planning.holding import held
from glia.planning.needs import is_there
from glia.planning.sequence import sequenced
from glia.planning.updating import updating

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.desired.state import DesiredLane, DesiredService, DesiredState
    from glia.observed import Observed
    from glia.planning.allowances import Allowances
    from glia.target import ClusterRef

Decision: TypeAlias = Change | Settled | Held
HERE = Source()


@dataclass(slots=True)
class _Decided:
    changes: list[Change] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    suspended: list[str] = field(default_factory=list)
    unreadable: dict[str, Diagnostic] = field(default_factory=dict)


def make_plan(
    desired: DesiredState,
    observed: Mapping[ClusterRef, Observed],
    allowed: Allowances,
    *,
    diagnostics: Iterable[Diagnostic] = (),
    source: Source = HERE,
) -> Plan:
    """What has to happen, in the order in which it will.

    The same value for the same input, whatever the order of files, documents and answers.
    A cluster that could not be read costs its own services their place in the plan and nobody
    else's.
    """
    decided = _Decided()
    for service in desired.services:
        _decide(service, observed[service.cluster], allowed, decided)
    return Plan(
        changes=tuple(decided.changes),
        settled=tuple(decided.settled),
        held=tuple(decided.held),
        suspended=tuple(decided.suspended),
        diagnostics=(*diagnostics, *decided.unreadable.values()),
        source=source,
    )


def offline_plan(
    desired: DesiredState, *, diagnostics: Iterable[Diagnostic] = (), source: Source = HERE
) -> Plan:
    """The plan for empty clusters: everything is to be created."""
    changes = tuple(
        creation(service, lane, None) for service in desired.services for lane in service.lanes
    )
    return Plan(changes=changes, diagnostics=tuple(diagnostics), source=source, offline=True)


def _decide(
    service: DesiredService, observed: Observed, allowed: Allowances, decided: _Decided
) -> None:
    if service.suspended:
        decided.suspended.append(service.key)
        return
    if observed.failure:
        name = str(service.cluster)
        decided.unreadable.setdefault(name, _unreadable(name, observed.failure))
        return
    found = [_decision(service, lane, observed, allowed) for lane in service.lanes]
    # One lane whose content has failed before holds all lanes of its service.
    if holding := next((each for each in found if isinstance(each, Held)), None):
        decided.held.append(holding)
        return
    settled = [each for each in found if isinstance(each, Settled)]
    changes = [each for each in found if isinstance(each, Change)]
    decided.changes += sequenced(changes, settled)
    decided.settled += settled


def _decision(
    service: DesiredService, lane: DesiredLane, observed: Observed, allowed: Allowances
) -> Decision:
    live = observed.services.get(lane.lane.name)
    if live is None or not is_there(live):
        draining = live is not None and live.status == "DRAINING"
        newest = observed.newest.get(lane.family)
        return creation(service, lane, newest, waits_for_name=draining)
    made = updating(service, lane, live, observed, allowed)
    if isinstance(made, Change) and made.blocked_by:
        return made
    return held(service, lane, live, observed, made) or made


def _unreadable(cluster: str, failure: str) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code="cluster-unreadable",
        message=f"cluster {cluster} could not be read: {failure}",
        expected="an answer of ECS; nothing is changed there",
    )
