"""AWS's answers as the values that Glia decides on. Times come as ECS sends them: numbers."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from glia.live import (
    Deployment,
    LiveContainer,
    LiveInstance,
    LiveService,
    LiveTask,
    LiveTaskDefinition,
    ServiceDeployment,
    ServiceEvent,
)
from glia.neuron.catalogue import DeviceSetRule, InstanceType, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.live import Tags

# Of a described service, what changes by itself, and what has a field of its own.
NOT_MEMBERS: Final = frozenset(
    {
        "currentServiceDeployment",
        "currentServiceRevisions",
        "deployments",
        "desiredCount",
        "events",
        "pendingCount",
        "runningCount",
        "tags",
        "taskSets",
    }
)
# Members of CreateService that ECS shows only under the deployments.
OF_DEPLOYMENTS: Final = (
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
LOGICAL_CORES_SINCE: Final = 3
"""From NeuronCore-v3 on, the runtime joins two physical cores into one by default."""


def tags(pairs: Iterable[Mapping[str, str]] | None) -> Tags:
    """Of ECS's list of ``key`` and ``value``."""
    return MappingProxyType({each["key"]: each.get("value", "") for each in pairs or ()})


def service(shown: Mapping[str, Any]) -> LiveService:
    deployments = shown.get("deployments") or ()
    primary: Mapping[str, Any] = next(
        (each for each in deployments if each.get("status") == "PRIMARY"), {}
    )
    members = {name: value for name, value in shown.items() if name not in NOT_MEMBERS}
    members |= {name: primary[name] for name in OF_DEPLOYMENTS if primary.get(name)}
    return LiveService(
        arn=shown["serviceArn"],
        name=shown["serviceName"],
        status=shown["status"],
        desired=shown.get("desiredCount", 0),
        running=shown.get("runningCount", 0),
        pending=shown.get("pendingCount", 0),
        task_definition=shown.get("taskDefinition", ""),
        members=MappingProxyType(members),
        tags=tags(shown.get("tags")),
        deployments=tuple(map(_deployment, deployments)),
    )


def _deployment(shown: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=shown["id"],
        status=shown.get("status", ""),
        task_definition=shown.get("taskDefinition", ""),
        desired=shown.get("desiredCount", 0),
        running=shown.get("runningCount", 0),
        pending=shown.get("pendingCount", 0),
        failed=shown.get("failedTasks", 0),
        rollout_state=shown.get("rolloutState", ""),
        rollout_reason=shown.get("rolloutStateReason", ""),
        created_at=float(shown.get("createdAt", 0)),
    )


def task_definition(answer: Mapping[str, Any]) -> LiveTaskDefinition:
    members = answer["taskDefinition"]
    return LiveTaskDefinition(
        members["taskDefinitionArn"], MappingProxyType(members), tags(answer.get("tags"))
    )


def events(shown: Mapping[str, Any]) -> tuple[ServiceEvent, ...]:
    """A service's events, newest first."""
    told = (
        ServiceEvent(each["id"], float(each["createdAt"]), each["message"])
        for each in shown.get("events") or ()
    )
    return tuple(sorted(told, key=lambda event: event.at, reverse=True))


def service_deployment(
    shown: Mapping[str, Any], task_definitions: Mapping[str, str]
) -> ServiceDeployment:
    """``task_definitions``: ARNs, by the service revisions that have been read."""
    target = shown.get("targetServiceRevisionArn", "")
    return ServiceDeployment(
        arn=shown["serviceDeploymentArn"],
        status=shown["status"],
        reason=shown.get("statusReason", ""),
        target_revision=target,
        created_at=float(shown["createdAt"]),
        task_definition=task_definitions.get(target, ""),
    )


