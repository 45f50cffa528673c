"""Whether the new replicas of a service are Ready, so that others of it may be given up.

That ECS calls a service's tasks healthy stands in no field of it: only its events tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.planning.deletion import former_lanes
from glia.planning.updating import is_rolling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.desired.state import DesiredService, DesiredState
    from glia.live import LiveService
    from glia.observed import Observed
    from glia.planning.planner import Arrangement


def leaving_lanes(
    service: DesiredService, observed: Observed, arrangement: Arrangement
) -> Sequence[LiveService]:
    """The live services that give way to the lanes of the service."""
    found = arrangement.leaving.get(service.name)
    return former_lanes(service, observed) if found is None else found


def in_question(
    desired: DesiredState, observed: Observed, arrangement: Arrangement
) -> dict[str, float]:
    """Live services that look complete, of manifests whose lanes give way to others.

    By name, with the seconds for which they have to have been steady. Nothing else needs to be
    known to be Ready before something is done.
    """
    stepping = {
        (each.cluster, step.service) for each in arrangement.transitions for step in each.steps
    }
    return {
        lane.lane.name: service.rollout.min_ready_seconds
        for service in desired.services
        if service.cluster == observed.cluster
        and (
            (service.cluster, service.name) in stepping
            or leaving_lanes(service, observed, arrangement)
        )
        for lane in service.lanes
        if (live := observed.services.get(lane.lane.name)) is not None
        and live.desired > 0
        and is_ready(live, observed)
    }


def is_ready(live: LiveService, observed: Observed) -> bool:
    """Whether all replicas that the service is to have are, as far as is known of it."""
    return not (
        is_rolling(live)
        or live.running < live.desired
        or live.pending
        or live.name in observed.awaited
        or live.name in observed.loading
    )
