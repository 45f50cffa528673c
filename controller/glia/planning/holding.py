"""Contents that have failed are not applied again until the manifest changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.desired.tags import FAILED
from glia.plan import Change, Held, Settled, Update
from glia.planning.effects import starts_deployment

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
    if isinstance(decision, Settled):
        return _failed_for_good(service, live)
    step = decision.step
    if not isinstance(step, Update) or not starts_deployment(step) or is_retried(service, live):
        return None
    if live.tags.get(FAILED) == service.attempt:
        return Held(service, "RolledBack", _message(live, "its last deployment failed"))
    entry = _rollback(lane, observed, live)
    if entry is None:
        return None
    return Held(service, "RolledBack", _message(live, entry.reason or entry.status))


def is_retried(service: DesiredService, live: LiveService) -> bool:
    """Whether ``glia retry`` has said that this content may be tried once more."""
    return live.tags.get(FAILED) in {retry_mark(service.attempt), retry_mark(ANY)}


def without_mark(service: DesiredService, live: LiveService) -> dict[str, str]:
    """The tag to set when what was to be retried is: the mark is good for one try."""
    return {FAILED: ""} if is_retried(service, live) else {}


def retry_mark(attempt: str) -> str:
    """What stands in the tag instead of the attempt that failed."""
    return f"retry:{attempt}"


def has_failed(live: LiveService) -> bool:
    """ECS had nothing to roll back to, so the content is there and its deployment has failed."""
    return live.primary is not None and live.primary.rollout_state == "FAILED"


def _failed_for_good(service: DesiredService, live: LiveService) -> Held | None:
    if not has_failed(live) or live.primary is None or is_retried(service, live):
        return None
    return Held(service, "DeploymentFailed", _message(live, live.primary.rollout_reason))


def _rollback(lane: DesiredLane, observed: Observed, live: LiveService) -> ServiceDeployment | None:
    newest = observed.newest.get(lane.family)
    for entry in observed.histories.get(live.name, ()):
        if newest is not None and entry.task_definition == newest.arn:
            return entry if entry.status in FAILURES else None
    return None


def _message(live: LiveService, why: str) -> str:
    revision = live.task_definition.rpartition("/")[2]
    return f"{why.rstrip('.')}; {live.name} runs {revision}"
