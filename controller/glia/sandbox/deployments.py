"""Deployments of a service: how one begins, completes, fails and is rolled back.

A rolling update has one PRIMARY deployment and any number of ACTIVE ones, which give their
tasks up to it. Each has a service revision; each rollout has an entry in the history that
ListServiceDeployments tells (API reference, ServiceDeployment).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glia.sandbox import events
from glia.sandbox.records import Deployment, ServiceDeployment

if TYPE_CHECKING:
    from glia.sandbox.records import Service, TaskDefinition
    from glia.sandbox.world import World

# The members of a service that a service revision records (API reference, ServiceRevision).
REVISION_MEMBERS = (
    "capacityProviderStrategy",
    "gatewayConnectors",
    "launchType",
    "loadBalancers",
    "monitoring",
    "networkConfiguration",
    "platformFamily",
    "platformVersion",
    "serviceConnectConfiguration",
    "serviceRegistries",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
RUNNING_STATES = {"PENDING", "IN_PROGRESS", "ROLLBACK_IN_PROGRESS"}


def begin(world: World, service: Service, definition: TaskDefinition) -> Deployment:
    """Start deploying the service as it is now described."""
    number = world.ids.revision()
    deployment = Deployment(
        number=number,
        arn_of_revision=f"{_arn(service, 'service-revision')}/{number}",
        definition=definition,
        revision={k: service.spec[k] for k in REVISION_MEMBERS if k in service.spec},
        created_at=world.now,
        updated_at=world.now,
    )
    service.revisions[deployment.arn_of_revision] = deployment
    stop(world, service, "Superseded by a newer service deployment.")
    _record(world, service, deployment)
    _lead(world, service, deployment)
    return deployment


def _arn(service: Service, kind: str) -> str:
    return service.arn.replace(":service/", f":{kind}/", 1)


def _lead(world: World, service: Service, deployment: Deployment) -> None:
    """Make it the PRIMARY deployment; those before it give their tasks up."""
    for older in service.deployments:
        older.status = "ACTIVE"
        older.updated_at = world.now
    deployment.status = "PRIMARY"
    deployment.rollout_state = "IN_PROGRESS"
    deployment.rollout_reason = f"ECS deployment {deployment.id} in progress."
    deployment.failed_tasks = 0
    deployment.updated_at = world.now
    deployment.bake_since = None
    if deployment in service.deployments:
        service.deployments.remove(deployment)
    service.deployments.insert(0, deployment)
    service.failures_in_a_row = service.failures_paid = 0
    service.retry_at = 0.0
    service.steady = False
    events.resolve(service, "start")
    world.see(service)


def stop(world: World, service: Service, reason: str) -> None:
    """End the rollout that goes on, if any; ECS's words for the reason are not published."""
    if service.history and service.history[-1].status in RUNNING_STATES:
        entry = service.history[-1]
        entry.status, entry.reason = "STOPPED", reason
        entry.stopped_at = entry.finished_at = entry.updated_at = world.now


def _record(world: World, service: Service, deployment: Deployment) -> None:
    breaker = service.spec["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    entry = ServiceDeployment(
        arn=f"{_arn(service, 'service-deployment')}/{world.ids.deployment()}",
        target=deployment,
        sources=tuple(service.deployments),
        created_at=world.now,
        updated_at=world.now,
        configuration=service.spec["deploymentConfiguration"],
        breaker="MONITORING" if breaker.get("enable") else "DISABLED",
        threshold=threshold(service),
    )
    service.history.append(entry)


