"""What has to be read beside the services: as little as will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.desired.tags import FAILED, applied, revision_of
from glia.ecs.canonical import canonical, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.desired.state import DesiredLane, DesiredService
    from glia.live import LiveService, LiveTaskDefinition
    from glia.observed import Observed


@dataclass(frozen=True, slots=True)
class DefinitionNeeds:
    """Task definitions to describe.

    Attributes:
        families: whose newest revision may have the wanted content already.
        arns: of live services whose tag did not tell their content, with the wanted family.
    """

    families: tuple[str, ...]
    arns: Mapping[str, str]


def is_cached(lane: DesiredLane, live: LiveService) -> bool:
    """Whether the service's tag says that its task definition has the wanted content."""
    remembered = applied(live.tags)
    return (
        remembered is not None
        and remembered.content == lane.content
        and remembered.revision == revision_of(live.task_definition)
    )


def is_there(live: LiveService | None) -> bool:
    """ECS shows a deleted service for a while, as DRAINING and then as INACTIVE."""
    return live is not None and live.status == "ACTIVE"


def definition_needs(
    services: Iterable[DesiredService], live: Mapping[str, LiveService]
) -> DefinitionNeeds:
    """Which task definitions a plan cannot do without."""
    families: dict[str, None] = {}
    arns: dict[str, str] = {}
    for service in services:
        for lane in () if service.suspended else service.lanes:
            there = live.get(lane.lane.name)
            if there is None or not is_there(there):
                families[lane.family] = None
            elif not is_cached(lane, there):
                families[lane.family] = None
                arns[there.task_definition] = lane.family
    return DefinitionNeeds(tuple(families), arns)


def histories_needed(services: Iterable[DesiredService], observed: Observed) -> tuple[str, ...]:
    """Services whose wanted content was registered before and does not run: rolled back?

    Where a tag says that it failed, or that it shall be tried again, nobody has to look.
    """
    return tuple(
        lane.lane.name
        for service in services
        if not service.suspended
        for lane in service.lanes
        if _is_suspicious(service, lane, observed)
    )


def _is_suspicious(service: DesiredService, lane: DesiredLane, observed: Observed) -> bool:
    live = observed.services.get(lane.lane.name)
    if live is None or not is_there(live) or is_cached(lane, live):
        return False
    remembered = live.tags.get(FAILED, "")
    if service.attempt in remembered or remembered.startswith("retry:"):
        return False
    newest = observed.newest.get(lane.family)
    if newest is None or newest.arn == live.task_definition:
        return False
    return has_content(lane, newest) and not runs_content(lane, live, observed)


def has_content(lane: DesiredLane, definition: LiveTaskDefinition) -> bool:
    """Whether a registered revision is the wanted one, by its content and not by its tag."""
    members = canonical("taskDefinition", definition.members)
    return same("taskDefinition", dict(lane.canonical_task_definition), members)


def runs_content(lane: DesiredLane, live: LiveService, observed: Observed) -> bool:
    """Whether the service's own revision is the wanted one."""
    if is_cached(lane, live):
        return True
    definition = observed.definitions.get(live.task_definition)
    return definition is not None and has_content(lane, definition)
