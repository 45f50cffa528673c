"""Service events in ECS's own words (developer guide, "service event messages").

ECS says a thing once and not again until it is resolved or six hours have passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.sandbox.records import Deployment, Service, Task
    from glia.sandbox.world import World

TROUBLESHOOTING = (
    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
)
REPEAT_AFTER = 6 * 3600.0


def say(world: World, service: Service, text: str) -> None:
    """Write an event, newest first."""
    event = {
        "id": world.ids.uuid(),
        "createdAt": world.now,
        "message": f"(service {service.name}) {text}",
    }
    service.events.appendleft(event)


def say_once(world: World, service: Service, kind: str, text: str) -> None:
    """Write an event unless the same one was written and is not resolved yet."""
    last = service.last_event.get(kind)
    if last is None or world.now - last >= REPEAT_AFTER:
        service.last_event[kind] = world.now
        say(world, service, text)


def resolve(service: Service, kind: str) -> None:
    service.last_event.pop(kind, None)


def resolve_all(service: Service) -> None:
    """The service has come to rest: whatever happens next is worth saying again."""
    service.last_event.clear()


def _list(tasks: Iterable[Task]) -> str:
    return " ".join(f"(task {task.arn.rsplit('/', 1)[-1]})" for task in tasks)


def started(world: World, service: Service, tasks: list[Task]) -> None:
    say(world, service, f"has started {len(tasks)} tasks: {_list(tasks)}.")


def stopped(world: World, service: Service, tasks: list[Task]) -> None:
    say(world, service, f"has stopped {len(tasks)} running tasks: {_list(tasks)}.")


def steady(world: World, service: Service) -> None:
    say(world, service, "has reached a steady state.")


def deployment_completed(world: World, service: Service, deployment: Deployment) -> None:
    say(world, service, f"(deployment {deployment.id}) deployment completed.")


def deployment_failed(world: World, service: Service, deployment: Deployment, reason: str) -> None:
    say(world, service, f"(deployment {deployment.id}) deployment failed: {reason}.")


def rolling_back(world: World, service: Service, to: Deployment) -> None:
    say(world, service, f"rolling back to deployment {to.id}.")


def unable_to_place(world: World, service: Service, reason: str) -> None:
    text = (
        "was unable to place a task because no container instance met all of its requirements. "
        f"{reason} {TROUBLESHOOTING}"
    )
    say_once(world, service, f"place: {reason}", text)


def unable_to_start(world: World, service: Service) -> None:
    text = f"is unable to consistently start tasks successfully. {TROUBLESHOOTING}"
    say_once(world, service, "start", text)


def held_by_configuration(world: World, service: Service) -> None:
    text = (
        "was unable to stop or start tasks during a deployment because of the service deployment "
        "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
    )
    say_once(world, service, "configuration", text)


def registered(world: World, service: Service, group: str) -> None:
    say(world, service, f"registered 1 targets in (target-group {group})")


def draining(world: World, service: Service) -> None:
    say(world, service, "has begun draining connections on 1 tasks.")


def unhealthy(world: World, service: Service, instance: str, checks: str) -> None:
    """``checks`` are those that failed, in the words of a stopped reason."""
    where = checks.removeprefix("ELB health checks in ")
    say(
        world,
        service,
        f"(instance {instance}) is unhealthy in {where} due to (reason Health checks failed)",
    )
