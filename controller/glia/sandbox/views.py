"""Records as ECS shows them: the members of a Describe answer."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import UUID

from glia.sandbox.defaults import FARGATE_PROVIDERS
from glia.sandbox.needs import RESERVED_PORTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.sandbox.needs import Ledger
    from glia.sandbox.records import (
        CapacityProvider,
        Cluster,
        Deployment,
        Instance,
        Service,
        ServiceDeployment,
        Tags,
        Task,
        TaskDefinition,
    )
    from glia.sandbox.wire_types import Json

# Members of a service that DescribeServices shows under its deployments only.
OF_DEPLOYMENTS = (
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
# And those that DescribeServiceRevisions alone shows.
OF_REVISIONS = ("gatewayConnectors", "monitoring")
IN_DEPLOYMENT = (
    "capacityProviderStrategy",
    "launchType",
    "networkConfiguration",
    "platformFamily",
    "platformVersion",
    *OF_DEPLOYMENTS,
)


def tag_list(tags: Tags) -> list[Json]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def only_set(**members: object) -> Json:
    """The members that have a value: ECS leaves the others out."""
    return {name: value for name, value in members.items() if value is not None}


def task_definition(record: TaskDefinition) -> Json:
    return {
        **record.spec,
        "taskDefinitionArn": record.arn,
        "revision": record.revision,
        "status": record.status,
        "requiresAttributes": [{"name": name} for name in sorted(record.requires)],
        "registeredAt": record.registered_at,
        "registeredBy": record.registered_by,
        **only_set(deregisteredAt=record.deregistered_at),
    }


def cluster(record: Cluster, *, tags: bool, settings: bool, configurations: bool) -> Json:
    live = [task for task in record.tasks.values() if task.live]
    hidden = set() if settings else {"settings"}
    hidden |= set() if configurations else {"configuration"}
    return {
        **{name: value for name, value in record.spec.items() if name not in hidden},
        "clusterArn": record.arn,
        "clusterName": record.name,
        "status": record.status,
        "registeredContainerInstancesCount": len(record.instances),
        "runningTasksCount": sum(t.last_status == "RUNNING" for t in record.tasks.values()),
        "pendingTasksCount": sum(task.pending for task in live),
        "activeServicesCount": sum(s.status == "ACTIVE" for s in record.services.values()),
        "statistics": [],
        "tags": tag_list(record.tags) if tags else [],
    }


def service(record: Service, *, tags: bool) -> Json:
    counts = _counts(record.tasks.values())
    hidden = {*OF_DEPLOYMENTS, *OF_REVISIONS}
    shown = {name: value for name, value in record.spec.items() if name not in hidden}
    running, pending = (
        (sum(each) for each in zip(*counts.values(), strict=True)) if counts else (0, 0)
    )
    return {
        **shown,
        "serviceArn": record.arn,
        "serviceName": record.name,
        "clusterArn": record.cluster.arn,
        "status": record.status,
        "desiredCount": record.desired_count,
        "runningCount": running,
        "pendingCount": pending,
        "deployments": [
            deployment(each, record, counts.get(each.id, (0, 0))) for each in record.deployments
        ],
        "events": list(record.events),
        "createdAt": record.created_at,
        **_current(record, counts),
        **({"tags": tag_list(record.tags)} if tags else {}),
    }


def _current(record: Service, counts: dict[str, tuple[int, int]]) -> Json:
    if not record.history or not record.deployments:
        return {}
    entry = record.history[-1]
    running = {} if entry.finished_at is not None else {"currentServiceDeployment": entry.arn}
    return running | {
        "currentServiceRevisions": [
            _revision_summary(each, record, counts) for each in record.deployments
        ]
    }


def _counts(tasks: Iterable[Task]) -> dict[str, tuple[int, int]]:
    """Running and pending tasks by deployment."""
    counts: dict[str, tuple[int, int]] = {}
    for task in tasks:
        if task.last_status != "STOPPED" and task.deployment is not None:
            running, pending = counts.get(task.deployment.id, (0, 0))
            running += task.last_status == "RUNNING"
            counts[task.deployment.id] = (running, pending + task.pending)
    return counts


def deployment(record: Deployment, of: Service, counts: tuple[int, int]) -> Json:
    return {
        **{name: record.revision[name] for name in IN_DEPLOYMENT if name in record.revision},
        "id": record.id,
        "status": record.status,
        "taskDefinition": record.definition.arn,
        "desiredCount": of.desired_count if record is of.primary else 0,
        "runningCount": counts[0],
        "pendingCount": counts[1],
        "failedTasks": record.failed_tasks,
        "createdAt": record.created_at,
        "updatedAt": record.updated_at,
        "rolloutState": record.rollout_state,
        "rolloutStateReason": record.rollout_reason,
    }


def _revision_summary(record: Deployment, of: Service, counts: dict[str, tuple[int, int]]) -> Json:
    running, pending = counts.get(record.id, (0, 0))
    leads = bool(of.deployments) and record is of.primary
    return {
        "arn": record.arn_of_revision,
        "requestedTaskCount": of.desired_count if leads else 0,
        "runningTaskCount": running,
        "pendingTaskCount": pending,
    }


def service_deployment_brief(record: ServiceDeployment, of: Service) -> Json:
    return {
        "serviceDeploymentArn": record.arn,
        "serviceArn": of.arn,
        "clusterArn": of.cluster.arn,
        "createdAt": record.created_at,
        "startedAt": record.created_at,
        "targetServiceRevisionArn": record.target.arn_of_revision,
        "status": record.status,
        **only_set(finishedAt=record.finished_at, statusReason=record.reason),
    }


def service_deployment(record: ServiceDeployment, of: Service) -> Json:
    counts = _counts(of.tasks.values())
    brief = service_deployment_brief(record, of)
    del brief["targetServiceRevisionArn"]
    return {
        **brief,
        "updatedAt": record.updated_at,
        "sourceServiceRevisions": [_revision_summary(s, of, counts) for s in record.sources],
        "targetServiceRevision": _revision_summary(record.target, of, counts),
        "lifecycleStage": record.stage,
        "deploymentConfiguration": record.configuration,
        "deploymentCircuitBreaker": {
            "status": record.breaker,
            "failureCount": record.failures,
            "threshold": record.threshold,
        },
        **only_set(stoppedAt=record.stopped_at),
        **({"rollback": _rollback(record)} if record.rollback_to is not None else {}),
    }


def _rollback(record: ServiceDeployment) -> Json:
    return only_set(
        reason=record.rollback_reason,
        startedAt=record.rollback_at,
        serviceRevisionArn=record.rollback_to and record.rollback_to.arn_of_revision,
    )


def service_revision(record: Deployment, of: Service) -> Json:
    containers = record.definition.spec["containerDefinitions"]
    return {
        **record.revision,
        "serviceRevisionArn": record.arn_of_revision,
        "serviceArn": of.arn,
        "clusterArn": of.cluster.arn,
        "taskDefinition": record.definition.arn,
        "containerImages": [
            {"containerName": each["name"], "image": each["image"]} for each in containers
        ],
        "guardDutyEnabled": False,
        "createdAt": record.created_at,
    }


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


def container_instance(record: Instance, *, tags: bool) -> Json:
    live = [task for task in record.tasks.values() if task.live]
    return {
        "containerInstanceArn": record.arn,
        "ec2InstanceId": record.ec2_instance_id,
        "status": record.status,
        "agentConnected": record.agent_connected,
        "runningTasksCount": sum(not task.pending for task in live),
        "pendingTasksCount": sum(task.pending for task in live),
        "registeredResources": _resources(record, None),
        "remainingResources": _resources(record, record.promised),
        "attributes": attributes(record),
        "attachments": [],
        "registeredAt": record.registered_at,
        "version": record.version,
        "versionInfo": {
            "agentVersion": record.agent_version,
            "dockerVersion": "DockerVersion: 25.0.8",
        },
        "tags": tag_list(record.tags) if tags else [],
        **only_set(capacityProviderName=record.capacity_provider),
    }


def attributes(record: Instance) -> list[Json]:
    return [{"name": name, **only_set(value=value)} for name, value in record.attributes.items()]


def _resources(record: Instance, taken: Ledger | None) -> list[Json]:
    cpu, memory = record.capacity.cpu, record.capacity.memory
    ports = set(RESERVED_PORTS)
    if taken is not None:
        cpu, memory, ports = cpu - taken.cpu, memory - taken.memory, taken.ports
    resources = [_integer("CPU", cpu), _integer("MEMORY", memory)]
    for name, protocol in (("PORTS", "tcp"), ("PORTS_UDP", "udp")):
        numbers = sorted(number for kind, number in ports if kind == protocol)
        resources.append(_strings(name, [str(number) for number in numbers]))
    if record.managed and record.devices:
        held = taken is not None and taken.neuron_holders > 0
        chips = [] if held else [str(number) for number in range(len(record.devices))]
        resources.append(_strings("NEURON_DEVICES", chips))
    return resources


def _integer(name: str, value: int) -> Json:
    return {
        "name": name,
        "type": "INTEGER",
        "doubleValue": 0.0,
        "longValue": 0,
        "integerValue": value,
    }


def _strings(name: str, values: list[str]) -> Json:
    return {
        "name": name,
        "type": "STRINGSET",
        "doubleValue": 0.0,
        "longValue": 0,
        "integerValue": 0,
        "stringSetValue": values,
    }


def capacity_provider(record: CapacityProvider, *, tags: bool) -> Json:
    return {
        **record.spec,
        "capacityProviderArn": record.arn,
        "name": record.name,
        "status": record.status,
        "tags": tag_list(record.tags) if tags else [],
    }
