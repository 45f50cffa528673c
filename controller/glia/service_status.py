"""From a look at ECS to a status: what the plan says of each service, and how its lanes stand."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from glia.cluster_status import cluster_status, unread
from glia.conditions import Standing, conditions, health, of_change, of_drifted, of_settled
from glia.identity import lane_id
from glia.plan import NOT_READY
from glia.status import Condition, LaneStatus, ServiceStatus, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.assess import Assessment
    from glia.change import Change
    from glia.desired.state import DesiredLane, DesiredService, DesiredState
    from glia.errors import Location
    from glia.layout.roster import Roster
    from glia.live import LiveService
    from glia.neuron.catalogue import InstanceType
    from glia.observed import Observed
    from glia.plan import Drifted, Held, Plan, Settled
    from glia.status import Health, Room
    from glia.target import ClusterRef

_SUSPENDED = "spec.suspend is set, so the service is neither read nor changed"


def status(  # noqa: PLR0913  (what is known of the clusters comes by keyword)
    desired: DesiredState,
    observed: Iterable[Observed],
    plan: Plan,
    assessments: Mapping[str, Assessment],
    now: float,
    *,
    account_ids: Mapping[ClusterRef, str],
    instance_types: Mapping[str, InstanceType],
    rosters: Mapping[ClusterRef, Roster] = MappingProxyType({}),
    rooms: Mapping[ClusterRef, tuple[Room, ...]] = MappingProxyType({}),
) -> Status:
    """All services and clusters.

    Args:
        desired: what the manifests want.
        observed: one for each cluster; chips are shown of those whose fleet was read.
        plan: made of these two.
        assessments: by ``plan.lane_id``, of lanes that are as they should be.
        now: in seconds since the epoch.
        account_ids: of the accounts that the clusters are in, as far as they are known.
        instance_types: by name; they come before the catalogue's.
        rosters: of the clusters whose instances are shared.
        rooms: what is left of these.
    """
    by_cluster = {each.cluster: each for each in observed}
    said = _by_service(plan)
    return Status(
        observed_at=now,
        services=tuple(
            _service(
                service,
                by_cluster.get(service.cluster),
                replace(
                    said[service.key, service.cluster],
                    refused=refused_by_layout(plan, service.name),
                ),
                assessments,
            )
            for service in desired.services
        ),
        clusters=tuple(
            replace(
                cluster_status(
                    by_cluster[cluster],
                    account_ids.get(cluster, ""),
                    instance_types,
                    rosters.get(cluster),
                ),
                rooms=rooms.get(cluster, ()),
            )
            for cluster in sorted(by_cluster)
        ),
        diagnostics=(
            *plan.diagnostics,
            *(each for cluster in sorted(by_cluster) for each in unread(by_cluster[cluster])),
        ),
    )


def refused_by_layout(plan: Plan, name: str) -> Standing | None:
    """What allocation says against a service: no room, or pools that overlap."""
    for each in plan.errors:
        if each.key == f"NeuronService/{name}":
            reason = "".join(part.capitalize() for part in re.split(r"\W+", each.code))
            return Standing("stalled", reason, each.message)
    return None


@dataclass(slots=True)
class _Said:
    """What the plan says of one service, by the names of its lanes.

    Attributes:
        refused: why some of its replicas get no lane.
    """

    changes: dict[str, Change]
    settled: dict[str, Settled]
    drifted: dict[str, Drifted]
    held: Held | None = None
    refused: Standing | None = None


def _by_service(plan: Plan) -> Mapping[tuple[str, ClusterRef], _Said]:
    said: dict[tuple[str, ClusterRef], _Said] = defaultdict(lambda: _Said({}, {}, {}))
    for change in plan.changes:
        found = said[change.key, change.service.cluster]
        found.changes[change.lane.lane.name] = change
    for settled in plan.settled:
        found = said[settled.service.key, settled.service.cluster]
        found.settled[settled.lane.lane.name] = settled
    for drifted in plan.drifted:
        found = said[drifted.service.key, drifted.service.cluster]
        found.drifted[drifted.lane.lane.name] = drifted
    for held in plan.held:
        said[held.service.key, held.service.cluster].held = held
    return said


def _service(
    service: DesiredService,
    observed: Observed | None,
    said: _Said,
    assessments: Mapping[str, Assessment],
) -> ServiceStatus:
    live = {} if observed is None else _live(service, observed)
    of_lane = {lane.lane.name: assessments.get(lane_id(service, lane)) for lane in service.lanes}
    if observed is None or observed.failure:
        lanes = tuple(map(_unread_lane, service.lanes))
    else:
        lanes = tuple(
            _lane(lane, live.get(lane.lane.name), of_lane[lane.lane.name]) for lane in service.lanes
        )
    told = suspended()
    word: Health = "Suspended"
    if not service.suspended:
        standings = tuple(_standings(service, observed, said, of_lane))
        asked = sum(each.desired for each in live.values())
        short = sum(lane.ready or 0 for lane in lanes) < asked
        told, word = conditions(standings), health(standings, tuple(live.values()), short=short)
    return ServiceStatus(service.key, service.location, service.cluster, word, told, lanes)


def _live(service: DesiredService, observed: Observed) -> dict[str, LiveService]:
    """ECS shows a deleted service for a while as INACTIVE."""
    found = (observed.services.get(lane.lane.name) for lane in service.lanes)
    return {each.name: each for each in found if each is not None and each.status != "INACTIVE"}


def _standings(
    service: DesiredService,
    observed: Observed | None,
    said: _Said,
    assessments: Mapping[str, Assessment | None],
) -> Iterator[Standing]:
    if observed is None or observed.failure:
        why = f": {observed.failure}" if observed and observed.failure else ""
        message = f"cluster {service.cluster} could not be read{why}"
        yield Standing("unknown", "ClusterUnreadable", message)
        return
    if said.refused is not None:
        yield said.refused
    if said.held is not None:
        waits = said.held.reason == NOT_READY
        kind: Literal["pending", "stalled"] = "pending" if waits else "stalled"
        yield Standing(kind, said.held.reason, said.held.message)
    live = _live(service, observed)
    for lane in service.lanes:
        name = lane.lane.name
        if name not in live:
            message = f"there is no service {name} in cluster {service.cluster}"
            yield Standing("missing", "Missing", message)
        if (standing := _of_plan(name, said, assessments[name])) is not None:
            yield standing
        elif name in live and said.held is None:
            yield Standing("unknown", "NotPlanned", f"the plan says nothing of {name}")


def _of_plan(name: str, said: _Said, assessment: Assessment | None) -> Standing | None:
    """Where the plan leaves a lane; None where it does not say."""
    if name in said.changes:
        return of_change(said.changes[name])
    if name not in said.settled:
        return None
    standing = of_settled(said.settled[name], assessment)
    return of_drifted(standing, said.drifted[name]) if name in said.drifted else standing


def unread_service(
    key: str, location: Location, cluster: ClusterRef, failure: str
) -> ServiceStatus:
    """One that shares instances which nobody could read, so that nobody knows its lanes."""
    message = f"cluster {cluster} could not be read: {failure}"
    stands = (Standing("unknown", "ClusterUnreadable", message),)
    word = health(stands, (), short=False)
    return ServiceStatus(key, location, cluster, word, conditions(stands), (), laid_out=False)


def suspended() -> tuple[Condition, ...]:
    """What is said of a service that is left alone."""
    return (
        Condition("Ready", "Unknown", "Suspended", _SUSPENDED),
        Condition("Reconciling", "False", "Suspended", _SUSPENDED),
        Condition("Stalled", "False", "Suspended", _SUSPENDED),
    )


def _unread_lane(lane: DesiredLane) -> LaneStatus:
    wanted = lane.lane
    return LaneStatus(
        wanted.name, wanted.device_ids, wanted.partition, wanted.count, None, None, None
    )


def _lane(lane: DesiredLane, live: LiveService | None, assessment: Assessment | None) -> LaneStatus:
    wanted = lane.lane
    if live is None:
        return LaneStatus(
            wanted.name, wanted.device_ids, wanted.partition, wanted.count or 0, 0, 0, 0
        )
    primary = live.primary
    return LaneStatus(
        name=wanted.name,
        device_ids=wanted.device_ids,
        partition=wanted.partition,
        desired=live.desired if wanted.count is None else wanted.count,
        running=live.running,
        pending=live.pending,
        ready=live.running if assessment is None else assessment.ready,
        task_definition=live.task_definition.rpartition("/")[2],
        deployment=primary.id if primary else "",
        deployment_status=primary.rollout_state if primary else "",
    )
