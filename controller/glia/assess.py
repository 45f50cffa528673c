"""Where a lane's rollout stands, judged from what ECS shows: not "stable", but done with *this*.

Causes, not timeouts: what ECS and the runtime said stands in the message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from glia.causes import placement_failure, stop_cause

if TYPE_CHECKING:
    from glia.live import Deployment, LiveService, LiveTask, ServiceDeployment, ServiceEvent

Standing: TypeAlias = Literal[
    "Converged", "Progressing", "RolledBack", "CrashLooping", "Unplaceable", "Failed", "Stalled"
]

# Tasks that reached RUNNING and ended by themselves count for no circuit breaker (developer
# guide, "How the deployment circuit breaker works"), so Glia counts them.
CRASH_LOOP: Final = 3
# Without a change for so long it is worth asking ECS why.
SUSPICIOUS_SECONDS: Final = 45.0
LOOK_AGAIN_SECONDS: Final = 15.0
# Of service deployments (ServiceDeploymentStatus).
ROLLED_BACK: Final = frozenset({"ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
ROLLING_BACK: Final = frozenset({"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})


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
    """What is read only where something looks wrong: events and tasks, newest first."""

    events: tuple[ServiceEvent, ...] = ()
    stopped: tuple[LiveTask, ...] = ()
    history: tuple[ServiceDeployment, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """A rollout that is waited for. Times are seconds since the epoch.

    Attributes:
        definition: the ARN of the task definition that it is to bring about.
        deployment: the id of the deployment that was started; empty where it was only found.
        seen: the deployments at the last look, for telling progress from standstill.
        left: the fewest replicas that were to come or to go since they have been these.
        progress_at: when either changed last.
        steady_since: since when everything has been as it should be.
        looked_at: when evidence was read last.
    """

    definition: str
    deployment: str
    started_at: float
    progress_deadline: float
    min_ready: float = 0.0
    seen: tuple[object, ...] = ()
    left: int = 0
    progress_at: float = 0.0
    steady_since: float | None = None
    looked_at: float = 0.0


def look(watch: Watch, live: LiveService, now: float) -> Watch:
    """The watch after another look at its service."""
    seen = (live.desired, *((d.id, d.status, d.rollout_state) for d in live.deployments))
    left = _left(watch, live)
    progress = seen != watch.seen or left < watch.left
    steady = _is_steady(watch, live)
    return replace(
        watch,
        seen=seen,
        left=left if progress else watch.left,
        progress_at=now if progress else watch.progress_at,
        steady_since=(watch.steady_since or now) if steady else None,
    )


def _left(watch: Watch, live: LiveService) -> int:
    """Replicas that are to come or to go. One that comes and goes and comes is no progress."""
    ready = ready_replicas(watch, live)
    running = sum(each.running for each in live.deployments)
    return abs(live.desired - ready) + running - ready


def needs_evidence(watch: Watch, live: LiveService, now: float) -> bool:
    """Whether what DescribeServices shows leaves open why it does not go on."""
    if watch.steady_since is not None:
        return False
    primary = live.primary
    failing = primary is not None and primary.failed > 0
    still = now - watch.progress_at >= SUSPICIOUS_SECONDS
    suspicious = failing or still or _has_ended_badly(watch, live)
    return suspicious and now - watch.looked_at >= LOOK_AGAIN_SECONDS


def assess(watch: Watch, live: LiveService, now: float, evidence: Evidence | None) -> Assessment:
    """The verdict on a watched rollout; ``evidence`` as far as it was read."""
    told = evidence or Evidence()
    if live.status != "ACTIVE":
        return Assessment("Failed", "Deleted", f"{live.name} is {live.status}", 0)
    if watch.steady_since is not None:
        return _steady(watch, live, watch.steady_since, now)
    if _has_ended_badly(watch, live):
        return _ended_badly(watch, live, told)
    return _under_way(watch, live, now, told)


def _is_steady(watch: Watch, live: LiveService) -> bool:
    primary = live.primary
    return (
        primary is not None
        and len(live.deployments) == 1
        and primary.task_definition == watch.definition
        and _is_ours_or_newer(watch, primary)
        and primary.rollout_state in {"COMPLETED", ""}
        and live.running == live.desired
        and live.pending == 0
    )


def _is_ours_or_newer(watch: Watch, primary: Deployment) -> bool:
    """An answer may lag behind and still show the deployment before."""
    return primary.id == watch.deployment or primary.created_at > watch.started_at


def _has_ended_badly(watch: Watch, live: LiveService) -> bool:
    """Another revision leads, or this one has failed with nothing to roll back to."""
    primary = live.primary
    if primary is None:
        return False
    return primary.task_definition != watch.definition or primary.rollout_state == "FAILED"


def _steady(watch: Watch, live: LiveService, since: float, now: float) -> Assessment:
    ready = ready_replicas(watch, live)
    left = watch.min_ready - (now - since)
    if left > 0:
        message = f"all run; ready in {left:.0f} s (minReadySeconds)"
        return Assessment("Progressing", "RollingOut", message, 0)
    running = "1 replica runs" if ready == 1 else f"{ready} replicas run"
    return Assessment("Converged", "Converged", f"{running} {_short(watch.definition)}", ready)


def _ended_badly(watch: Watch, live: LiveService, told: Evidence) -> Assessment:
    cause = stop_cause(told.stopped, watch.definition)
    primary = live.primary
    if primary is not None and primary.task_definition == watch.definition:
        words = _joined("the deployment failed", primary.rollout_reason, cause)
        return Assessment("Failed", "DeploymentFailed", words, ready_replicas(watch, live))
    newest = told.history[0] if told.history else None
    mine = next((e for e in told.history if e.task_definition == watch.definition), None)
    if mine is None or newest is None:
        # An answer may lag behind the update (DescribeServices is eventually consistent).
        return Assessment("Progressing", "RollingOut", "the deployment is not in sight yet", 0)
    if mine.status in ROLLED_BACK:
        words = _joined(f"ECS rolled back to {_short(live.task_definition)}", mine.reason, cause)
        return Assessment("RolledBack", "RolledBack", words, 0)
    if mine.status in ROLLING_BACK:
        words = _joined("ECS is rolling back", mine.reason, cause)
        return Assessment("Progressing", "RollingBack", words, 0)
    if mine.status == "STOPPED" or newest.created_at > mine.created_at:
        words = _joined(
            f"the deployment was replaced by {_short(live.task_definition)}", mine.reason
        )
        return Assessment("Failed", "Superseded", words, 0)
    return Assessment("Progressing", "RollingOut", "the deployment is not in sight yet", 0)


def _under_way(watch: Watch, live: LiveService, now: float, told: Evidence) -> Assessment:
    ready = ready_replicas(watch, live)
    overdue = now - watch.progress_at > watch.progress_deadline
    cause = stop_cause(told.stopped, watch.definition)
    if _crashes(watch, live, told) and ready < live.desired:
        return Assessment("CrashLooping", "CrashLooping", cause, ready)
    unplaced = placement_failure(told.events, since=watch.started_at)
    if unplaced and overdue:
        return Assessment("Unplaceable", "Unplaceable", unplaced, ready)
    if overdue:
        message = f"no progress for {now - watch.progress_at:.0f} s (progressDeadlineSeconds)"
        return Assessment("Stalled", "ProgressDeadlineExceeded", _joined(message, cause), ready)
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


def ready_replicas(watch: Watch, live: LiveService) -> int:
    """Running tasks of the wanted revision."""
    return sum(
        each.running for each in live.deployments if each.task_definition == watch.definition
    )


def found_watch(live: LiveService, progress_deadline: float) -> Watch:
    """The watch of a rollout that somebody else started, as far as ECS tells."""
    primary = live.primary
    since = primary.created_at if primary else 0.0
    return Watch(
        definition=live.task_definition,
        deployment=primary.id if primary else "",
        started_at=since,
        progress_deadline=progress_deadline,
        progress_at=since,
    )


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def _joined(*parts: str) -> str:
    return ": ".join(part.strip().rstrip(".") for part in parts if part and part.strip())
