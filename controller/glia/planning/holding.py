"""Contents that have failed are not applied again until the manifest changes.

What would start a deployment is held, and nothing else: a service that was rolled back still
gets its count, its percentages and its tags.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.change import Change
from glia.plan import Held, Settled
from glia.planning.effects import effect, starts_deployment
from glia.planning.needs import runs_content
from glia.steps import Update
from glia.tags import FAILED, LANE
from glia.update_members import REDEPLOYING

if TYPE_CHECKING:
    from glia.desired.state import DesiredLane, DesiredService
    from glia.live import LiveService, ServiceDeployment
    from glia.observed import Observed

# Of service deployments (ServiceDeploymentStatus).
FAILURES = frozenset(
    {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
)
ANY = "any"  # where nobody knows which attempt it was; a tag takes no asterisk


def held(
    service: DesiredService,
    lane: DesiredLane,
    live: LiveService,
    observed: Observed,
    decision: Change | Settled,
) -> Held | None:
    """Why a lane is held; None where it is not."""
    if is_retried(service, live):
        return None
    match decision:
        case Change(step=Update() as step) if starts_deployment(step):
            return _rolled_back(service, lane, live, observed)
        case Settled() | Change(step=Update()):
            return _failed_for_good(service, live)
        case _:
            return None


def _rolled_back(
    service: DesiredService, lane: DesiredLane, live: LiveService, observed: Observed
) -> Held | None:
    if live.tags.get(FAILED) == service.attempt:
        return Held(service, "RolledBack", _message(live, "its last deployment failed"))
    entry = _rollback(lane, observed, live)
    if entry is None:
        return None
    return Held(service, "RolledBack", _message(live, entry.reason or entry.status))


def without_deployment(change: Change) -> Change | None:
    """What of a held change is made all the same; None where that is nothing.

    The tag of what was applied stays as it is: it tells of the content that failed.
    """
    step = change.step
    if not isinstance(step, Update):
        return None
    if not starts_deployment(step):
        return change
    held_back = REDEPLOYING | {"forceNewDeployment"}
    members = {name: value for name, value in step.members.items() if name not in held_back}
    own = change.lane.tags.keys() - {LANE}  # which tells of the new content's size
    tags = {key: value for key, value in step.tags.items() if key in own}
    if not (members or tags):
        return None
    rest = replace(step, definition=None, members=members, tags=tags, remembers=False)
    fields = tuple(each for each in change.fields if _member(each.path) in (*members, *tags))
    return replace(change, step=rest, fields=fields, effect=effect(change.lane, rest))


def _member(path: str) -> str:
    """The member of UpdateService, or the tag, that a field is a part of."""
    if path == "replicas":
        return "desiredCount"
    root, _, rest = path.partition(".")
    if root != "service":
        return ""
    if rest.startswith("tags["):
        return rest.removeprefix("tags[").removesuffix("]")
    return rest.partition(".")[0].partition("[")[0]


def is_retried(service: DesiredService, live: LiveService) -> bool:
    """Whether ``glia retry`` has said that this content may be tried once more."""
    return live.tags.get(FAILED) in {retry_mark(service.attempt), retry_mark(ANY)}


def without_mark(live: LiveService) -> dict[str, str]:
    """The tag to set along with a new attempt: what it says of an earlier one is over."""
    return {FAILED: ""} if live.tags.get(FAILED) else {}


def retry_mark(attempt: str) -> str:
    """What stands in the tag instead of the attempt that failed."""
    return f"retry:{attempt}"


def has_failed(live: LiveService) -> bool:
    """ECS had nothing to roll back to, so the content is there and its deployment has failed."""
    return live.primary is not None and live.primary.rollout_state == "FAILED"


def _failed_for_good(service: DesiredService, live: LiveService) -> Held | None:
    if not has_failed(live) or live.primary is None:
        return None
    return Held(service, "DeploymentFailed", _message(live, live.primary.rollout_reason))


def _rollback(lane: DesiredLane, observed: Observed, live: LiveService) -> ServiceDeployment | None:
    """The last deployment of the wanted task definition, if ECS has taken it back."""
    newest = observed.newest.get(lane.family)
    wanted = newest.arn if newest is not None else ""
    if runs_content(lane, live, observed):
        wanted = live.task_definition  # only the service's own members were taken back
    for entry in observed.histories.get(live.name, ()):
        if entry.task_definition == wanted:
            return entry if entry.status in FAILURES else None
    return None


def _message(live: LiveService, why: str) -> str:
    revision = live.task_definition.rpartition("/")[2]
    return f"{why.rstrip('.')}; {live.name} runs {revision}"
