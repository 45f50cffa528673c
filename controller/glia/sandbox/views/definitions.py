"""Task definitions, clusters and capacity providers as ECS shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.views.members import only_set, tag_list

if TYPE_CHECKING:
    from glia.sandbox.records import CapacityProvider, Cluster, TaskDefinition
    from glia.sandbox.wire_types import Json


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


def capacity_provider(record: CapacityProvider, *, tags: bool) -> Json:
    return {
        **record.spec,
        "capacityProviderArn": record.arn,
        "name": record.name,
        "status": record.status,
        "tags": tag_list(record.tags) if tags else [],
    }
