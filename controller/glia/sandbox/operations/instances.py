"""Container instances: registered, described, drained, deregistered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from glia.ecs.expression import ExpressionError, matches, parse
from glia.errors import UsageError
from glia.sandbox import host, machines, views
from glia.sandbox.ecs_error import invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, cluster_of, instance_in
from glia.sandbox.placement import view_of
from glia.sandbox.validation.tags import check_tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.sandbox.records import Cluster, Instance
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import World

MAX_DESCRIBED = 100
MAX_UPDATED = 10


def register_container_instance(request: Request) -> Json:
    """What an agent sends at boot: the identity document names instance, type and zone."""
    cluster, params = cluster_of(request), request.params
    try:
        document = json.loads(params.get("instanceIdentityDocument") or "{}")
    except ValueError:
        raise invalid_parameter("instanceIdentityDocument is not JSON.") from None
    attributes = {each["name"]: each.get("value") for each in params.get("attributes") or ()}
    instance_type = document.get("instanceType") or attributes.get("ecs.instance-type")
    if not instance_type:
        raise invalid_parameter("instanceIdentityDocument names no instanceType.")
    check_tags(params.get("tags") or ())
    if (known := _registered(cluster, document.get("instanceId"))) is not None:
        known.attributes |= attributes
        machines.notice(request.world, cluster)
        return {"containerInstance": views.container_instance(known, tags=True)}
    try:
        instance = machines.register(
            request.world,
            cluster,
            request.place,
            instance_type,
            zone=document.get("availabilityZone"),
            attributes=attributes,
            ec2_instance_id=document.get("instanceId"),
        )
    except UsageError as error:
        raise invalid_parameter(str(error)) from None
    instance.tags = request.tags
    _measure(instance, params.get("totalResources") or ())
    return {"containerInstance": views.container_instance(instance, tags=True)}


def _registered(cluster: Cluster, ec2_instance_id: str | None) -> Instance | None:
    """The container instance that an EC2 instance is already: an agent may register again."""
    for instance in cluster.instances.values():
        if instance.ec2_instance_id == ec2_instance_id:
            return instance
    return None


def _measure(instance: Instance, resources: Iterable[Json]) -> None:
    """Take CPU and memory as the agent tells them, where it does."""
    told = {each.get("name"): each.get("integerValue") for each in resources}
    capacity = replace(
        instance.capacity,
        cpu=told.get("CPU") or instance.capacity.cpu,
        memory=told.get("MEMORY") or instance.capacity.memory,
    )
    instance.capacity = instance.promised.capacity = instance.used.capacity = capacity


def deregister_container_instance(request: Request) -> Json:
    cluster = cluster_of(request)
    instance = _known(cluster, request.params["containerInstance"])
    if any(task.live for task in instance.tasks.values()) and not request.params.get("force"):
        raise invalid_parameter("Found running tasks on the instance.")
    lose(request.world, instance)
    return {"containerInstance": views.container_instance(instance, tags=True)}


def lose(world: World, instance: Instance) -> None:
    """The instance is gone with everything on it."""
    cluster = instance.cluster
    cluster.instances.pop(instance.arn, None)
    instance.status, instance.agent_connected = "INACTIVE", False
    for task in list(instance.tasks.values()):
        reason = f"Host EC2 (instance {instance.ec2_instance_id}) terminated."
        host.fail(world, task, "TerminationNotice", reason, counts=False)
    machines.notice(world, cluster)


def _known(cluster: Cluster, id_or_arn: str) -> Instance:
    instance = instance_in(cluster, id_or_arn)
    if instance is None:
        raise invalid_parameter("The referenced container instance was not found.")
    return instance


def describe_container_instances(request: Request) -> Json:
    cluster = cluster_of(request)
    wanted = request.params["containerInstances"]
    if not 1 <= len(wanted) <= MAX_DESCRIBED:
        raise invalid_parameter(f"Container instances must be from 1 to {MAX_DESCRIBED}.")
    found, failures = [], []
    for name in wanted:
        instance = instance_in(cluster, name)
        if instance is None:
            arn = f"{cluster.arn.replace(':cluster/', ':container-instance/')}/{name}"
            failures.append({"arn": name if name.startswith("arn:") else arn, "reason": "MISSING"})
        else:
            found.append(views.container_instance(instance, tags=request.includes("TAGS")))
    return {"containerInstances": found, "failures": failures}


def list_container_instances(request: Request) -> Json:
    cluster = cluster_of(request)
    status = request.params.get("status", "ACTIVE")
    try:
        query = parse(request.params["filter"]) if request.params.get("filter") else None
    except ExpressionError as error:
        raise invalid_parameter(f"Invalid filter: {error}") from None
    arns = [
        instance.arn
        for instance in cluster.instances.values()
        if instance.status == status and (query is None or matches(query, view_of(instance)))
    ]
    shown, more = page(request, arns)
    return {"containerInstanceArns": shown, **more}


def update_container_instances_state(request: Request) -> Json:
    cluster, status = cluster_of(request), request.params["status"]
    wanted = request.params["containerInstances"]
    if not 1 <= len(wanted) <= MAX_UPDATED:
        raise invalid_parameter(f"Container instances must be from 1 to {MAX_UPDATED}.")
    if status not in {"ACTIVE", "DRAINING"}:
        raise invalid_parameter("Container instance status must be ACTIVE or DRAINING.")
    changed, failures = [], []
    for name in wanted:
        instance = instance_in(cluster, name)
        if instance is None:
            failures.append({"arn": name, "reason": "MISSING"})
            continue
        instance.status = status
        instance.version += 1
        _stop_pending(request.world, instance)
        changed.append(views.container_instance(instance, tags=False))
    machines.notice(request.world, cluster)
    return {"containerInstances": changed, "failures": failures}


def _stop_pending(world: World, instance: Instance) -> None:
    """Service tasks that are still PENDING on a draining instance stop at once."""
    if instance.status == "DRAINING":
        for task in list(instance.tasks.values()):
            if task.pending and task.service is not None:
                reason = f"Scaling activity initiated by (deployment {task.started_by})"
                host.stop(world, task, "ServiceSchedulerInitiated", reason)


OPERATIONS: dict[str, Operation] = {
    "DeregisterContainerInstance": deregister_container_instance,
    "DescribeContainerInstances": describe_container_instances,
    "ListContainerInstances": list_container_instances,
    "RegisterContainerInstance": register_container_instance,
    "UpdateContainerInstancesState": update_container_instances_state,
}
