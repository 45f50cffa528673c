"""Read what preflight looks at: the cluster, room on its instances, roles and target groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.enrol import fleet
from glia.errors import GliaError
from glia.live import LiveTaskDefinition
from glia.observed import Facts
from glia.parallel import in_parallel
from glia.planning.needs import is_cached, keeps_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from glia.change import Change
    from glia.clock import Clock
    from glia.desired.state import DesiredService
    from glia.live import Fleet
    from glia.observe import Reader
    from glia.observed import Observed
    from glia.target import ClusterRef


def with_facts(  # noqa: PLR0913  (what is known already comes by keyword)
    observed: Observed,
    changes: Iterable[Change],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
    *,
    services: Iterable[DesiredService],
    enrolled: Fleet | None,
) -> Observed:
    """The same with what preflight looks at, if anything changes in this cluster.

    ``services`` are the cluster's desired ones; ``enrolled`` is the fleet where it was read
    before, without the task definitions of owned services.
    """
    concerned = [each for each in changes if each.service.cluster == observed.cluster]
    if not concerned or observed.failure:
        return observed
    from glia.preflight import looks_for_room  # noqa: PLC0415  (most plans of a loop change nothing)

    ecs = reader_of(observed.cluster)
    roles = sorted({arn for change in concerned for arn in _roles(change)})
    groups = sorted({arn for change in concerned for arn in _target_groups(change)})
    facts = Facts(
        cluster_status=_cluster_status(ecs, observed.cluster.name),
        fleet=fleet(
            observed.cluster.name, ecs, clock, enrolled, _known_definitions(observed, services)
        )
        if any(looks_for_room(each) for each in concerned)
        else None,
        roles=dict(zip(roles, in_parallel(clock, ecs.role, roles), strict=True)),
        target_groups=dict(zip(groups, in_parallel(clock, ecs.target_group, groups), strict=True)),
    )
    return replace(observed, facts=facts)


def _known_definitions(
    observed: Observed, services: Iterable[DesiredService]
) -> Mapping[str, LiveTaskDefinition]:
    """The task definitions that nobody has to read: those read before, and the lanes' own.

    Of a service that runs what its manifest says, the manifest says what that is.
    """
    found = {each.arn: each for each in observed.newest.values() if each is not None}
    found |= observed.definitions
    for service in services:
        for lane in service.lanes:
            live = observed.services.get(lane.lane.name)
            if live is not None and is_cached(lane, live) and not keeps_values(live):
                tags = {each["key"]: each["value"] for each in lane.task_definition["tags"]}
                arn = live.task_definition
                found[arn] = LiveTaskDefinition(arn, lane.task_definition, tags)
    return found


def _cluster_status(ecs: Reader, cluster: str) -> str | None:
    try:
        return ecs.cluster_status(cluster)
    except GliaError:
        return None


def _roles(change: Change) -> set[str]:
    definition, service = change.lane.task_definition, change.lane.service
    written = {
        definition.get("executionRoleArn"),
        definition.get("taskRoleArn"),
        service.get("role"),
    }
    return {arn for arn in written if arn}


def _target_groups(change: Change) -> set[str]:
    balancers = change.lane.service.get("loadBalancers") or ()
    written = {each.get("targetGroupArn") for each in balancers}
    written |= {
        (each.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
        for each in balancers
    }
    return {arn for arn in written if arn}
