"""Container instances: registered, described, drained, deregistered."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from glia.ecs.expression import ExpressionError, matches, parse
from glia.errors import UsageError
from glia.sandbox import host, machines, views
from glia.sandbox.ecs_error import invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, cluster_of, instance_in, sought
from glia.sandbox.placement import view_of
from glia.sandbox.validation.tags import check_tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.sandbox.records import Cluster, Instance
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import World

MAX_DESCRIBED = 100
MAX_UPDATED = 10
IDENTITY = ("availabilityZone", "instanceId", "instanceType")


def register_container_instance(request: Request) -> Json:
    """What an agent sends at boot: the identity document names instance, type and zone."""
    cluster, params = cluster_of(request), request.params
    document = _identity(params.get("instanceIdentityDocument") or "{}")
    attributes = {each["name"]: each.get("value") for each in params.get("attributes") or ()}
    instance_type = document.get("instanceType") or attributes.get("ecs.instance-type")
    if not instance_type:
        raise invalid_parameter("instanceIdentityDocument names no instanceType.")
    check_tags(params.get("tags") or ())
    if (known := _registered(cluster, document.get("instanceId"))) is not None:
        known.attributes |= attributes
        machines.notice(request.world, cluster)
        return {"containerInstance": views.container_instance(known, tags=True)}
    measured = _measured(params.get("totalResources") or ())
    told = machines.Registration(
        instance_type,
        zone=document.get("availabilityZone"),
        attributes=attributes,
        ec2_instance_id=document.get("instanceId"),
        cpu=measured.get("CPU"),
        memory=measured.get("MEMORY"),
        tags=request.tags,
    )
    try:
        instance = machines.register(request.world, cluster, told)
    except UsageError as error:
        raise invalid_parameter(str(error)) from None
    return {"containerInstance": views.container_instance(instance, tags=True)}


def _identity(text: str) -> dict[str, str]:
    """The members of an instance identity document that say which machine it is."""
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise invalid_parameter("instanceIdentityDocument is not a JSON object.")
    told = {name: document[name] for name in IDENTITY if document.get(name) is not None}
    for name, value in told.items():
        if not isinstance(value, str):
            raise invalid_parameter(f"instanceIdentityDocument: {name} is not a string.")
    return told


def _registered(cluster: Cluster, ec2_instance_id: str | None) -> Instance | None:
    """The container instance that an EC2 instance is already: an agent may register again."""
    for instance in cluster.instances.values():
        if instance.ec2_instance_id == ec2_instance_id:
            return instance
    return None


def _measured(resources: Iterable[Json]) -> dict[str, int]:
    """CPU and memory as the agent tells them, where it does."""
    return {each["name"]: each["integerValue"] for each in resources if each.get("integerValue")}


def deregister_container_instance(request: Request) -> Json:
    cluster = cluster_of(request)
    instance = _known(cluster, request.params["containerInstance"])
    if any(task.live for task in instance.tasks.values()) and not request.params.get("force"):
        raise invalid_parameter("Found running tasks on the instance.")
    lose(request.world, instance)
    return {"containerInstance": views.container_instance(instance, tags=True)}


def lose(world: World, instance: Instance) -> None:
    """The instance is gone with everything on it."""
    machines.retire(world, instance)
    for task in list(instance.tasks.values()):
        reason = f"Host EC2 (instance {instance.ec2_instance_id}) terminated."
        host.fail(world, task, "TerminationNotice", reason, counts=False)


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
    prefix = f"{cluster.arn.replace(':cluster/', ':container-instance/')}/"
    found, failures = sought(wanted, partial(instance_in, cluster), prefix)
    tags = request.includes("TAGS")
    shown = [views.container_instance(each, tags=tags) for each in found]
    return {"containerInstances": shown, "failures": failures}


def list_container_instances(request: Request) -> Json:
    cluster = cluster_of(request)
    wanted = request.params.get("status")
    try:
        query = parse(request.params["filter"]) if request.params.get("filter") else None
    except ExpressionError as error:
        raise invalid_parameter(f"Invalid filter: {error}") from None
    arns = [
        instance.arn
        for instance in cluster.instances.values()
        if (instance.status == wanted if wanted else instance.status != "INACTIVE")
        and (query is None or matches(query, view_of(instance)))
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
