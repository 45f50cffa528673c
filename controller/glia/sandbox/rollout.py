"""The service scheduler's pass over one REPLICA service.

Between the lower limit, ceil(desired x minimumHealthyPercent), and the upper one,
floor(desired x maximumPercent), tasks of the PRIMARY deployment take the place of the others
(API reference, DeploymentConfiguration). Tasks on draining instances leave in the same way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from glia.sandbox import capacity, deployments, events, tasks
from glia.sandbox.placement import NoPlace, Terms
from glia.sandbox.throttle import is_throttled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.sandbox.records import Instance, Service, Task
    from glia.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Limits:
    """How few healthy and how many live tasks a service may have.

    Strategies other than ROLLING run a full second set of tasks before traffic moves.
    """

    desired: int
    lower: int
    upper: int


def limits(service: Service) -> Limits:
    configuration = service.spec["deploymentConfiguration"]
    desired = service.desired_count
    if configuration.get("strategy", "ROLLING") != "ROLLING":
        return Limits(desired, desired, 2 * desired)
    return Limits(
        desired,
        math.ceil(desired * configuration["minimumHealthyPercent"] / 100),
        math.floor(desired * configuration["maximumPercent"] / 100),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """One look at a service: its live tasks, those that stay and those that are to leave."""

    world: World
    service: Service
    limit: Limits
    fresh: list[Task]
    leaving: list[Task]


def reconcile(world: World, service: Service) -> None:
    """Bring the service one step closer to what it should be."""
    deployments.watch_failures(world, service)
    limit = limits(service)
    live = service.live_tasks()
    fresh = [task for task in live if not _leaving(task, service)]
    leaving = [task for task in live if _leaving(task, service)]
    if service.primary.rollout_state == "FAILED":
        _keep_what_runs(Turn(world, service, limit, fresh, leaving))
        return
    _scale_in(world, service, fresh, limit.desired)
    turn = Turn(world, service, limit, [task for task in fresh if task.live], leaving)
    missing = limit.desired - len(turn.fresh)
    started = _start(world, service, min(missing, limit.upper - len(turn.fresh) - len(leaving)))
    stopped = _give_way(turn, missing - len(started))
    if missing > 0 and not started and not stopped and service not in service.cluster.starved:
        _explain_standstill(turn)
    _settle(world, service, limit.desired)


def _leaving(task: Task, service: Service) -> bool:
    return task.deployment is not service.primary or _on_draining_instance(task)


def _on_draining_instance(task: Task) -> bool:
    return task.instance is not None and task.instance.status != "ACTIVE"


def _keep_what_runs(turn: Turn) -> None:
    """After a failure without rollback nothing starts any more; what is too much still stops."""
    live = sorted(turn.fresh, key=_worth_keeping) + sorted(turn.leaving, key=_worth_keeping)
    surplus = live[: max(0, len(live) - turn.limit.desired)]
    evicted = [task for task in live if task not in surplus and _on_draining_instance(task)]
    healthy = [task for task in evicted if task.healthy]
    spare = max(0, sum(task.healthy for task in live) - turn.limit.lower)
    idle = [task for task in evicted if not task.healthy]
    tasks.scale_in(turn.world, turn.service, surplus + idle + healthy[:spare])


def _scale_in(world: World, service: Service, fresh: list[Task], desired: int) -> None:
    surplus = sorted(fresh, key=_worth_keeping)[: max(0, len(fresh) - desired)]
    tasks.scale_in(world, service, surplus)


def _worth_keeping(task: Task) -> tuple[bool, bool, float]:
    return (task.last_status == "RUNNING", task.healthy, -task.created_at)


def _start(world: World, service: Service, count: int) -> list[Task]:
    if count <= 0 or is_throttled(world, service):
        return []
    started: list[Task] = []
    refused: NoPlace | None = None
    while len(started) < count and refused is None:
        chosen = _find_place(world, service)
        if isinstance(chosen, NoPlace):
            refused = chosen
        else:
            order = tasks.order_of(service, service.primary, chosen[0])
            started.append(tasks.start(world, service.cluster, order, chosen[1]))
    if started:
        service.steady = False
        events.started(world, service, started)
    if refused is not None:
        _starve(world, service, refused)
    return started


def _starve(world: World, service: Service, refused: NoPlace) -> None:
    """Remember that the service looks for a place, and say so unless one is on its way."""
    service.cluster.starved[service] = None
    if not refused.on_its_way:
        events.unable_to_place(world, service, refused.sentence)


def _find_place(world: World, service: Service) -> tuple[str | None, Instance | None] | NoPlace:
    """A capacity provider and an instance for one more task; Fargate needs no instance."""
    terms = _terms(service, service.live_tasks())
    return capacity.find(world, service.cluster, terms, service.primary.revision)


def _terms(service: Service, peers: Sequence[Task]) -> Terms:
    definition = service.primary.definition
    return Terms(
        definition=definition,
        needs=tasks.order_of(service, service.primary, None).needs,
        peers=peers,
        constraints=service.constraints,
        distinct_instance=service.distinct_instance,
        strategy=service.spec.get("placementStrategy", ()),
    )


def _give_way(turn: Turn, missing: int) -> list[Task]:
    """Stop tasks that leave: those that serve nobody, and as many as healthy ones allow.

    They stay while the new ones come up, unless the new ones need their room.
    """
    world, service, limit = turn.world, turn.service, turn.limit
    if not _baked(turn):
        return []
    healthy = [task for task in turn.leaving if task.healthy]
    new_healthy = sum(task.healthy for task in turn.fresh)
    may_stop = max(0, len(healthy) + new_healthy - limit.lower)
    surplus = len(healthy) - max(0, limit.desired - new_healthy)
    idle = [task for task in turn.leaving if not task.healthy]
    chosen = idle + healthy[: min(may_stop, max(surplus, missing, 0))]
    tasks.scale_in(world, service, chosen)
    return chosen


def _baked(turn: Turn) -> bool:
    """Whether traffic may leave the old tasks.

    In a rolling update at once, else after the whole new set has been healthy for the bake
    time.
    """
    configuration = turn.service.spec["deploymentConfiguration"]
    if configuration.get("strategy", "ROLLING") == "ROLLING":
        return True
    if sum(task.healthy for task in turn.fresh) < turn.limit.desired:
        return False
    deployment, seconds = (
        turn.service.primary,
        60.0 * int(configuration.get("bakeTimeInMinutes", 0)),
    )
    if deployment.bake_since is None:
        deployment.bake_since = turn.world.now
        turn.world.after(seconds, partial(turn.world.see, turn.service))
    return turn.world.now >= deployment.bake_since + seconds


def _explain_standstill(turn: Turn) -> None:
    service = turn.service
    if turn.world.now >= service.retry_at and all(
        task.healthy for task in turn.fresh + turn.leaving
    ):
        events.held_by_configuration(turn.world, service)


def _settle(world: World, service: Service, desired: int) -> None:
    """Complete the deployment, and say so when the service has come to rest."""
    live = service.live_tasks()
    service.deployments = [
        each
        for each in service.deployments
        if each is service.primary or any(task.deployment is each for task in live)
    ]
    running = [task for task in live if task.last_status == "RUNNING"]
    at_rest = len(live) == len(running) == desired and not any(
        _leaving(task, service) for task in live
    )
    if not at_rest:
        return
    healthy = all(task.healthy for task in live)
    if service.primary.rollout_state == "IN_PROGRESS" and healthy:
        deployments.complete(world, service)
    # "When the service is healthy and at the desired number of tasks" (service event messages).
    if not service.steady and service.primary.rollout_state == "COMPLETED" and healthy:
        service.steady = True
        events.resolve_all(service)
        events.steady(world, service)