def threshold(service: Service) -> int:
    """How many failed tasks trip the circuit breaker.

    By default half of the desired count, at least 3 and at most 200 (developer guide,
    "deployment circuit breaker").
    """
    breaker = service.spec["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    rule = breaker.get("thresholdConfiguration", {"type": "BOUNDED_PERCENT", "value": 50})
    value = int(rule["value"])
    share = math.ceil(service.desired_count * value / 100)
    match rule["type"]:
        case "COUNT":
            return value
        case "BOUNDED_PERCENT":
            return min(max(share, 3), 200)
        case _:
            return max(share, 1)


def watch_failures(world: World, service: Service) -> None:
    """Fail the deployment if its circuit breaker has seen enough."""
    deployment, entry = service.primary, service.history[-1]
    if entry.status != "IN_PROGRESS":
        return  # a rollback is not watched: it could only return to itself
    entry.failures = max(entry.failures, deployment.failed_tasks)
    entry.threshold = threshold(service)
    breaker = service.spec["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    entry.breaker = "MONITORING" if breaker.get("enable") else "DISABLED"
    if breaker.get("enable") and deployment.failed_tasks >= entry.threshold:
        entry.breaker = "TRIGGERED"
        fail(world, service, "tasks failed to start", roll_back=breaker["rollback"])


def fail(world: World, service: Service, reason: str, *, roll_back: bool) -> None:
    """End the PRIMARY deployment in failure, and return to the last completed one if asked."""
    failed, entry = service.primary, service.history[-1]
    failed.rollout_state = "FAILED"
    failed.rollout_reason = f"ECS deployment circuit breaker: {reason}."
    failed.updated_at = entry.updated_at = world.now
    events.deployment_failed(world, service, failed, reason)
    target = last_completed(service) if roll_back else None
    entry.reason = (
        f"Service deployment failed because the circuit breaker threshold was met: {reason}."
    )
    if target is None:
        # With rollback asked for and nothing to return to, the deployment stalls (developer
        # guide, "deployment circuit breaker").
        entry.status = "ROLLBACK_FAILED" if roll_back else "STOPPED"
        entry.finished_at = entry.stopped_at = world.now
        return
    roll_back_to(world, service, target, entry.reason)


def roll_back_to(world: World, service: Service, target: Deployment, reason: str) -> None:
    entry = service.history[-1]
    entry.status, entry.updated_at = "ROLLBACK_IN_PROGRESS", world.now
    entry.rollback_to, entry.rollback_reason, entry.rollback_at = target, reason, world.now
    service.spec["taskDefinition"] = target.definition.arn
    for member in REVISION_MEMBERS:
        service.spec.pop(member, None)
    service.spec.update(target.revision)
    events.rolling_back(world, service, target)
    _lead(world, service, target)
    if entry.breaker == "TRIGGERED":
        target.rollout_reason = (
            f"ECS deployment circuit breaker: rolling back to deploymentId {target.id}."
        )
    else:
        entry.breaker = "DISABLED" if entry.breaker == "DISABLED" else "MONITORING_COMPLETE"
        target.rollout_reason = f"ECS deployment rolling back to deploymentId {target.id}."


def last_completed(service: Service) -> Deployment | None:
    """The deployment to return to: the latest that ever completed, but the PRIMARY one."""
    for entry in reversed(service.history):
        for each in (entry.rollback_to, entry.target):
            if each is not None and each.completed and each is not service.primary:
                return each
    return None


def complete(world: World, service: Service) -> None:
    """The PRIMARY deployment runs and is healthy, and the others have given their tasks up."""
    deployment, entry = service.primary, service.history[-1]
    deployment.rollout_state = "COMPLETED"
    deployment.rollout_reason = f"ECS deployment {deployment.id} completed."
    deployment.completed = True
    deployment.updated_at = entry.updated_at = entry.finished_at = world.now
    rolled_back = entry.status == "ROLLBACK_IN_PROGRESS"
    entry.status = "ROLLBACK_SUCCESSFUL" if rolled_back else "SUCCESSFUL"
    entry.stage = "CLEAN_UP"
    if entry.breaker == "MONITORING":
        entry.breaker = "MONITORING_COMPLETE"
    service.deployments = [deployment]
    events.deployment_completed(world, service, deployment)
