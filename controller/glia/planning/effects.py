"""What a change does to running tasks, by ECS's own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.change import Effect
from glia.desired.percentages import down_at_once, surplus_at_once
from glia.steps import Create, Delete, Replace, Retire, Scale, Update
from glia.tags import prune_mark
from glia.update_members import STARTS_DEPLOYMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.desired.state import DesiredLane
    from glia.steps import Definition, Step

# ECS's own, for a service of replicas (botocore's documentation of DeploymentConfiguration).
MAXIMUM, MINIMUM = 200, 100


def effect(lane: DesiredLane, step: Step) -> Effect:
    """What comes of a step."""
    match step:
        case Create():
            return Effect(
                new_task_definition=step.definition.register is not None,
                replicas=(0, step.request["desiredCount"]),
                calls=_calls(step.definition, "CreateService"),
            )
        case Update():
            return _of_update(lane, step)
        case Replace():
            count = step.create.request["desiredCount"]
            return Effect(
                new_task_definition=step.create.definition.register is not None,
                replaced_tasks=step.service.running,
                at_once=step.service.running,
                replicas=None if step.service.desired == count else (step.service.desired, count),
                calls=_calls(step.create.definition, "DeleteService", "CreateService"),
            )
        case Delete():
            return Effect(replicas=(step.service.desired, 0), calls=("DeleteService",))
        case Retire():
            return Effect(replicas=(step.service.desired, 0), calls=_of_retiring(step))

        case Scale(before=before, count=count):
            return Effect(replicas=(before, count), calls=("UpdateService",))


def only_gives_up(step: Step) -> bool:
    """Whether it ends replicas and brings none, and nobody has to wait for that."""
    match step:
        case Delete() | Retire():
            return True
        case Scale(before=before, count=count, ends=ends):
            return count < before and not ends
        case _:
            return False


def _of_retiring(step: Retire) -> tuple[str, ...]:
    marked = prune_mark(step.service.tags) is not None
    stops = ("UpdateService",) if step.service.desired else ()
    return (
        *(() if marked and not stops else ("TagResource",)),
        *stops,
        *(() if step.grace else ("DeleteService",)),
    )


def starts_deployment(step: Update) -> bool:
    """Whether ECS starts a new deployment, which replaces all tasks."""
    starting = STARTS_DEPLOYMENT | {"forceNewDeployment"}
    return step.definition is not None or not starting.isdisjoint(step.members)


def _of_update(lane: DesiredLane, step: Update) -> Effect:
    before = step.service.desired
    after = step.members.get("desiredCount", before)
    configuration: Mapping[str, Any] = lane.canonical_service.get("deploymentConfiguration", {})
    moves = starts_deployment(step)
    tagged = step.tags or step.remembers
    updates = ("UpdateService",) if step.definition or step.members else ()
    return Effect(
        new_task_definition=step.definition is not None and step.definition.register is not None,
        replaced_tasks=min(step.service.running, after) if moves else 0,
        at_once=down_at_once(after, configuration.get("minimumHealthyPercent", MINIMUM))
        if moves
        else 0,
        surplus=surplus_at_once(after, configuration.get("maximumPercent", MAXIMUM))
        if moves
        else 0,
        replicas=None if before == after else (before, after),
        calls=_calls(step.definition, *updates, *(("TagResource",) if tagged else ())),
    )


def _calls(definition: Definition | None, *then: str) -> tuple[str, ...]:
    registers = definition is not None and definition.register is not None
    return ("RegisterTaskDefinition", *then) if registers else then
