"""Where a lane's rollout stands, judged from what ECS shows: not "stable", but done with *this*.

Causes, not timeouts: what ECS and the runtime said stands in the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from glia.causes import REPEATED_SECONDS, placement_failure, stop_cause
from glia.watch import VISIBLE_SECONDS, is_ours, is_overdue, ready_replicas

if TYPE_CHECKING:
    from glia.live import Deployment, LiveService, LiveTask, ServiceDeployment, ServiceEvent
    from glia.watch import Watch

Standing: TypeAlias = Literal[
    "Converged", "Progressing", "RolledBack", "CrashLooping", "Unplaceable", "Failed", "Stalled"
]

# Tasks that reached RUNNING and ended by themselves count for no circuit breaker (developer
# guide, "How the deployment circuit breaker works"), so Glia counts them.
CRASH_LOOP: Final = 3
# Without a change for so long it is worth asking ECS why.
SUSPICIOUS_SECONDS: Final = 45.0
LOOK_AGAIN_SECONDS: Final = 15.0
# Between ECS's clock and ours.
CLOCKS_DIFFER_SECONDS: Final = 60.0
# Of service deployments (ServiceDeploymentStatus).
ROLLED_BACK: Final = frozenset({"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
ROLLING_BACK: Final = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})
UNDER_WAY: Final = frozenset({"PENDING", "IN_PROGRESS"})
REPLACED: Final = frozenset({"STOP_REQUESTED", "STOPPED"})


@dataclass(frozen=True, slots=True)
class Assessment:
    """Where one lane stands.

    Attributes:
        state: everything but Converged and Progressing is a failure.
        reason: a word for programs; of a failure the state itself.
        message: a sentence, with ECS's own words in it where there are any.
        ready: replicas of the wanted revision that are.
    """

    state: Standing
    reason: str
    message: str
    ready: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is read only where something looks wrong: events and tasks, newest first.

    Attributes:
        unread: why some of it could not be read; what there is counts all the same.
    """

    events: tuple[ServiceEvent, ...] = ()
    stopped: tuple[LiveTask, ...] = ()
    history: tuple[ServiceDeployment, ...] = ()
    unread: tuple[str, ...] = ()


def needs_evidence(watch: Watch, live: LiveService, now: float) -> bool:
    """Whether what DescribeServices shows leaves open why it does not go on."""
    if watch.steady_since is not None:
        return False
    primary = live.primary
    failing = primary is not None and primary.failed > 0
    still = now - watch.progress_at >= SUSPICIOUS_SECONDS or is_overdue(watch, now)
    suspicious = failing or still or _has_ended_badly(watch, live)
    return suspicious and now - watch.looked_at >= LOOK_AGAIN_SECONDS


def assess(
    watch: Watch, live: LiveService | None, now: float, evidence: Evidence | None
) -> Assessment:
    """The verdict on a watched rollout.

    Args:
        watch: after ``look`` at the same service.
        live: None where ECS does not know the service.
        now: the moment of the look.
        evidence: as far as it was read.
    """
    told = evidence or Evidence()
    if live is None or live.status != "ACTIVE":
        return _absent(watch, live, now)
    if watch.steady_since is not None:
        return _steady(watch, live, watch.steady_since, now)
    primary = live.primary
    if primary is not None and not is_ours(watch, primary):
        return _displaced(watch, live, primary, now, evidence)
    if primary is not None and primary.rollout_state == "FAILED":
        cause = stop_cause(told.stopped, watch.definition, watch.born)
        words = _joined("the deployment failed", primary.rollout_reason, cause)
        return Assessment("Failed", "DeploymentFailed", words, ready_replicas(watch, live))
    return _under_way(watch, live, now, told)


def _has_ended_badly(watch: Watch, live: LiveService) -> bool:
    """Another deployment leads, or this one has failed with nothing to roll back to."""
    primary = live.primary
    if primary is None:
        return False
    return not is_ours(watch, primary) or primary.rollout_state == "FAILED"


def _absent(watch: Watch, live: LiveService | None, now: float) -> Assessment:
    if not watch.sighted and now - watch.started_at < VISIBLE_SECONDS:
        return Assessment("Progressing", "RollingOut", "ECS does not show the service yet", 0)
    message = (
        "somebody has deleted the service" if live is None else f"{live.name} is {live.status}"
    )
    return Assessment("Failed", "Deleted", message, 0)


def _steady(watch: Watch, live: LiveService, since: float, now: float) -> Assessment:
    ready = ready_replicas(watch, live)
    left = watch.min_ready - (now - since)
    if left > 0:
        message = f"all run; ready in {left:.0f} s (minReadySeconds)"
        return Assessment("Progressing", "RollingOut", message, 0)
    running = "1 replica runs" if ready == 1 else f"{ready} replicas run"
    return Assessment("Converged", "Converged", f"{running} {_short(watch.definition)}", ready)


