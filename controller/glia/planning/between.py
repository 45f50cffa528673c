"""What one state of the manifests makes of another: git against git, ECS is not asked.

The older state stands for what is live, as if it had been applied and were Ready. So what is
decided, and how, is ``make_plan``'s business here too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.change import Block, Change
from glia.live import Deployment, LiveService, LiveTaskDefinition
from glia.observed import Observed
from glia.planning.allowances import NOTHING
from glia.planning.deletion import deletion
from glia.planning.planner import HERE, Arrangement, make_plan
from glia.tags import REVISION, Applied

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from glia.desired.state import DesiredLane, DesiredService, DesiredState
    from glia.errors import Diagnostic
    from glia.plan import Plan, Source
    from glia.target import ClusterRef


def between(
    base: DesiredState,
    head: DesiredState,
    *,
    diagnostics: Iterable[Diagnostic] = (),
    source: Source = HERE,
) -> Plan:
    """The plan for ``head`` where ECS holds exactly ``base``.

    A service that only ``base`` has is pruned, lane by lane; blocked as long as something is
    wrong with a manifest of ``head``, which may be the one that seems to be gone.
    """
    told = tuple(diagnostics)
    plan = make_plan(
        head,
        as_applied(base, head.clusters),
        NOTHING,
        arrangement=Arrangement(leaving=_leaving(base, head)),
        diagnostics=told,
        source=source,
    )
    gone = tuple(_gone(base, head, [each for each in told if each.severity == "error"]))
    return replace(plan, changes=(*plan.changes, *gone), offline=True)


def attributed(plan: Plan, change: Plan) -> Plan:
    """A plan against what is live; its causes tell apart what ``change`` brings about.

    Of the services that the change, a plan between two revisions, does not touch everything is
    drift: it will be corrected too, and nobody has asked for it here.
    """
    touched = {each.key for each in change.changes}
    changes = tuple(_attributed(each, touched) for each in plan.changes)
    return replace(plan, changes=changes, source=change.source)


def _attributed(change: Change, touched: Collection[str]) -> Change:
    if change.cause not in {"git", "drift"}:
        return change
    return replace(change, cause="git" if change.key in touched else "drift")


def as_applied(
    state: DesiredState, clusters: Iterable[ClusterRef] = ()
) -> dict[ClusterRef, Observed]:
    """What would be observed of these and the state's clusters once it is applied and Ready."""
    return {
        cluster: Observed(
            cluster,
            services={lane.lane.name: _live(each, lane) for each, lane in _lanes(state, cluster)},
            definitions={
                _arn(each, lane): _definition(each, lane) for each, lane in _lanes(state, cluster)
            },
            newest={lane.family: _definition(each, lane) for each, lane in _lanes(state, cluster)},
        )
        for cluster in {*clusters, *state.clusters}
    }


def _lanes(
    state: DesiredState, cluster: ClusterRef
) -> Iterator[tuple[DesiredService, DesiredLane]]:
    for service in state.services:
        if service.cluster == cluster:
            yield from ((service, lane) for lane in service.lanes)


def _live(service: DesiredService, lane: DesiredLane) -> LiveService:
    count = lane.lane.count if lane.lane.count is not None else 1
    arn, remembered = _arn(service, lane), Applied(1, lane.content, lane.service_content)
    return LiveService(
        arn=f"{_prefix(service)}:service/{service.cluster.name}/{lane.lane.name}",
        name=lane.lane.name,
        status="ACTIVE",
        desired=count,
        running=count,
        pending=0,
        task_definition=arn,
        members=lane.service,
        tags={**lane.tags, REVISION: str(remembered)},
        deployments=(Deployment("ecs-svc/1", "PRIMARY", arn, count, count, 0, 0, "COMPLETED"),),
    )


def _definition(service: DesiredService, lane: DesiredLane) -> LiveTaskDefinition:
    tags = {each["key"]: each["value"] for each in lane.task_definition["tags"]}
    return LiveTaskDefinition(_arn(service, lane), lane.task_definition, tags)


def _arn(service: DesiredService, lane: DesiredLane) -> str:
    return f"{_prefix(service)}:task-definition/{lane.family}:1"


def _prefix(service: DesiredService) -> str:
    target = service.cluster.target
    return f"arn:aws:ecs:{target.region}:{target.account_id}"


def _leaving(base: DesiredState, head: DesiredState) -> Mapping[str, tuple[LiveService, ...]]:
    """Lanes of services that both states have, and that only the base lays out so."""
    kept = {each.key: {lane.lane.name for lane in each.lanes} for each in head.services}
    return {
        each.name: tuple(
            _live(each, lane) for lane in each.lanes if lane.lane.name not in kept[each.key]
        )
        for each in base.services
        if each.key in kept
    }


def _gone(base: DesiredState, head: DesiredState, errors: Iterable[Diagnostic]) -> Iterator[Change]:
    """Deletes of the services that only the base has."""
    kept = {
        (each.cluster.target, key)
        for each in head.services
        for key in (each.key, each.renamed_from)
    }
    wrong = {each.key or (each.location.file if each.location else each.code) for each in errors}
    for service in base.services:
        if (
            service.cluster.target,
            service.key,
        ) in kept or f"NeuronService/{service.name}" in wrong:
            continue
        for lane in service.lanes:
            change = replace(deletion(service, _live(service, lane)), cause="prune")
            yield replace(change, blocked_by=_unparsed(wrong)) if wrong else change


def _unparsed(wrong: Collection[str]) -> tuple[Block, ...]:
    message = f"a manifest that is wrong may be the missing one: {', '.join(sorted(wrong)[:3])}"
    return (Block("prune-unparsed", message, "put the errors right that this plan tells"),)
