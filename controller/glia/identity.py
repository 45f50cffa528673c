"""What tells lanes and services of ECS from all others, in plans, outcomes and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glia.desired.state import DesiredLane, DesiredService
    from glia.target import ClusterRef


def lane_id(service: DesiredService, lane: DesiredLane) -> str:
    """What tells a lane from all others: names are unique in one cluster of one account."""
    return service_id(service.cluster, lane.lane.name)


def service_id(cluster: ClusterRef, name: str) -> str:
    """The id of the lane that is the ECS service of that name."""
    target = cluster.target
    return "/".join((target.account_id or "-", target.region, cluster.name, name))
