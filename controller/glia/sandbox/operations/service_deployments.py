"""Service deployments and service revisions: the history of a service's rollouts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glia.sandbox import deployments, views
from glia.sandbox.ecs_error import EcsError, invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, service_of, sought

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.sandbox.records import Service, ServiceDeployment
    from glia.sandbox.wire_types import Json

MAX_DESCRIBED = 20


def list_service_deployments(request: Request) -> Json:
    service = service_of(request)
    statuses = request.params.get("status") or ()
    created = request.params.get("createdAt", {})
    after, before = created.get("after", 0), created.get("before", float("inf"))
    briefs = [
        views.service_deployment_brief(entry, service)
        for entry in reversed(service.history)
        if (not statuses or entry.status in statuses) and after <= entry.created_at <= before
    ]
    shown, more = page(request, briefs, default=20)
    return {"serviceDeployments": shown, **more}


def _services(request: Request) -> Iterator[Service]:
    for cluster in request.region.clusters.values():
        yield from cluster.services.values()


def _entry(request: Request, arn: str) -> tuple[Service, ServiceDeployment] | None:
    for service in _services(request):
        for entry in service.history:
            if entry.arn == arn:
                return service, entry
    return None


def describe_service_deployments(request: Request) -> Json:
    arns = request.params["serviceDeploymentArns"]
    _at_most(arns, "service deployments")
    pairs, failures = sought(arns, partial(_entry, request))
    shown = [views.service_deployment(entry, service) for service, entry in pairs]
    return {"serviceDeployments": shown, "failures": failures}


def describe_service_revisions(request: Request) -> Json:
    arns = request.params["serviceRevisionArns"]
    _at_most(arns, "service revisions")
    known = {
        arn: (service, r) for service in _services(request) for arn, r in service.revisions.items()
    }
    pairs, failures = sought(arns, known.get)
    shown = [views.service_revision(revision, service) for service, revision in pairs]
    return {"serviceRevisions": shown, "failures": failures}


def _at_most(arns: list[str], what: str) -> None:
    if len(arns) > MAX_DESCRIBED:
        raise invalid_parameter(f"At most {MAX_DESCRIBED} {what}, and here are {len(arns)}.")


def stop_service_deployment(request: Request) -> Json:
    """Stop a rollout that goes on and return to the last completed deployment."""
    arn = request.params["serviceDeploymentArn"]
    if request.params.get("stopType", "ROLLBACK") != "ROLLBACK":
        raise invalid_parameter("The only valid value for stopType is ROLLBACK.")
    if (pair := _entry(request, arn)) is None:
        raise EcsError("ServiceDeploymentNotFoundException", "Service deployment not found.")
    service, entry = pair
    if service.status != "ACTIVE":
        raise EcsError("ConflictException", f"The service is {service.status}.")
    if entry.status not in deployments.RUNNING_STATES or entry is not service.history[-1]:
        raise EcsError("ConflictException", f"The service deployment is already {entry.status}.")
    if entry.status == "ROLLBACK_IN_PROGRESS":
        return {"serviceDeploymentArn": arn}
    target = deployments.last_completed(service)
    if target is None:
        raise invalid_parameter("There is no completed service deployment to roll back to.")
    deployments.roll_back_to(request.world, service, target, "Stopped by a user.")
    return {"serviceDeploymentArn": arn}


OPERATIONS: dict[str, Operation] = {
    "DescribeServiceDeployments": describe_service_deployments,
    "DescribeServiceRevisions": describe_service_revisions,
    "ListServiceDeployments": list_service_deployments,
    "StopServiceDeployment": stop_service_deployment,
}
