"""The status for programs; ``status_schema`` fixes the form."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from glia.manifest.spec import API_VERSION
from glia.render.diagnostics import as_json

if TYPE_CHECKING:
    from glia.status import (
        Chip,
        ClusterLane,
        ClusterStatus,
        Condition,
        Holder,
        InstanceStatus,
        LaneStatus,
        Room,
        ServiceStatus,
        Status,
        TaskStatus,
    )

Json = dict[str, Any]


def iso_time(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond: ``...T12:00:00.000Z``."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def status_json(status: Status) -> Json:
    """The status as JSON-like values."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Status",
        "observedAt": iso_time(status.observed_at),
        "services": [_service(each) for each in status.services],
        "clusters": [_cluster(each) for each in status.clusters],
        "diagnostics": [as_json(each) for each in status.diagnostics],
    }


def _service(service: ServiceStatus) -> Json:
    return {
        "key": service.key,
        "region": service.cluster.target.region,
        "location": asdict(service.location),
        "health": service.health,
        "replicas": {
            "desired": service.desired,
            "running": service.running,
            "pending": service.pending,
            "ready": service.ready,
        },
        "conditions": [_condition(each) for each in service.conditions],
        "lanes": [_lane(each) for each in service.lanes],
    }


def _condition(condition: Condition) -> Json:
    return {
        "type": condition.type,
        "status": condition.status,
        "reason": condition.reason,
        "message": condition.message,
    }


def _lane(lane: LaneStatus) -> Json:
    deployment = {"arn": lane.deployment, "status": lane.deployment_status}
    return {
        "name": lane.name,
        "deviceIds": list(lane.device_ids),
        "partition": lane.partition,
        "desired": lane.desired,
        "running": lane.running,
        "pending": lane.pending,
        "ready": lane.ready,
        "taskDefinition": lane.task_definition,
        "deployment": deployment if lane.deployment else None,
    }


def _cluster(cluster: ClusterStatus) -> Json:
    return {
        "name": cluster.cluster.name,
        "region": cluster.cluster.target.region,
        "accountId": cluster.account_id,
        "owner": cluster.cluster.owner,
        "lanes": None if cluster.lanes is None else [_cluster_lane(each) for each in cluster.lanes],
        "rooms": [_room(each) for each in cluster.rooms],
        "instances": [_instance(each) for each in cluster.instances],
    }


def _room(room: Room) -> Json:
    return {
        "instanceType": room.instance_type,
        "pool": room.pool,
        "partition": room.partition,
        "instances": room.instances,
        "chips": room.chips,
        "freeChips": room.free,
        "longestRun": room.longest_run,
        "fits": [{"chips": size, "replicas": count} for size, count in room.fits.items()],
        "unsafeLanes": [
            {
                "name": each.name,
                "needed": each.needed,
                "instances": each.instances,
                "resource": each.resource,
            }
            for each in room.unsafe
        ],
    }


def _cluster_lane(lane: ClusterLane) -> Json:
    figures = lane.figures
    return {
        "name": lane.name,
        "key": lane.key,
        "owner": lane.owner,
        "status": lane.status,
        "desired": lane.desired,
        "figures": None
        if figures is None
        else {
            "instanceType": figures.instance_type,
            "deviceIds": list(figures.device_ids),
            "partition": figures.partition,
            "cpu": figures.cpu,
            "memory": figures.memory,
            "ports": sorted(figures.ports),
            "lock": figures.lock.value if figures.lock else None,
        },
        "capacityProviders": list(lane.capacity_providers),
        "constraints": list(lane.constraints),
    }


def _instance(instance: InstanceStatus) -> Json:
    return {
        "arn": instance.arn,
        "ec2InstanceId": instance.ec2_instance_id,
        "type": instance.type,
        "partition": instance.partition,
        "status": instance.status,
        "connected": instance.connected,
        "capacityProvider": instance.capacity_provider,
        "attributes": dict(instance.attributes),
        "cpu": instance.cpu,
        "memory": instance.memory,
        "chips": [_chip(each) for each in instance.chips],
        "tasks": [_task(each) for each in instance.tasks],
    }


def _task(task: TaskStatus) -> Json:
    return {
        "arn": task.arn,
        "group": task.group,
        "deviceIds": list(task.devices),
        "cpu": task.cpu,
        "memory": task.memory,
        "ports": list(task.ports),
        "enis": task.enis,
    }


def _chip(chip: Chip) -> Json:
    """One holder, as the chip can have; who else says it has the chip stands apart."""
    holders = [_holder(each) for each in chip.holders]
    return {
        "id": chip.id,
        "holder": holders[0] if holders else None,
        "clashesWith": holders[1:],
    }


def _holder(holder: Holder) -> Json:
    return {
        "key": holder.key,
        "lane": holder.lane,
        "taskArn": holder.task_arn,
        "owned": holder.owned,
    }
