"""A lane that is no longer one: its manifest comes down to others, or to fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.desired import lane_tag
from glia.desired.state import DesiredLane
from glia.diff import FieldChange
from glia.neuron.lanes import Lane
from glia.plan import Change, Delete
from glia.planning.effects import effect

if TYPE_CHECKING:
    from glia.desired.state import DesiredService
    from glia.live import LiveService


def deletion(service: DesiredService, live: LiveService) -> Change:
    """The change that takes a lane away."""
    lane = _former_lane(live)
    step = Delete(live)
    return Change(
        service=service,
        lane=lane,
        step=step,
        cause="git",
        fields=(FieldChange("replicas", live.desired, 0, sensitive=False),),
        effect=effect(lane, step),
    )


def _former_lane(live: LiveService) -> DesiredLane:
    figures = lane_tag.read(live.tags)
    return DesiredLane(
        lane=Lane(
            live.name,
            figures.device_ids if figures else (),
            0,
            figures.partition if figures else "",
        ),
        task_definition={},
        service={},
        tags={},
        defaulted=(),
        content="",
        service_content="",
    )
