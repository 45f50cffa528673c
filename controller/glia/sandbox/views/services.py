"""Services, their deployments and their history as ECS shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.views.members import only_set, tag_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.sandbox.records import Deployment, Service, ServiceDeployment, Task
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
