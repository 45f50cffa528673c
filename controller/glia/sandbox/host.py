"""The other half of ECS: the agent on each instance, and what happens to tasks on a host.

The scheduler counts a task's resources as free as soon as its desired status is STOPPED. The
agent does not: it queues the tasks it is given and admits them first in, first out, once the
host's CPU, memory and host ports are really free; one slow stop delays the whole queue.
Neither knows of Neuron devices. A process that opens a chip which another process holds dies
in ``nrt_init``, and a device that the instance does not have keeps the container from starting.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glia.sandbox import containers, events, health, machines
from glia.sandbox.behaviour import behaviour_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.sandbox.records import Instance, Task
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import World


def become(task: Task, status: str) -> None:
    task.last_status = status
    task.version += 1


def receive(world: World, task: Task) -> None:
    """The task has reached its host: it is PENDING, and waits for its turn."""
    if task.last_status != "PROVISIONING":
        return
    become(task, "PENDING")
    if task.instance is None:
        _admit(world, task)
    else:
        task.instance.queue.append(task)
        _move_queue(world, task.instance)


def _move_queue(world: World, instance: Instance) -> None:
    while instance.queue and instance.used.lacks(instance.queue[0].needs) is None:
        task = instance.queue.popleft()
        instance.used.take(task.needs)
        _admit(world, task)


def _admit(world: World, task: Task) -> None:
    task.holds_host = True
    task.times["pullStartedAt"] = world.now
    world.after(world.pace.pull, partial(_pulled, world, task))


def _pulled(world: World, task: Task) -> None:
    if not task.live:
        return
    task.times["pullStoppedAt"] = world.now
    for container in task.containers:
        if not behaviour_of(container["image"]).pulls:
            image = container["image"]
            reason = f"CannotPullContainerError: failed to resolve ref {image}: not found"
            container["reason"] = reason
            fail(world, task, "TaskFailedToStart", reason)
            return
    world.after(world.pace.start, partial(_start_containers, world, task))


def _start_containers(world: World, task: Task) -> None:
    if not task.live:
        return
    if (reason := containers.missing_device(task)) is not None:
        task.containers[0]["reason"] = reason
        fail(world, task, "TaskFailedToStart", reason)
        return
    died = containers.died_at_start(task)
    if died is not None:
        died["exitCode"] = 1
        fail(world, task, "EssentialContainerExited", "Essential container in task exited")
        return
    _run(world, task)


def _run(world: World, task: Task) -> None:
    become(task, "RUNNING")
    task.times["startedAt"] = world.now
    if task.instance is not None:
        task.instance.chips.update(
            dict.fromkeys((p for _, p in containers.neuron_devices(task)), task)
        )
    for container, definition in containers.with_definitions(task):
        container["lastStatus"] = "RUNNING"
        container["runtimeId"] = world.ids.hexadecimal(64)
        container["networkBindings"] = containers.bindings(task, definition)
        exits_after = behaviour_of(container["image"]).exits_after
        if definition["essential"] and exits_after is not None:
            world.after(exits_after, partial(_exit, world, task, container))
    if task.needs.neuron_devices and task.instance is not None:
        containers.hand_out_all_chips(task, task.instance)
    if task.service is not None:
        world.see(task.service)
        for balancer in _balancers(task):
            events.registered(world, task.service, balancer.get("targetGroupArn", ""))
    _await_health(world, task)


def _balancers(task: Task) -> Sequence[Json]:
    return task.deployment.revision.get("loadBalancers", ()) if task.deployment is not None else ()


def _exit(world: World, task: Task, container: Json) -> None:
    if task.last_status == "RUNNING" and task.live:
        container["exitCode"] = 1
        fail(
            world,
            task,
            "EssentialContainerExited",
            "Essential container in task exited",
            counts=False,  # it had been running: the circuit breaker does not see it
        )


def _await_health(world: World, task: Task) -> None:
    verdict = health.verdict(task, world.pace)
    if verdict.checked:
        _set_health(task, "UNKNOWN")
    world.after(verdict.after, partial(_judge, world, task, verdict))


def _set_health(task: Task, status: str) -> None:
    task.health = status
    for container, definition in containers.with_definitions(task):
        if "healthCheck" in definition:
            container["healthStatus"] = status


def _judge(world: World, task: Task, verdict: health.Verdict) -> None:
    if not task.live or task.last_status != "RUNNING":
        return
    task.healthy = verdict.failed is None
    if verdict.checked:
        _set_health(task, "HEALTHY" if task.healthy else "UNHEALTHY")
    if task.service is None:
        return
    world.see(task.service)
    if task.healthy:
        _forgive_failures(task)
    else:
        count_failure(task)
        if task.instance is not None and str(verdict.failed).startswith("ELB"):
            name = task.instance.ec2_instance_id
            events.unhealthy(world, task.service, name, str(verdict.failed))
        stop(world, task, "ServiceSchedulerInitiated", f"Task failed {verdict.failed}")


def _forgive_failures(task: Task) -> None:
    service, deployment = task.service, task.deployment
    if service is None or deployment is None:
        return
    service.failures_in_a_row = service.failures_paid = 0
    breaker = service.spec["deploymentConfiguration"].get("deploymentCircuitBreaker", {})
    if breaker.get("resetOnHealthyTask", True):
        deployment.failed_tasks = 0


def count_failure(task: Task) -> None:
    """A task that never ran, or failed its health checks: the circuit breaker's measure."""
    if task.service is not None and task.deployment is not None:
        task.service.failures_in_a_row += 1
        task.deployment.failed_tasks += 1


