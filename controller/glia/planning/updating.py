"""A service that is there: the change that it needs, if it needs one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.change import Block, Change
from glia.plan import Settled
from glia.planning.comparison import Comparison, compare, tag_fields
from glia.planning.creation import definition, request
from glia.planning.effects import effect, starts_deployment
from glia.planning.holding import has_failed, is_retried, without_mark
from glia.planning.needs import keeps_values, kept_mark, was_applied
from glia.steps import Create, Definition, Replace, Update
from glia.tags import (
    ADOPTED,
    KEY,
    LANE,
    OWNER,
    PRUNE_AT,
    REVISION,
    SIBLINGS,
    TRUE,
    Applied,
    applied,
    revision_of,
)
from glia.update_members import update_members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.change import Cause
    from glia.desired.state import DesiredLane, DesiredService
    from glia.live import LiveService
    from glia.observed import Observed
    from glia.planning.allowances import Allowances

# The value of the tag ``glia:adopted`` once Glia's defaults have come with new tasks; before
# that it is ``needs.kept_mark``.
TAKEN = "false"


def updating(
    service: DesiredService,
    lane: DesiredLane,
    live: LiveService,
    observed: Observed,
    allowed: Allowances,
) -> Change | Settled:
    """The change that a live service needs, or that it needs none."""
    foreign = is_foreign(service, live)
    keeps = foreign or keeps_values(live)
    found = compare(lane, live, observed, keeps_defaults=keeps)
    new = definition(lane, observed.newest.get(lane.family)) if found.definition else None
    tags = dict(found.tags)
    if keeps:
        adopted = kept_mark(live) if new is None else TAKEN
        tags |= {} if live.tags.get(ADOPTED) == adopted else {ADOPTED: adopted}
    again = has_failed(live) and is_retried(service, live)
    if found.fields or tags or again:
        tags |= without_past(lane, live)
    if not (found.fields or tags or again) and _is_remembered(lane, live, None):
        rolling = is_rolling(live) or live.name in observed.awaited
        return Settled(service, lane, live, rolling=rolling)
    step = _step(found, new, tags, again=again)
    if isinstance(step, Update) and starts_deployment(step):
        step = replace(step, tags={**step.tags, **without_mark(live)})
    shown = tags if found.fields or tags or again else {REVISION: _remembering(lane, live)}
    return Change(
        service=service,
        lane=lane,
        step=step,
        cause="adopt" if foreign else _cause(service, found),
        fields=(*found.fields, *tag_fields(shown, live)),
        effect=effect(lane, step),
        blocked_by=tuple(_blocks(service, found, allowed)),
    )


def without_past(lane: DesiredLane, live: LiveService) -> dict[str, str]:
    """The tags to set along with a change of what they say no more.

    That the service has other lanes, once none is left; and its chips, where ECS hands them out.
    """
    gone = {SIBLINGS} if live.tags.get(SIBLINGS) == TRUE and not lane.lane.siblings else set()
    gone |= {LANE} if live.tags.get(LANE) and not lane.lane.device_ids else set()
    return dict.fromkeys(sorted(gone), "")


def is_foreign(service: DesiredService, live: LiveService) -> bool:
    """Whether the service is another installation's, another manifest's, or nobody's.

    What a manifest was called before is still itself.
    """
    ours = service.lanes[0].tags
    keys = {ours[KEY], service.renamed_from or ours[KEY]}
    return live.tags.get(OWNER) != ours[OWNER] or live.tags.get(KEY) not in keys


def _step(
    found: Comparison,
    new: Definition | None,
    tags: dict[str, str],
    *,
    again: bool,
) -> Update | Replace:
    lane, live = found.lane, found.live
    if found.fixed:
        current = new or Definition(None, live.task_definition, lane.content)
        return Replace(live, Create(current, request(lane), waits_for_name=True))
    members = update_members(found.members, lane.service, found.live_members)
    if found.count:
        members["desiredCount"] = found.count[0].new
    if again:
        members["forceNewDeployment"] = True
    return Update(live, new, members, tags, remembers=not _is_remembered(lane, live, new))


def _is_remembered(lane: DesiredLane, live: LiveService, new: Definition | None) -> bool:
    """Whether the tag says already what will have been applied."""
    remembered = applied(live.tags)
    revision = revision_of(new.arn if new else live.task_definition)
    return remembered is not None and (
        (remembered.revision, remembered.content, remembered.service)
        == (revision, lane.content, lane.service_content)
    )


def _remembering(lane: DesiredLane, live: LiveService) -> str:
    """What the tag should say of a service that is as it should be."""
    revision = revision_of(live.task_definition)
    return str(Applied(revision, lane.content, lane.service_content))


def _cause(service: DesiredService, found: Comparison) -> Cause:
    """Git has not moved if the last apply was of this very content.

    What ECS has rolled back, and what only Glia's own memory lacks, nobody has changed.
    """
    if is_retried(service, found.live) or not (found.fields or found.tags):
        return "git"
    if found.live.tags.get(PRUNE_AT) or KEY in found.tags:
        return "git"  # its manifest has come back, or another name
    known = applied(found.live.tags) is not None
    return "drift" if known and was_applied(found.lane, found.live) else "git"


def is_rolling(live: LiveService) -> bool:
    """Whether a deployment has not come to its end."""
    primary = live.primary
    return len(live.deployments) > 1 or (
        primary is not None and primary.rollout_state == "IN_PROGRESS"
    )


def _blocks(service: DesiredService, found: Comparison, allowed: Allowances) -> Iterator[Block]:
    if is_foreign(service, found.live) and service.key not in allowed.adopt:
        yield Block("name-conflict", _whose(found.live), allowed.command("--adopt", service.key))
    if found.fixed and not allowed.downtime:
        fixed = ", ".join(found.fixed)
        yield Block(
            "replace",
            f"ECS cannot change {fixed} of a service: it has to be deleted and made anew",
            allowed.command("--allow-downtime"),
        )


def _whose(live: LiveService) -> str:
    owner, key = live.tags.get(OWNER), live.tags.get(KEY)
    if owner is None:
        return f"service {live.name} is there already and has no tag of Glia's"
    return f"service {live.name} belongs to {owner} ({key or 'no manifest'})"
