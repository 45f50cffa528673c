"""What ECS refuses in CreateService and UpdateService, apart from what depends on its state."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glia.sandbox.defaults import (
    FARGATE_PROVIDERS,
    UPDATE_MEMBERS,
    described_service,
    launch_type_behind,
    merged_update,
)
from glia.sandbox.ecs_error import invalid_parameter
from glia.sandbox.validation.attachments import faults_of_attachments
from glia.sandbox.validation.deployment import faults_of_deployment
from glia.sandbox.validation.placement import faults_of_placement
from glia.sandbox.validation.rules import Sentences, faults_of_name, refuse_first
from glia.sandbox.validation.tags import check_tags

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

# botocore's documentation of CreateServiceRequest: clientToken, capacityProviderStrategy.
CLIENT_TOKEN = re.compile(r"[!-~]{1,36}")
PROVIDER_LIMIT = 20

# botocore's documentation of UpdateService: what the call may change beside its addressees.
_ADDRESS = frozenset({"cluster", "service"})
_EXTERNAL = frozenset(
    {
        "desiredCount",
        "enableECSManagedTags",
        "healthCheckGracePeriodSeconds",
        "placementConstraints",
        "placementStrategy",
        "propagateTags",
    }
)
UPDATABLE = {
    "CODE_DEPLOY": _ADDRESS | _EXTERNAL | {"deploymentConfiguration"},
    "EXTERNAL": _ADDRESS | _EXTERNAL,
}


def check_create_service(params: Json, task_definition: Json | None) -> None:
    """Refuse a CreateService whose members do not go together.

    Args:
        params: the request, its shapes checked before.
        task_definition: the described task definition; None where an external deployment
            controller goes without.

    Raises:
        EcsError: ``InvalidParameterException``.
    """
    service = {**params, **described_service(params)}
    refuse_first(_faults_of_create(params, service), invalid_parameter)
    refuse_first(_faults_of_service(service, task_definition), invalid_parameter)
    check_tags(params.get("tags") or [])


def check_update_service(params: Json, service: Json, task_definition: Json | None) -> None:
    """Refuse an UpdateService whose result would not go together.

    Args:
        params: the request, its shapes checked before.
        service: the stored service, its defaults filled in.
        task_definition: the described task definition that the service will have; None or
            empty where an external deployment controller goes without.

    Raises:
        EcsError: ``InvalidParameterException``.
    """
    given = {name: value for name, value in params.items() if value is not None}
    if given.get("deploymentController") == service["deploymentController"]:
        given.pop("deploymentController")
    if not given.get("forceNewDeployment"):
        given.pop("forceNewDeployment", None)
    refuse_first(_faults_of_update(given, service), invalid_parameter)
    beside = {name: value for name, value in given.items() if name not in UPDATE_MEMBERS}
    merged = {**merged_update(service, given), **beside}
    if "healthCheckGracePeriodSeconds" not in given:
        # Whoever takes the load balancer away need not think of the grace period as well.
        merged.pop("healthCheckGracePeriodSeconds", None)
    refuse_first(_faults_of_service(merged, task_definition or None), invalid_parameter)


def _faults_of_create(params: Json, service: Json) -> Sentences:
    yield from faults_of_name("serviceName", params["serviceName"])
    if params.get("clientToken") and not CLIENT_TOKEN.fullmatch(params["clientToken"]):
        yield "clientToken can have up to 36 ASCII characters in the range of 33-126."
    controller = service["deploymentController"]["type"]
    if not params.get("taskDefinition") and controller != "EXTERNAL":
        yield f"taskDefinition must be specified with the {controller} deployment controller."
    if params.get("role") and not params.get("loadBalancers"):
        yield "role is only permitted together with loadBalancers."
    counted = service["schedulingStrategy"] == "REPLICA" and controller != "EXTERNAL"
    if counted and params.get("desiredCount") is None:
        yield "desiredCount must be specified with the REPLICA scheduling strategy."
    yield from _faults_of_desired_count(params, service)


def _faults_of_update(given: Json, service: Json) -> Sentences:
    controller = service["deploymentController"]["type"]
    if "deploymentController" in given:
        # ECS allows some of these changes. Here they would leave a service that nothing deploys.
        wanted = given["deploymentController"]["type"]
        yield f"Cannot change the deployment controller from {controller} to {wanted}."
    allowed = UPDATABLE.get(controller)
    for member in sorted(given):
        if allowed is not None and member not in allowed:
            yield (
                f"Cannot update {member} of a service with the {controller} deployment controller."
            )
    yield from _faults_of_desired_count(given, service)


def _faults_of_desired_count(params: Json, service: Json) -> Sentences:
    count = params.get("desiredCount")
    if count is not None and service["schedulingStrategy"] == "DAEMON":
        yield (
            "The daemon scheduling strategy does not support a desired count for services. "
            "Remove the desired count value and try again"
        )
    if count is not None and count < 0:
        yield f"desiredCount must not be negative: {count}."


def _faults_of_service(service: Json, task: Json | None) -> Sentences:
    yield from _faults_of_daemon(service)
    yield from faults_of_capacity(service, task)
    if task is not None:
        yield from _faults_of_role(service, task)
    yield from faults_of_deployment(service)
    yield from faults_of_attachments(service, task)
    yield from faults_of_placement(service, task)


def _faults_of_daemon(service: Json) -> Sentences:
    if service["schedulingStrategy"] != "DAEMON":
        return
    if service["placementStrategy"]:
        yield (
            "The daemon scheduling strategy does not support placement strategies. Remove the "
            "placement strategy and try again"
        )
    if service.get("launchType") == "FARGATE":
        yield "The daemon scheduling strategy does not support the Fargate launch type."
    if service["deploymentController"]["type"] != "ECS":
        yield "The daemon scheduling strategy only supports the ECS deployment controller."


def faults_of_capacity(params: Json, task: Json | None) -> Sentences:
    """ECS's sentences about where the tasks of a service or of a RunTask are to run."""
    strategy = params.get("capacityProviderStrategy") or []
    if params.get("launchType") and strategy:
        yield (
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
    if params.get("launchType") == "MANAGED_INSTANCES":
        yield "Amazon ECS Managed Instances need a capacityProviderStrategy, not a launchType."
    yield from faults_of_providers(strategy)
    if task is not None:
        yield from _faults_of_launch_type(params, task)
    if params.get("launchType") == "FARGATE":
        for member in ("placementConstraints", "placementStrategy"):
            if params.get(member):
                yield f"Tasks using the Fargate launch type do not support {member}."


def faults_of_providers(strategy: list[Json]) -> Sentences:
    """Botocore's documentation of CapacityProviderStrategyItem."""
    if len(strategy) > PROVIDER_LIMIT:
        yield f"capacityProviderStrategy can have at most {PROVIDER_LIMIT} capacity providers."
    if len([item for item in strategy if item.get("base")]) > 1:
        yield "Only one capacity provider in a capacityProviderStrategy can have a base defined."
    if len(strategy) > 1 and not any(item.get("weight") for item in strategy):
        yield (
            "At least one capacity provider must have a weight value greater than zero "
            "specified in the capacityProviderStrategy."
        )
    names = {item["capacityProvider"] for item in strategy}
    if names & FARGATE_PROVIDERS and names - FARGATE_PROVIDERS:
        yield "A capacityProviderStrategy cannot mix Fargate with other capacity providers."


def _faults_of_launch_type(service: Json, task: Json) -> Sentences:
    """The launch types that the task definition asked to be validated against.

    ECS also lists others in ``compatibilities``; whether it would launch on them what was
    registered for one alone is unverified, so what was asked for decides here.
    """
    launch_type = service.get("launchType")
    if launch_type_behind(service) == "FARGATE":
        launch_type = "FARGATE"
    supported = task.get("requiresCompatibilities") or task.get("compatibilities")
    if launch_type and supported is not None and launch_type not in supported:
        yield f"Task definition does not support launch_type {launch_type}."


def _faults_of_role(service: Json, task: Json) -> Sentences:
    if service.get("role") and task.get("networkMode") == "awsvpc":
        yield "role is not permitted when the task definition uses networkMode 'awsvpc'."
