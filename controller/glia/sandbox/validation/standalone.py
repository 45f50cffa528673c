"""What ECS refuses in RunTask and StartTask, apart from what depends on its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.defaults import launch_type_behind
from glia.sandbox.ecs_error import invalid_parameter
from glia.sandbox.validation.attachments import faults_of_network
from glia.sandbox.validation.compatibility import faults_of_fargate_size
from glia.sandbox.validation.placement import faults_of_placement
from glia.sandbox.validation.rules import Sentences, refuse_first
from glia.sandbox.validation.service import faults_of_capacity
from glia.sandbox.validation.tags import check_tags
from glia.sandbox.validation.task_size import faults_of_task_size, normalised

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.wire_types import Json


def check_standalone(params: Json, task_definition: Json) -> None:
    """Refuse a RunTask or StartTask whose members do not go together.

    Args:
        params: the request, its shapes checked before, with the cluster's default strategy
            where that decides.
        task_definition: the described task definition.

    Raises:
        EcsError: ``InvalidParameterException``.
    """
    run = _with_launch_type(params)
    for rule in RULES:
        refuse_first(rule(run, task_definition), invalid_parameter)
    check_tags(params.get("tags") or ())


def _with_launch_type(params: Json) -> Json:
    """EC2 is what no launch type and no strategy mean (API reference, RunTask)."""
    if params.get("launchType") or params.get("capacityProviderStrategy"):
        return params
    return {**params, "launchType": "EC2"}


def _faults_of_call(run: Json, _: Json) -> Sentences:
    if run.get("propagateTags") == "SERVICE":  # API reference, RunTask
        yield "propagateTags SERVICE is only valid for services."


def _faults_of_overrides(run: Json, task: Json) -> Sentences:
    overrides = run.get("overrides") or {}
    yield from faults_of_task_size(overrides)
    names = {container["name"] for container in task["containerDefinitions"]}
    for override in overrides.get("containerOverrides") or ():
        if override.get("name") not in names:
            yield (
                f"Override for container named {override.get('name')} is not a container in the "
                "TaskDefinition."
            )
    yield from _faults_of_override_sizes(overrides)
    if launch_type_behind(run) == "FARGATE" or run.get("launchType") == "FARGATE":
        yield from faults_of_fargate_size({**task, **normalised(overrides)})


def _faults_of_override_sizes(overrides: Json) -> Sentences:
    for override in overrides.get("containerOverrides") or ():
        for member in ("cpu", "memory", "memoryReservation"):
            if (override.get(member) or 0) < 0:
                yield f"Override {member} of container {override['name']} must not be negative."


RULES: tuple[Callable[[Json, Json], Sentences], ...] = (
    _faults_of_call,
    faults_of_capacity,
    faults_of_placement,
    faults_of_network,
    _faults_of_overrides,
)
