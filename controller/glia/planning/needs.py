"""What has to be read beside the services: as little as will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.ecs.canonical import canonical, restricted, same
from glia.tags import ADOPTED, FAILED, applied, family_of, revision_of, tag_value
from glia.update_members import REDEPLOYING

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
    """Whether the service's tags say that its task definition has the wanted content.

    The number alone says little: every family begins with 1.
    """
    remembered = applied(live.tags)
    return (
        remembered is not None
        and remembered.content == lane.content
        and remembered.revision == revision_of(live.task_definition)
        and (family_of(live.task_definition) == lane.family or keeps_family(live))
    )


def kept_mark(live: LiveService) -> str:
    """What the tag of an adopted service says while its own values stand, its family's name too."""
    return tag_value(f"true:{family_of(live.task_definition)}")


def keeps_family(live: LiveService) -> bool:
    """Whether an adopted service has the very family that it was adopted with."""
    return live.tags.get(ADOPTED) == kept_mark(live)


def runs_its_own(live: LiveService, definition: str) -> bool:
    """Whether an adopted service's task may be of a definition that was there before Glia."""
    if ADOPTED not in live.tags:
        return False
    remembered = applied(live.tags)
    return (
        keeps_values(live)
        or bool(live.tags.get(FAILED))  # what was rolled back is what was there before
        or remembered is None
        or remembered.revision != revision_of(definition)
        or family_of(definition) != family_of(live.task_definition)
    )


def keeps_values(live: LiveService) -> bool:
    """Whether an adopted service's own values still stand where Glia would only default."""
    return live.tags.get(ADOPTED, "").partition(":")[0] == "true"


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
    """Services that do not run what was applied to them: rolled back?

    Either the wanted task definition was registered before and does not run, or members that
    start a deployment are not as they were applied: a rollback takes those back as well. Where
    a tag says which attempt has failed, or that it shall be tried again, nobody has to look.
    """
    return tuple(
        lane.lane.name
        for service in services
        if not service.suspended
        for lane in service.lanes
        if _is_suspicious(lane, observed)
    )


def _is_suspicious(lane: DesiredLane, observed: Observed) -> bool:
    live = observed.services.get(lane.lane.name)
    if live is None or not is_there(live) or live.tags.get(FAILED):
        return False
    if not was_applied(lane, live):
        return False
    if runs_content(lane, live, observed):
        return _lacks_starting_members(lane, live)
    newest = observed.newest.get(lane.family)
    if newest is None or newest.arn == live.task_definition:
        return False
    return has_content(lane, newest)


def was_applied(lane: DesiredLane, live: LiveService) -> bool:
    """Whether this was applied last; also where no tag is left to tell."""
    remembered = applied(live.tags)
    if remembered is None:
        return True
    return (remembered.content, remembered.service) == (lane.content, lane.service_content)


def _lacks_starting_members(lane: DesiredLane, live: LiveService) -> bool:
    if live.members is lane.service:
        return False
    wanted = lane.canonical_service
    found = restricted("service", canonical("service", live.members), wanted)
    return any(wanted.get(name) != found.get(name) for name in REDEPLOYING)


def has_content(lane: DesiredLane, definition: LiveTaskDefinition) -> bool:
    """Whether a registered revision is the wanted one, by its content and not by its tag."""
    members = canonical("taskDefinition", definition.members)
    return same("taskDefinition", lane.canonical_task_definition, members)


def runs_content(lane: DesiredLane, live: LiveService, observed: Observed) -> bool:
    """Whether the service's own revision is the wanted one."""
    if is_cached(lane, live):
        return True
    definition = observed.definitions.get(live.task_definition)
    return definition is not None and has_content(lane, definition)
