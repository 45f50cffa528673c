"""How tasks begin, ordered by RunTask, StartTask or a service, and how services end theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from glia.sandbox import events, host
from glia.sandbox.needs import Needs, needs_of, overrides_by_container
from glia.sandbox.records import Deployment, Service, Tags, Task, TaskDefinition

if TYPE_CHECKING:
    from glia.sandbox.records import Cluster, Instance
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Order:
    """A task of this make is wanted.

    ``spec`` holds members that a task only carries (overrides, enableExecuteCommand, ...).
    """

    definition: TaskDefinition
    group: str
    launch_type: str
    needs: Needs
    started_by: str | None = None
    capacity_provider: str | None = None
    service: Service | None = None
    deployment: Deployment | None = None
    spec: Json = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)


def order_of(service: Service, deployment: Deployment, provider: str | None) -> Order:
    """A task of a service's deployment, from a capacity provider where there is one."""
    definition = deployment.definition
    launch_type = deployment.revision.get("launchType")
    return Order(
        definition=definition,
        group=service.group,
        launch_type=launch_type or "EC2",
        needs=needs_of(definition.spec, {}),
        started_by=deployment.id,
        capacity_provider=provider,
        service=service,
        deployment=deployment,
        spec={"enableExecuteCommand": service.spec.get("enableExecuteCommand", False)},
        tags=_propagated_tags(service, definition),
    )


def _propagated_tags(service: Service, definition: TaskDefinition) -> Tags:
    sources = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}
    tags = dict(sources.get(service.spec.get("propagateTags", "NONE"), {}))
    if service.spec.get("enableECSManagedTags"):
        tags |= {
            "aws:ecs:serviceName": service.name,
            "aws:ecs:clusterName": service.cluster.name,
        }
    return tags


def start(world: World, cluster: Cluster, order: Order, instance: Instance | None) -> Task:
    """Make the task, book what it takes, and send it on its way to the host."""
    arn = f"{cluster.arn.replace(':cluster/', ':task/')}/{world.ids.hexadecimal()}"
    task = Task(
        arn=arn,
        cluster=cluster,
        definition=order.definition,
        needs=order.needs,
        group=order.group,
        launch_type=order.launch_type,
        containers=_containers(world, order, arn),
        created_at=world.now,
        started_by=order.started_by,
        service=order.service,
        deployment=order.deployment,
        instance=instance,
        capacity_provider=order.capacity_provider,
        spec=order.spec,
        tags=dict(order.tags),
    )
    cluster.tasks[arn] = task
    if order.service is not None:
        order.service.tasks[arn] = task
    if instance is not None:
        instance.tasks[arn] = task
        instance.promised.take(task.needs)
    world.stir(cluster)
    delay = world.pace.eni if task.needs.enis else world.pace.provisioning
    world.after(delay, partial(host.receive, world, task))
    return task


def scale_in(world: World, service: Service, chosen: list[Task]) -> None:
    """The service scheduler stops these tasks of a service."""
    for task in chosen:
        reason = f"Scaling activity initiated by (deployment {service.primary.id})"
        host.stop(world, task, "ServiceSchedulerInitiated", reason)
    if chosen:
        service.steady = False
        events.stopped(world, service, chosen)


def _containers(world: World, order: Order, task_arn: str) -> list[Json]:
    container_arn = task_arn.replace(":task/", ":container/")
    overrides = overrides_by_container(order.spec.get("overrides") or {})
    return [
        {
            "containerArn": f"{container_arn}/{world.ids.uuid()}",
            "taskArn": task_arn,
            "name": container["name"],
            "image": container["image"],
            "lastStatus": "PENDING",
            "networkBindings": [],
            "networkInterfaces": [],
            "healthStatus": "UNKNOWN",
            **{
                size: str(value)
                for size in ("cpu", "memory", "memoryReservation")
                if (value := {**container, **overrides.get(container["name"], {})}.get(size))
                is not None
            },
        }
        for container in order.definition.spec["containerDefinitions"]
    ]
