"""A lane that is no longer one: its manifest comes down to others, or to fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.change import Change
from glia.desired import lane_tag
from glia.desired.state import DesiredLane
from glia.diff import FieldChange
from glia.neuron.lanes import Lane
from glia.planning.effects import effect
from glia.steps import Delete
from glia.tags import OWNER, tells_itself

if TYPE_CHECKING:
    from glia.desired.state import DesiredService
    from glia.live import LiveService
    from glia.observed import Observed


def deletion(service: DesiredService, live: LiveService) -> Change:
    """The change that takes a lane away."""
    lane = former_lane(live)
    step = Delete(live)
    return Change(
        service=service,
        lane=lane,
        step=step,
        cause="git",
        fields=(FieldChange("replicas", live.desired, 0, sensitive=False),),
        effect=effect(lane, step),
    )


def former_lanes(service: DesiredService, observed: Observed) -> tuple[LiveService, ...]:
    """The live services that a manifest had before, but for those that it keeps.

    Those of another name that it had; and where ECS hands out its instances now, the lanes that
    it had on chips of Glia's choice, as far as somebody has looked for them.
    """
    keys = {service.renamed_from}
    keys |= {"" if lane.lane.device_ids else service.key for lane in service.lanes}
    kept = {lane.lane.name for lane in service.lanes}
    return tuple(
        live
        for key in sorted(keys - {""})
        for live in observed.by_key.get(key, ())
        if live.name not in kept
        and live.tags.get(OWNER) == service.cluster.owner
        and tells_itself(live.name, live.tags, service.cluster.name)
    )


def former_lane(live: LiveService) -> DesiredLane:
    """What a live service tells of the lane that it was."""
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
