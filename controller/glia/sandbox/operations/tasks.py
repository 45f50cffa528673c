"""Standalone tasks, and tasks in general: run, started, stopped, described, listed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from glia.ecs.expression import parse
from glia.sandbox import capacity, host, tasks, views
from glia.sandbox.ecs_error import EcsError, invalid_parameter
from glia.sandbox.needs import needs_of
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import (
    Operation,
    Request,
    check_providers,
    cluster_of,
    instance_in,
    service_in,
    sought,
    task_in,
    usable_definition,
    with_default_strategy,
)
from glia.sandbox.placement import NoPlace, Terms, obstacle
from glia.sandbox.validation.standalone import check_standalone
from glia.sandbox.validation.task_size import normalised

if TYPE_CHECKING:
    from glia.sandbox.records import Cluster, Task, TaskDefinition
    from glia.sandbox.wire_types import Json

MAX_RUN = 10
MAX_DESCRIBED = 100


def run_task(request: Request) -> Json:
    """Place up to ten tasks at once; what finds no place is a failure in the answer."""
    cluster, definition = cluster_of(request), usable_definition(request)
    count = request.params.get("count")
    count = 1 if count is None else count
    if not 1 <= count <= MAX_RUN:
        raise invalid_parameter(f"Count must be between 1 and {MAX_RUN}.")
    if (answer := _repeated(request, cluster)) is not None:
        return answer
    wanted = with_default_strategy(request.params, cluster)
    check_standalone(wanted, definition.spec)
    check_providers(request, cluster, wanted)
    order = _order(request, cluster, definition)
    started, failures = [], []
    for _ in range(count):
        terms = _terms(request, cluster, order)
        chosen = capacity.find(request.world, cluster, terms, wanted)
        if isinstance(chosen, NoPlace):
            instance = chosen.instance
            failures.append(
                views.only_set(arn=instance.arn if instance else None, reason=chosen.failure)
            )
            break
        provider, instance = chosen
        placed = replace(order, capacity_provider=provider)
        started.append(tasks.start(request.world, cluster, placed, instance))
    _remember(request, started)
    return {"tasks": [views.task(task, tags=True) for task in started], "failures": failures}


def _repeated(request: Request, cluster: Cluster) -> Json | None:
    """The tasks, as they are now, of the RunTask that this one repeats."""
    before = request.region.answers.get(("RunTask", request.params.get("clientToken") or ""))
    if before is None:
        return None
    if before["request"] != request.params:
        raise EcsError(
            "ConflictException",
            "The clientToken is already in use with a different RunTask request.",
        )
    arns = [arn for arn in before["tasks"] if arn in cluster.tasks]
    return {"tasks": [views.task(cluster.tasks[arn], tags=True) for arn in arns], "failures": []}


def _remember(request: Request, started: list[Task]) -> None:
    if token := request.params.get("clientToken"):
        arns = [task.arn for task in started]
        request.region.answers["RunTask", token] = {"request": request.params, "tasks": arns}


def _order(request: Request, cluster: Cluster, definition: TaskDefinition) -> tasks.Order:
    params = request.params
    overrides = normalised(params.get("overrides") or {})
    tags = dict(definition.tags) if params.get("propagateTags") == "TASK_DEFINITION" else {}
    if params.get("enableECSManagedTags"):
        tags["aws:ecs:clusterName"] = cluster.name
    return tasks.Order(
        definition=definition,
        group=params.get("group") or f"family:{definition.family}",
        launch_type=params.get("launchType") or "EC2",
        needs=needs_of(definition.spec, overrides),
        started_by=params.get("startedBy"),
        spec={
            "overrides": overrides,
            "enableExecuteCommand": params.get("enableExecuteCommand", False),
            "networkConfiguration": params.get("networkConfiguration") or {},
        },
        tags={**tags, **request.tags},
    )


def _terms(request: Request, cluster: Cluster, order: tasks.Order) -> Terms:
    constraints = request.params.get("placementConstraints") or ()
    return Terms(
        definition=order.definition,
        needs=order.needs,
        peers=[t for t in cluster.tasks.values() if t.live and t.group == order.group],
        constraints=tuple(parse(c["expression"]) for c in constraints if c["type"] == "memberOf"),
        distinct_instance=any(each["type"] == "distinctInstance" for each in constraints),
        strategy=request.params.get("placementStrategy") or (),
    )


def start_task(request: Request) -> Json:
    """Start a task on the very instances named: no scheduler, but constraints and resources."""
    cluster, definition = cluster_of(request), usable_definition(request)
    if not 1 <= len(request.params["containerInstances"]) <= MAX_RUN:
        raise invalid_parameter(f"Container instances must be from 1 to {MAX_RUN}.")
    check_standalone(request.params, definition.spec)
    order = _order(request, cluster, definition)
    started, failures = [], []
    for wanted in request.params["containerInstances"]:
        instance = instance_in(cluster, wanted)
        if instance is None:
            failures.append({"arn": wanted, "reason": "MISSING"})
            continue
        if instance.status != "ACTIVE":
            failures.append({"arn": instance.arn, "reason": "INACTIVE"})
            continue
        lack = obstacle(instance, _terms(request, cluster, order))
        if lack is not None:
            failures.append({"arn": instance.arn, "reason": NoPlace(lack, instance).failure})
            continue
        started.append(tasks.start(request.world, cluster, order, instance))
    return {"tasks": [views.task(task, tags=True) for task in started], "failures": failures}


def stop_task(request: Request) -> Json:
    task = task_in(cluster_of(request), request.params["task"])
    if task is None:
        raise EcsError("InvalidParameterException", "The referenced task was not found.")
    reason = request.params.get("reason") or "Task stopped by user"
    host.stop(request.world, task, "UserInitiated", reason)
    return {"task": views.task(task, tags=True)}


def describe_tasks(request: Request) -> Json:
    cluster = cluster_of(request)
    wanted = request.params["tasks"]
    if len(wanted) > MAX_DESCRIBED:
        raise invalid_parameter(f"Tasks cannot be more than {MAX_DESCRIBED}.")
    prefix = f"{cluster.arn.replace(':cluster/', ':task/')}/"
    found, failures = sought(wanted, partial(task_in, cluster), prefix)
    tags = request.includes("TAGS")
    return {"tasks": [views.task(each, tags=tags) for each in found], "failures": failures}


def list_tasks(request: Request) -> Json:
    cluster, params = cluster_of(request), request.params
    candidates = list(cluster.tasks.values())
    if "serviceName" in params:
        service = service_in(cluster, request.place, params["serviceName"])
        if service is None:
            raise EcsError("ServiceNotFoundException", "Service not found.")
        candidates = list(service.tasks.values())
    instance = None
    if "containerInstance" in params:
        instance = instance_in(cluster, params["containerInstance"])
        if instance is None:
            raise invalid_parameter("The referenced container instance was not found.")
    arns = [
        task.arn
        for task in candidates
        if task.desired_status == params.get("desiredStatus", "RUNNING")
        and instance in {None, task.instance}
        and params.get("family") in {None, task.definition.family}
        and params.get("startedBy") in {None, task.started_by}
        and params.get("launchType") in {None, views.launch_type(task)}
    ]
    shown, more = page(request, arns)
    return {"taskArns": shown, **more}


OPERATIONS: dict[str, Operation] = {
    "DescribeTasks": describe_tasks,
    "ListTasks": list_tasks,
    "RunTask": run_task,
    "StartTask": start_task,
    "StopTask": stop_task,
}