def instance(shown: Mapping[str, Any]) -> LiveInstance:
    attributes = {each["name"]: each.get("value") or "" for each in shown.get("attributes") or ()}
    registered, remaining = shown.get("registeredResources"), shown.get("remainingResources")
    return LiveInstance(
        arn=shown["containerInstanceArn"],
        ec2_instance_id=shown.get("ec2InstanceId", ""),
        instance_type=attributes.get("ecs.instance-type", ""),
        status=shown["status"],
        connected=shown.get("agentConnected", False),
        capacity_provider=shown.get("capacityProviderName", ""),
        attributes=MappingProxyType(attributes),
        registered=_amounts(registered),
        remaining=_amounts(remaining),
        # ECS lists under "remaining" the ports that are taken.
        ports=_numbers("PORTS", registered) | _numbers("PORTS", remaining),
        neuron_devices=_numbers("NEURON_DEVICES", registered),
        neuron_devices_left=_numbers("NEURON_DEVICES", remaining),
    )


def _amounts(resources: Iterable[Mapping[str, Any]] | None) -> Mapping[str, int]:
    return MappingProxyType(
        {each["name"]: each["integerValue"] for each in resources or () if _is_amount(each)}
    )


def _is_amount(resource: Mapping[str, Any]) -> bool:
    return resource.get("type") == "INTEGER" and "integerValue" in resource


def _numbers(name: str, resources: Iterable[Mapping[str, Any]] | None) -> frozenset[int]:
    """Of a resource that is a set: ports, or devices."""
    return frozenset(
        int(number)
        for each in resources or ()
        if each["name"] == name
        for number in each.get("stringSetValue") or ()
        if number.isdecimal()
    )


def task(shown: Mapping[str, Any]) -> LiveTask:
    stopped = shown.get("stoppedAt")
    return LiveTask(
        arn=shown["taskArn"],
        group=shown.get("group", ""),
        instance=shown.get("containerInstanceArn", ""),
        task_definition=shown["taskDefinitionArn"],
        last_status=shown["lastStatus"],
        desired_status=shown["desiredStatus"],
        started_by=shown.get("startedBy", ""),
        stop_code=shown.get("stopCode", ""),
        stopped_reason=shown.get("stoppedReason", ""),
        stopped_at=None if stopped is None else float(stopped),
        containers=tuple(map(_container, shown.get("containers") or ())),
    )


def _container(shown: Mapping[str, Any]) -> LiveContainer:
    return LiveContainer(
        name=shown["name"],
        last_status=shown.get("lastStatus", ""),
        reason=shown.get("reason", ""),
        exit_code=shown.get("exitCode"),
        neuron_device_ids=tuple(shown.get("neuronDeviceIds") or ()),
    )


def instance_type(shown: Mapping[str, Any]) -> InstanceType | None:
    """An entry of DescribeInstanceTypes; none for a type in which EC2 shows no Neuron chip.

    EC2 counts physical cores, and reports 512 GiB for a chip of Trainium2: what the catalogue
    knows of the same chip goes before that. It does not say which devices are neighbours.
    """
    devices = (shown.get("NeuronInfo") or {}).get("NeuronDevices") or ()
    if not devices:
        return None
    device = devices[0]
    chips = sum(each.get("Count", 1) for each in devices)
    cores, version = device["CoreInfo"]["Count"], device["CoreInfo"]["Version"]
    known = next((each for each in catalogue().values() if each.chip == device["Name"]), None)
    return InstanceType(
        name=shown["InstanceType"],
        vcpu=shown["VCpuInfo"]["DefaultVCpus"],
        memory_mib=shown["MemoryInfo"]["SizeInMiB"],
        chip=device["Name"],
        chips=chips,
        neuron_core_version=version,
        cores_per_chip=cores,
        visible_cores_per_chip=cores // 2 if version >= LOGICAL_CORES_SINCE else cores,
        chip_memory_gib=known.chip_memory_gib
        if known
        else device["MemoryInfo"]["SizeInMiB"] // 1024,
        enis=shown["NetworkInfo"]["MaximumNetworkInterfaces"],
        architecture=shown["ProcessorInfo"]["SupportedArchitectures"][0],
        device_sets=DeviceSetRule.SINGLE if chips == 1 else DeviceSetRule.ALIGNED,
        source="EC2 DescribeInstanceTypes; which devices are neighbours is a cautious guess.",
    )
