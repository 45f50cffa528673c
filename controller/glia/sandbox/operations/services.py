"""Services: created, described, listed, updated, deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glia.ecs.expression import parse
from glia.sandbox import deployments, host, views
from glia.sandbox.defaults import NEW_DEPLOYMENT_MEMBERS, described_service, merged_update
from glia.sandbox.ecs_error import EcsError, invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import (
    Operation,
    Request,
    check_providers,
    cluster_of,
    service_in,
    service_of,
    sought,
    usable_definition,
    with_default_strategy,
)
from glia.sandbox.records import Cluster, Service
from glia.sandbox.validation.service import check_create_service, check_update_service

if TYPE_CHECKING:
    from glia.sandbox.records import TaskDefinition
    from glia.sandbox.wire_types import Json

MAX_DESCRIBED = 10
# Members of CreateService that the service shows under another name, or not at all.
ELSEWHERE = ("clientToken", "cluster", "desiredCount", "role", "tags")


def create_service(request: Request) -> Json:
    cluster = cluster_of(request)
    params = with_default_strategy(request.params, cluster)
    existing = cluster.services.get(params.get("serviceName", ""))
    if existing is not None and (same := _existing(existing, request)) is not None:
        return same
    definition = _definition(request)
    check_create_service(params, definition.spec if definition else None)
    check_providers(request, cluster, params)
    service = _new_service(request, cluster, params, definition)
    cluster.services[service.name] = service
    if definition is not None and service.spec["deploymentController"]["type"] == "ECS":
        deployments.begin(request.world, service, definition)
    return {"service": views.service(service, tags=True)}


def _existing(service: Service, request: Request) -> Json | None:
    """The answer to a repeated request; a name in use is refused, a deleted one is free."""
    if service.status == "INACTIVE":
        return None
    if service.status == "DRAINING":
        raise invalid_parameter("Unable to Start a service that is still Draining.")
    if service.client_token and _meant(request.params) == _meant(service.request):
        return {"service": views.service(service, tags=True)}
    raise invalid_parameter("Creation of service was not idempotent.")


def _meant(params: Json) -> Json:
    """What a request asks for, however it spells its cluster and what it leaves out."""
    return {name: each for name, each in params.items() if each is not None and name != "cluster"}


def _definition(request: Request) -> TaskDefinition | None:
    controller = request.params.get("deploymentController", {}).get("type", "ECS")
    if controller == "EXTERNAL" and "taskDefinition" not in request.params:
        return None
    return usable_definition(request)


def _new_service(
    request: Request, cluster: Cluster, params: Json, definition: TaskDefinition | None
) -> Service:
    place = request.place
    described = described_service(params)
    kept = {
        name: params[name]
        for name in (*views.OF_DEPLOYMENTS, *views.OF_REVISIONS)
        if params.get(name)
    }
    spec = {name: value for name, value in {**kept, **described}.items() if name not in ELSEWHERE}
    spec["createdBy"] = f"arn:{place.partition}:iam::{place.account}:root"
    spec["roleArn"] = place.role_arn(
        params.get("role") or "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    )
    if definition is not None:
        spec["taskDefinition"] = definition.arn
    name = params["serviceName"]
    service = Service(
        arn=place.arn(f"service/{cluster.name}/{name}"),
        name=name,
        cluster=cluster,
        spec=spec,
        desired_count=params.get("desiredCount") or 0,
        created_at=request.world.now,
        tags=request.tags,
        client_token=params.get("clientToken"),
        request=request.params,
    )
    _read_constraints(service)
    return service


def _read_constraints(service: Service) -> None:
    constraints = service.spec["placementConstraints"]
    service.constraints = tuple(
        parse(each["expression"]) for each in constraints if each["type"] == "memberOf"
    )
    service.distinct_instance = any(each["type"] == "distinctInstance" for each in constraints)


def describe_services(request: Request) -> Json:
    cluster = cluster_of(request)
    wanted = request.params["services"]
    if len(wanted) > MAX_DESCRIBED:
        raise invalid_parameter(
            f"Services cannot be more than {MAX_DESCRIBED}, and here are {len(wanted)}."
        )
    prefix = request.place.arn(f"service/{cluster.name}/")
    found, failures = sought(wanted, partial(service_in, cluster, request.place), prefix)
    tags = request.includes("TAGS")
    return {"services": [views.service(each, tags=tags) for each in found], "failures": failures}


def list_services(request: Request) -> Json:
    cluster = cluster_of(request)
    launch_type = request.params.get("launchType")
    strategy = request.params.get("schedulingStrategy")
    arns = [
        service.arn
        for service in cluster.services.values()
        if service.status == "ACTIVE"
        and launch_type in {None, service.spec.get("launchType")}
        and strategy in {None, service.spec["schedulingStrategy"]}
    ]
    shown, more = page(request, arns, default=10)
    return {"serviceArns": shown, **more}


def update_service(request: Request) -> Json:
    service = service_of(request)
    if service.status != "ACTIVE":
        raise EcsError("ServiceNotActiveException", "Service was not ACTIVE.")
    params = request.params
    definition = usable_definition(request) if "taskDefinition" in params else _current(service)
    check_update_service(params, service.spec, definition.spec if definition else {})
    check_providers(request, service.cluster, params)
    before = service.spec
    service.spec = merged_update(before, params)
    for name in (*views.OF_DEPLOYMENTS, *views.OF_REVISIONS):
        if params.get(name):
            service.spec[name] = params[name]
        elif params.get(name) is not None:  # [] clears
            service.spec.pop(name, None)
    if definition is not None:
        service.spec["taskDefinition"] = definition.arn
    if params.get("desiredCount") is not None:
        service.desired_count = params["desiredCount"]
        service.steady = False
    _read_constraints(service)
    if definition is not None and _starts_deployment(params, before, service):
        deployments.begin(request.world, service, definition)
    service.cluster.starved.pop(service, None)
    request.world.see(service)
    return {"service": views.service(service, tags=False)}


def _current(service: Service) -> TaskDefinition | None:
    return service.primary.definition if service.deployments else None


def _starts_deployment(params: Json, before: Json, service: Service) -> bool:
    if service.spec["deploymentController"]["type"] != "ECS":
        return False
    changed = {
        name for name in {*before, *service.spec} if before.get(name) != service.spec.get(name)
    }
    return bool(params.get("forceNewDeployment")) or bool(changed & NEW_DEPLOYMENT_MEMBERS)


def delete_service(request: Request) -> Json:
    service = service_of(request)
    if service.status == "INACTIVE":
        raise EcsError("ServiceNotFoundException", "Service not found.")
    replica = service.spec["schedulingStrategy"] == "REPLICA"
    if replica and service.desired_count > 0 and not request.params.get("force"):
        raise invalid_parameter("The service cannot be stopped while it is scaled above 0.")
    service.status = "DRAINING"
    service.desired_count = 0
    deployments.stop(request.world, service, "The service was deleted.")
    for task in service.live_tasks():
        reason = f"Scaling activity initiated by (deployment {task.started_by})"
        host.stop(request.world, task, "ServiceSchedulerInitiated", reason)
    service.cluster.starved.pop(service, None)
    request.world.see(service)
    return {"service": views.service(service, tags=True)}


OPERATIONS: dict[str, Operation] = {
    "CreateService": create_service,
    "DeleteService": delete_service,
    "DescribeServices": describe_services,
    "ListServices": list_services,
    "UpdateService": update_service,
}