def stop(world: World, task: Task, code: str, reason: str) -> None:
    """Set the desired status to STOPPED; the scheduler counts the resources as free at once."""
    if not task.live:
        return
    _want_stopped(world, task, code, reason)
    if task.last_status == "RUNNING":
        _drain_connections(world, task)
    elif task.holds_host:  # its containers are being made, and die as soon as they exist
        world.after(world.pace.start, partial(finish, world, task))
    else:
        finish(world, task)


def _want_stopped(world: World, task: Task, code: str, reason: str) -> None:
    task.desired_status = "STOPPED"
    task.stop_code, task.stopped_reason = code, reason
    task.times["stoppingAt"] = world.now
    world.stir(task.cluster)
    if task.instance is not None:
        task.instance.promised.free(task.needs)
        world.room_appeared(task.cluster)
    if task.service is not None:
        world.see(task.service)


def _drain_connections(world: World, task: Task) -> None:
    if task.service is not None and _balancers(task):
        become(task, "DEACTIVATING")
        events.draining(world, task.service)
        world.after(world.pace.deregistration, partial(_signal, world, task))
    else:
        _signal(world, task)


def _signal(world: World, task: Task) -> None:
    if task.last_status != "STOPPED":
        become(task, "STOPPING")
        world.after(containers.stop_seconds(task), partial(finish, world, task, exit_code=137))


def fail(world: World, task: Task, code: str, reason: str, *, counts: bool = True) -> None:
    """The task ends by itself: it could not start, or an essential container has exited."""
    if task.live:
        _want_stopped(world, task, code, reason)
        if counts:
            count_failure(task)
    finish(world, task)


def finish(world: World, task: Task, exit_code: int | None = None) -> None:
    """The task has stopped: the host's resources and the chips are free, the queue moves."""
    if task.last_status == "STOPPED":
        return
    become(task, "STOPPED")
    task.healthy = False
    task.times["executionStoppedAt"] = task.times["stoppedAt"] = world.now
    for container in task.containers:
        container["lastStatus"] = "STOPPED"
        if exit_code is not None:
            container.setdefault("exitCode", exit_code)
    if task.instance is not None:
        _leave(world, task, task.instance)
    if task.service is not None:
        world.see(task.service)
    world.after(world.pace.stopped_kept, partial(_forget, task))


def _leave(world: World, task: Task, instance: Instance) -> None:
    if task.holds_host:
        instance.used.free(task.needs)
        task.holds_host = False
    elif task in instance.queue:
        instance.queue.remove(task)
    instance.chips = {path: held for path, held in instance.chips.items() if held is not task}
    instance.dynamic_ports = {
        port: held for port, held in instance.dynamic_ports.items() if held is not task
    }
    instance.tasks.pop(task.arn, None)
    if instance.managed and not instance.tasks:
        machines.watch_idle(world, instance)
    _move_queue(world, instance)
    world.room_appeared(task.cluster)


def _forget(task: Task) -> None:
    task.cluster.tasks.pop(task.arn, None)
    if task.service is not None:
        task.service.tasks.pop(task.arn, None)
