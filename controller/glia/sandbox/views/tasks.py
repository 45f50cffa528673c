"""Tasks as ECS shows them."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from glia.sandbox.defaults import FARGATE_PROVIDERS
from glia.sandbox.views.members import only_set, tag_list

if TYPE_CHECKING:
    from glia.sandbox.records import Task
    from glia.sandbox.wire_types import Json


def launch_type(record: Task) -> str:
    """What the task really runs on: a capacity provider decides where one was asked for."""
    if record.capacity_provider in FARGATE_PROVIDERS:
        return "FARGATE"
    managed = record.instance is not None and record.instance.managed
    return "MANAGED_INSTANCES" if managed else record.launch_type


def task(record: Task, *, tags: bool) -> Json:
    instance = record.instance
    eni = _interface(record) if record.needs.enis else None
    overrides = record.spec.get("overrides") or {"containerOverrides": []}
    return {
        "taskArn": record.arn,
        "clusterArn": record.cluster.arn,
        "taskDefinitionArn": record.definition.arn,
        "group": record.group,
        "launchType": launch_type(record),
        "lastStatus": record.last_status,
        "desiredStatus": record.desired_status,
        "healthStatus": record.health,
        "connectivity": "CONNECTED",
        "cpu": str(record.needs.cpu),
        "memory": str(record.needs.memory),
        "containers": [_container(each, eni) for each in record.containers],
        "overrides": overrides,
        "enableExecuteCommand": record.spec.get("enableExecuteCommand", False),
        "attachments": [eni] if eni else [],
        "attributes": [{"name": "ecs.cpu-architecture", "value": _architecture(record)}],
        "createdAt": record.created_at,
        "version": record.version,
        "tags": tag_list(record.tags) if tags else [],
        **record.times,
        **(_of_fargate(record) if launch_type(record) == "FARGATE" else {}),
        **only_set(
            containerInstanceArn=instance.arn if instance else None,
            availabilityZone=instance.zone if instance else None,
            capacityProviderName=record.capacity_provider,
            startedBy=record.started_by,
            stopCode=record.stop_code,
            stoppedReason=record.stopped_reason,
        ),
    }


def _container(shown: Json, eni: Json | None) -> Json:
    if eni is None or shown["lastStatus"] == "PENDING":
        return dict(shown)
    (address,) = (each["value"] for each in eni["details"] if each["name"] == "privateIPv4Address")
    return {
        **shown,
        "networkInterfaces": [{"attachmentId": eni["id"], "privateIpv4Address": address}],
    }


INTERFACE_STATUS = {"PROVISIONING": "ATTACHING", "STOPPED": "DELETED"}


def _interface(record: Task) -> Json:
    """The elastic network interface of a task on awsvpc; its ids and addresses come of the ARN."""
    digits = sha256(record.arn.encode()).hexdigest()
    source = record.deployment.revision if record.deployment else record.spec
    network = (source.get("networkConfiguration") or {}).get("awsvpcConfiguration", {})
    subnets = network.get("subnets") or ["subnet-0123456789abcdef0"]
    octets = [str(int(digits[index : index + 2], 16)) for index in (0, 2, 4)]
    details = {
        "subnetId": subnets[int(digits, 16) % len(subnets)],
        "networkInterfaceId": f"eni-{digits[:17]}",
        "macAddress": ":".join(["0a", *(digits[index : index + 2] for index in range(0, 10, 2))]),
        "privateIPv4Address": f"10.{'.'.join(octets)}",
    }
    return {
        "id": str(UUID(digits[-32:])),
        "type": "ElasticNetworkInterface",
        "status": INTERFACE_STATUS.get(record.last_status, "ATTACHED"),
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }


def _architecture(record: Task) -> str:
    if record.instance is not None:
        return record.instance.attributes.get("ecs.cpu-architecture") or "x86_64"
    platform = record.definition.spec.get("runtimePlatform", {})
    return str(platform.get("cpuArchitecture", "X86_64")).lower()


def _of_fargate(record: Task) -> Json:
    """Members that only tasks on Fargate have; 20 GiB is what each of them gets."""
    storage = record.definition.spec.get("ephemeralStorage", {"sizeInGiB": 20})
    return {"platformVersion": "1.4.0", "platformFamily": "Linux", "ephemeralStorage": storage}
