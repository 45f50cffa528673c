"""A rollout that is waited for: what has been seen of it, so that progress is told from standstill.

ECS's answers may lag behind, show a service of the same name from before, or another deployment
of the same revision: what is ours is told by the deployment's id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from glia.live import Deployment, LiveService

# How long ECS may not yet show what has just been created or changed: terraform-provider-aws
# waits so long for a new service (internal/service/ecs/service.go).
VISIBLE_SECONDS: Final = 120.0
# In the reason of a deployment that ECS returns to (developer guide, "deployment circuit
# breaker").
RETURNING: Final = "rolling back to deployment"


@dataclass(frozen=True, slots=True)
class Watch:
    """A rollout that is waited for. Times are seconds since the epoch.

    Attributes:
        definition: the ARN of the task definition that it is to bring about.
        deployment: the id of the deployment that is waited for; empty where ECS told none.
        started_at: when it was started or, where it was only found, its deployment.
        born: when its deployment was created, by ECS's clock; zero where ECS told none.
        asked: the replicas that were asked for; None where the count is not ours.
        sighted: whether ECS has shown the service with this deployment.
        given_up: ECS's words when it was seen to give this deployment up.
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
    born: float = 0.0
    asked: int | None = None
    sighted: bool = False
    given_up: str = ""
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
    steady = is_steady(watch, live, now)
    return replace(
        watch,
        sighted=watch.sighted or _shows(watch, live),
        given_up=watch.given_up or _given_up(watch, live),
        seen=seen,
        left=left if progress else watch.left,
        # A clock that was set back makes nobody wait for what was.
        progress_at=now if progress else min(watch.progress_at, now),
        steady_since=min(watch.steady_since or now, now) if steady else None,
    )


def _left(watch: Watch, live: LiveService) -> int:
    """Replicas that are to come or to go. One that comes and goes and comes is no progress."""
    ready = ready_replicas(watch, live)
    running = sum(each.running for each in live.deployments)
    return abs(live.desired - ready) + running - ready


def _shows(watch: Watch, live: LiveService) -> bool:
    """A service of the same name that was deleted before may be shown first."""
    shown = {each.id for each in live.deployments}
    return live.status == "ACTIVE" and (not watch.deployment or watch.deployment in shown)


def _given_up(watch: Watch, live: LiveService) -> str:
    """ECS's words where the deployments show that it returns to the one before.

    The history says so too, but not everybody may read it.
    """
    primary = live.primary
    if primary is None or is_ours(watch, primary):
        return ""
    failed = (d for d in live.deployments if is_ours(watch, d) and d.rollout_state == "FAILED")
    told = next(failed, None)
    if told is not None:
        return told.rollout_reason or "the deployment failed"
    return primary.rollout_reason if RETURNING in primary.rollout_reason else ""


def is_steady(watch: Watch, live: LiveService, now: float) -> bool:
    primary = live.primary
    return (
        primary is not None
        and len(live.deployments) == 1
        and is_ours(watch, primary)
        and primary.rollout_state in {"COMPLETED", ""}
        and live.running == live.desired
        and live.pending == 0
        and (watch.asked in {None, live.desired} or now - watch.started_at >= VISIBLE_SECONDS)
    )


def is_ours(watch: Watch, deployment: Deployment) -> bool:
    """An answer may lag behind and still show the deployment before, of the same revision."""
    return deployment.task_definition == watch.definition and (
        deployment.id == watch.deployment or not watch.deployment
    )


def is_overdue(watch: Watch, now: float) -> bool:
    return now - watch.progress_at > watch.progress_deadline


def ready_replicas(watch: Watch, live: LiveService) -> int:
    """Running tasks of the wanted revision."""
    return sum(
        each.running for each in live.deployments if each.task_definition == watch.definition
    )


def watch_of(
    live: LiveService, now: float, progress_deadline: float, min_ready: float = 0.0
) -> Watch:
    """The watch of the deployment that leads, begun now."""
    primary = live.primary
    return Watch(
        definition=live.task_definition,
        deployment=primary.id if primary else "",
        started_at=now,
        progress_deadline=progress_deadline,
        min_ready=min_ready,
        born=primary.created_at if primary else 0.0,
        progress_at=now,
    )