def _displaced(
    watch: Watch, live: LiveService, primary: Deployment, now: float, evidence: Evidence | None
) -> Assessment:
    """Another deployment leads: a rollback, somebody else's, or an answer that lags behind."""
    told = evidence or Evidence()
    entry = _entry(watch, told.history)
    status = entry.status if entry else ""
    why = (entry.reason if entry else "") or watch.given_up
    if status in ROLLED_BACK | ROLLING_BACK or (watch.given_up and status not in REPLACED):
        is_over = status in ROLLED_BACK or (not entry and primary.rollout_state == "COMPLETED")
        cause = stop_cause(told.stopped, watch.definition, watch.born)
        return _rolled_back(watch, live, _joined(why, cause), is_over=is_over, now=now)
    newer = bool(watch.born) and primary.created_at > watch.born
    gone = newer and evidence is not None and (entry is not None or not told.history)
    if status in REPLACED or (gone and status not in UNDER_WAY):
        words = f"the deployment was replaced by {_leading(watch, live)}"
        return Assessment("Failed", "Superseded", _joined(words, why, *told.unread), 0)
    if is_overdue(watch, now):
        words = f"{_late(watch, now)}: {_leading(watch, live)} leads, and this one is not in sight"
        return Assessment("Stalled", "ProgressDeadlineExceeded", _joined(words, *told.unread), 0)
    # An answer may lag behind the update (DescribeServices is eventually consistent).
    return Assessment("Progressing", "RollingOut", "the deployment is not in sight yet", 0)


def _entry(watch: Watch, history: tuple[ServiceDeployment, ...]) -> ServiceDeployment | None:
    """What the history says of this very deployment.

    Its id's number is in the ARN of its service revision (terraform-provider-aws,
    findPrimaryDeploymentARN): a retry has the task definition of the try before. Without an
    id, what was created since the start is taken for it.
    """
    number = watch.deployment.rpartition("/")[2]
    for each in history:
        if number and number in each.target_revision.rpartition("/")[2]:
            return each
        if not number and each.created_at >= watch.started_at - CLOCKS_DIFFER_SECONDS:
            return each
    return None


def _rolled_back(
    watch: Watch, live: LiveService, why: str, *, is_over: bool, now: float
) -> Assessment:
    """A rollback that takes too long is told as one: ECS has given the content up already."""
    if is_over:
        words = _joined(f"ECS rolled back to {_leading(watch, live)}", why)
        return Assessment("RolledBack", "RolledBack", words, 0)
    words = _joined(f"ECS is rolling back to {_leading(watch, live)}", why)
    if is_overdue(watch, now):
        return Assessment("RolledBack", "RolledBack", _joined(words, _late(watch, now)), 0)
    return Assessment("Progressing", "RollingBack", words, 0)


def _leading(watch: Watch, live: LiveService) -> str:
    """What runs instead, where the task definition may be the same."""
    short = _short(live.task_definition)
    same = live.task_definition == watch.definition
    return f"another deployment of {short}" if same else short


def _late(watch: Watch, now: float) -> str:
    return f"no progress for {now - watch.progress_at:.0f} s (progressDeadlineSeconds)"


def _under_way(watch: Watch, live: LiveService, now: float, told: Evidence) -> Assessment:
    ready = ready_replicas(watch, live)
    overdue = is_overdue(watch, now)
    cause = stop_cause(told.stopped, watch.definition, watch.born)
    if _crashes(watch, live, told) and ready < live.desired:
        return Assessment("CrashLooping", "CrashLooping", cause, ready)
    # An event may be older than the rollout: ECS says a thing once until it is resolved.
    unplaced = placement_failure(told.events, since=now - REPEATED_SECONDS)
    if unplaced and overdue:
        return Assessment("Unplaceable", "Unplaceable", unplaced, ready)
    if overdue:
        message = _joined(_late(watch, now), cause, *told.unread)
        return Assessment("Stalled", "ProgressDeadlineExceeded", message, ready)
    words = unplaced or cause or f"{ready} of {live.desired} ready"
    return Assessment("Progressing", "RollingOut", words, ready)


def _crashes(watch: Watch, live: LiveService, told: Evidence) -> bool:
    """Whether tasks end again and again, and no circuit breaker of ECS counts them."""
    if live.primary is not None and live.primary.failed and _has_breaker(live):
        return False
    ended = [
        task
        for task in told.stopped
        if task.task_definition == watch.definition
        and task.stop_code == "EssentialContainerExited"
        and (task.stopped_at or 0.0) >= watch.started_at
    ]
    return len(ended) >= CRASH_LOOP


def _has_breaker(live: LiveService) -> bool:
    configuration = live.members.get("deploymentConfiguration") or {}
    return bool((configuration.get("deploymentCircuitBreaker") or {}).get("enable"))


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def _joined(*parts: str) -> str:
    return ": ".join(part.strip().rstrip(".") for part in parts if part and part.strip())
