"""The service scheduler's pass over one DAEMON service: one task on every matching instance.

Tasks on instances that no longer match are stopped; an update stops the old task of an
instance before it starts the new one, as far as minimumHealthyPercent allows (developer
guide, "daemon" scheduling strategy).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glia.sandbox import deployments, events, tasks
from glia.sandbox.placement import NoPlace, Terms, belongs, obstacle, unsatisfied
from glia.sandbox.throttle import is_throttled

if TYPE_CHECKING:
    from glia.sandbox.records import Instance, Service, Task
    from glia.sandbox.world import World


def reconcile(world: World, service: Service) -> None:
    """Start what is missing, stop what has no place or is out of date."""
    deployments.watch_failures(world, service)
    terms = _terms(service)
    homes = {
        instance.arn: instance
        for instance in service.cluster.instances.values()
        if instance.takes_tasks
        and belongs(instance, terms.provider)
        and unsatisfied(instance, terms) is None
    }
    service.desired_count = len(homes)
    live = service.live_tasks()
    strays = [task for task in live if not _is_at_home(task, homes)]
    outdated = [
        task for task in live if task not in strays and task.deployment is not service.primary
    ]
    strays = [task for task in strays if not _is_still_needed(task)]
    tasks.scale_in(world, service, strays + _may_leave(service, live, outdated))
    taken = {task.instance.arn for task in service.live_tasks() if task.instance is not None}
    _start(world, service, terms, [home for arn, home in homes.items() if arn not in taken])
    _settle(world, service)


def _is_at_home(task: Task, homes: dict[str, Instance]) -> bool:
    return task.instance is not None and task.instance.arn in homes


def _is_still_needed(task: Task) -> bool:
    """On a draining instance daemons are the last to stop."""
    home = task.instance
    if home is None or home.status != "DRAINING":
        return False
    return any(not _is_of_daemon(other) for other in home.tasks.values())


def _is_of_daemon(task: Task) -> bool:
    return task.service is not None and task.service.spec["schedulingStrategy"] == "DAEMON"


def _terms(service: Service) -> Terms:
    """A daemon's tasks all come from one provider, the first of its strategy."""
    strategy = service.primary.revision.get("capacityProviderStrategy") or ()
    provider = strategy[0]["capacityProvider"] if strategy else None
    order = tasks.order_of(service, service.primary, provider)
    return Terms(
        definition=order.definition,
        needs=order.needs,
        peers=(),
        constraints=service.constraints,
        distinct_instance=False,
        strategy=(),
        provider=provider,
    )


def _may_leave(service: Service, live: list[Task], outdated: list[Task]) -> list[Task]:
    percent = service.spec["deploymentConfiguration"]["minimumHealthyPercent"]
    lower = math.ceil(service.desired_count * percent / 100)
    healthy = [task for task in outdated if task.healthy]
    spare = max(0, sum(task.healthy for task in live) - lower)
    return [task for task in outdated if not task.healthy] + healthy[:spare]


def _start(world: World, service: Service, terms: Terms, homes: list[Instance]) -> None:
    if service.primary.rollout_state == "FAILED" or is_throttled(world, service):
        return
    started = []
    for home in homes:
        if (lack := obstacle(home, terms)) is not None:
            service.cluster.starved[service] = None
            events.unable_to_place(world, service, NoPlace(lack, home).sentence)
            continue
        order = tasks.order_of(service, service.primary, terms.provider)
        started.append(tasks.start(world, service.cluster, order, home))
    if started:
        service.steady = False
        events.started(world, service, started)


def _settle(world: World, service: Service) -> None:
    live = service.live_tasks()
    primary = service.primary
    if not all(task.healthy and task.deployment is primary for task in live):
        return
    if len(live) < service.desired_count:
        return
    if primary.rollout_state == "IN_PROGRESS":
        deployments.complete(world, service)
    if not service.steady:
        service.steady = True
        events.resolve_all(service)
        events.steady(world, service)
