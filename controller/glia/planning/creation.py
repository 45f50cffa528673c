"""A service that is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.change import Change
from glia.diff import flattened
from glia.planning.effects import effect
from glia.planning.needs import has_content
from glia.steps import Create, Definition

if TYPE_CHECKING:
    from glia.desired.state import DesiredLane, DesiredService
    from glia.live import LiveTaskDefinition


def creation(
    service: DesiredService,
    lane: DesiredLane,
    newest: LiveTaskDefinition | None,
    *,
    waits_for_name: bool = False,
) -> Change:
    """The change that makes a lane."""
    step = Create(definition(lane, newest), request(lane), waits_for_name)
    return Change(
        service=service,
        lane=lane,
        step=step,
        cause="git",
        fields=(
            *flattened(lane.canonical_task_definition, "taskDefinition"),
            *flattened(lane.canonical_service, "service"),
        ),
        effect=effect(lane, step),
    )


def definition(lane: DesiredLane, newest: LiveTaskDefinition | None) -> Definition:
    """The revision to use: the family's newest if it has this content, else a new one."""
    if newest is not None and has_content(lane, newest):
        return Definition(None, newest.arn, lane.content)
    return Definition(lane.task_definition, "", lane.content)


def request(lane: DesiredLane) -> dict[str, object]:
    """CreateService's input as far as it is known before the task definition is."""
    return {name: value for name, value in lane.service.items() if name != "taskDefinition"}
