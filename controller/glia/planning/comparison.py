"""One lane against its live service: everything that differs, and what of it counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from glia.desired.state import DesiredState
from glia.diff import ABSENT, MASKED, FieldChange, differences
from glia.ecs.anti_affinity import apart_from, named
from glia.ecs.canonical import canonical, restricted, same
from glia.ecs.secrecy import hides
from glia.planning.needs import runs_content
from glia.tags import ENABLED, PREFIX, PRUNE, PRUNE_AT, prune_mark
from glia.update_members import needs_replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.desired.state import DesiredLane, DesiredService
    from glia.live import LiveService
    from glia.observed import Observed
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between a lane and its live service.

    Attributes:
        definition: fields of the task definition.
        service: fields of the service.
        count: of replicas, unless that is autoscaling's.
        tags: those to set.
        live_members: the service's canonical form.
    """

    lane: DesiredLane
    live: LiveService
    definition: tuple[FieldChange, ...]
    service: tuple[FieldChange, ...]
    count: tuple[FieldChange, ...]
    tags: Mapping[str, str]
    live_members: Mapping[str, Any]

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        return (*self.definition, *self.service, *self.count)

    @property
    def members(self) -> frozenset[str]:
        """The service's members that differ, by ECS's names."""
        return frozenset(each.path.split(".")[1].partition("[")[0] for each in self.service)

    @property
    def fixed(self) -> tuple[str, ...]:
        """Those of them that ECS cannot change: the service would have to be made anew."""
        return needs_replacing(self.members, self.lane.service, self.live_members)


def compare(
    lane: DesiredLane, live: LiveService, observed: Observed, *, keeps_defaults: bool
) -> Comparison:
    """Compare everything; with ``keeps_defaults`` what Glia would merely default stays as it is.

    A new task definition replaces the tasks anyway: then all of Glia's defaults come with it.
    """
    definition = _definition(lane, live, observed)
    members, service = _service(lane, live)
    if keeps_defaults:
        definition = _without_defaults(definition, lane)
        service = service if definition else _without_defaults(service, lane)
    tags = {key: value for key, value in lane.tags.items() if live.tags.get(key) != value}
    tags |= _of_pruning(lane, live)
    return Comparison(lane, live, definition, service, _count(lane, live), tags, members)


def tag_fields(tags: Mapping[str, str], live: LiveService) -> tuple[FieldChange, ...]:
    """Tags as fields of the service."""
    return tuple(_tag(key, live.tags.get(key), tags[key]) for key in sorted(tags))


def _tag(key: str, before: str | None, after: str) -> FieldChange:
    path = f"service.tags[{key}]"
    if not key.startswith(PREFIX) and hides(("tags", key), after):
        return FieldChange(path, ABSENT if before is None else MASKED, MASKED, sensitive=True)
    return FieldChange(path, ABSENT if before is None else before, after, sensitive=False)


def _definition(
    lane: DesiredLane, live: LiveService, observed: Observed
) -> tuple[FieldChange, ...]:
    if runs_content(lane, live, observed):
        return ()
    found = observed.definitions.get(live.task_definition)
    wanted = lane.canonical_task_definition
    before = canonical("taskDefinition", found.members) if found else {}
    return differences(restricted("taskDefinition", before, wanted), wanted, "taskDefinition")


def _service(
    lane: DesiredLane, live: LiveService
) -> tuple[Mapping[str, Any], tuple[FieldChange, ...]]:
    if live.members is lane.service:
        return {}, ()
    wanted = lane.canonical_service
    members = restricted("service", canonical("service", live.members), wanted)
    return members, () if members == wanted else differences(members, wanted, "service")


def with_shared_members(lane: DesiredLane, live: LiveService) -> LiveService:
    """The live service; where its members compare equal, the desired ones stand for them.

    Most services of a large fleet are as they should be: nothing is held twice, nor compared
    again.
    """
    if same("service", lane.canonical_service, canonical("service", live.members)):
        return replace(live, members=lane.service)
    return live


def keeping_apart(state: DesiredState, observed: Mapping[ClusterRef, Observed]) -> DesiredState:
    """The same, with every lane that live constraints keep apart from others kept so.

    Of manifests that are not at hand nothing is known, so what their lanes need is left alone.
    """

    def kept(service: DesiredService) -> DesiredService:
        live = observed[service.cluster].services
        lanes = tuple(_keeping_apart(each, live.get(each.lane.name)) for each in service.lanes)
        same = all(new is old for new, old in zip(lanes, service.lanes, strict=True))
        return service if same else replace(service, lanes=lanes)

    return DesiredState(tuple(kept(each) for each in state.services))


def _keeping_apart(lane: DesiredLane, live: LiveService | None) -> DesiredLane:
    if live is None or live.members is lane.service or not lane.lane.device_ids:
        return lane
    wanted = lane.service.get("placementConstraints") or []
    said = live.members.get("placementConstraints") or ()
    more = {name for each in said if each not in wanted for name in named(each)}
    more -= set(lane.lane.apart_from)
    if not more:
        return lane
    own = apart_from(lane.lane.apart_from)
    names = tuple(sorted({*lane.lane.apart_from, *more}))
    constraints = [*(each for each in wanted if each not in own), *apart_from(names)]
    return replace(
        lane,
        lane=replace(lane.lane, apart_from=names),
        service={**lane.service, "placementConstraints": constraints},
    )


def _count(lane: DesiredLane, live: LiveService) -> tuple[FieldChange, ...]:
    count = _left_to_others(live) if lane.lane.count is None else lane.lane.count
    if count == live.desired:
        return ()
    return (FieldChange("replicas", live.desired, count, sensitive=False),)


def _left_to_others(live: LiveService) -> int:
    """The live count; of a service that was to be pruned the one that it had before."""
    mark = prune_mark(live.tags)
    return live.desired if live.desired or mark is None else mark.count


def _of_pruning(lane: DesiredLane, live: LiveService) -> dict[str, str]:
    """The manifest is there: what the tags say of pruning is over, unless it says so itself."""
    over = {PRUNE_AT: ""} if live.tags.get(PRUNE_AT) else {}
    if PRUNE not in lane.tags and live.tags.get(PRUNE, ENABLED) != ENABLED:
        over[PRUNE] = ENABLED
    return over


def _without_defaults(fields: Iterable[FieldChange], lane: DesiredLane) -> tuple[FieldChange, ...]:
    return tuple(each for each in fields if not each.path.startswith(lane.defaulted))
