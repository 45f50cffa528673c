"""Waiting for rollouts: every look judges all of them, ten services a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from glia.assess import Assessment, Evidence, assess, look, needs_evidence
from glia.desired.tags import FAILED
from glia.errors import GliaError
from glia.outcome import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from glia.assess import Standing, Watch
    from glia.live import LiveService, LiveTask, ServiceDeployment, ServiceEvent
    from glia.target import ClusterRef

STATES: Mapping[Standing, State] = {
    "Converged": State.DONE,
    "Progressing": State.ROLLS,
    "RolledBack": State.ROLLED_BACK,
    "CrashLooping": State.STALLED,
    "Unplaceable": State.STALLED,
    "Failed": State.FAILED,
    "Stalled": State.STALLED,
}
# ECS has given the content up: it is not applied again until the manifest changes.
REMEMBERED = frozenset({"RolledBack", "DeploymentFailed"})
# So many unreadable looks in a row and a rollout is given up on; pacing and retries are inside.
PATIENCE = 5


class Watcher(Protocol):
    """What is asked of AWS while rollouts are waited for."""

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]: ...

    def events(
        self, cluster: str, names: Collection[str]
    ) -> Mapping[str, tuple[ServiceEvent, ...]]: ...

    def tasks(
        self, cluster: str, *, service: str = "", stopped: bool = False
    ) -> tuple[LiveTask, ...]: ...

    def service_deployments(self, cluster: str, service: str) -> tuple[ServiceDeployment, ...]: ...

    def tag(self, arn: str, tags: Mapping[str, str]) -> None: ...


@dataclass(slots=True)
class Rollout:
    """One service of ECS that is waited for.

    Attributes:
        attempt: what a failure is remembered by; empty if it is not to be.
        outcome: where it stood at the last look.
        evidence: what was read at the last one that looked closer.
    """

    cluster: ClusterRef
    name: str
    attempt: str
    watch: Watch
    outcome: Outcome
    evidence: Evidence | None = None
    unreadable: int = 0


def look_at(
    rollouts: Iterable[Rollout],
    ecs_of: Callable[[ClusterRef], Watcher],
    now: Callable[[], float],
) -> None:
    """Bring the outcomes of all rollouts up to date; those of one cluster share calls."""
    by_cluster: dict[ClusterRef, list[Rollout]] = {}
    for each in rollouts:
        by_cluster.setdefault(each.cluster, []).append(each)
    for cluster, group in by_cluster.items():
        ecs = ecs_of(cluster)
        try:
            live = ecs.services(cluster.name, [each.name for each in group])
            for each in group:
                _judge(each, live.get(each.name), ecs, now())
        except GliaError as error:
            for each in group:
                _count_unreadable(each, error, now())


def _judge(rollout: Rollout, live: LiveService | None, ecs: Watcher, now: float) -> None:
    rollout.unreadable = 0
    if live is None:
        gone = Assessment("Failed", "Deleted", "somebody has deleted the service", 0)
        rollout.outcome = _outcome(rollout, gone, 0, now)
        return
    rollout.watch = look(rollout.watch, live, now)
    if needs_evidence(rollout.watch, live, now):
        rollout.evidence = evidence_of(rollout.cluster.name, rollout.name, ecs)
        rollout.watch = replace(rollout.watch, looked_at=now)
    verdict = assess(rollout.watch, live, now, rollout.evidence)
    rollout.outcome = _outcome(rollout, verdict, live.desired, now)
    if rollout.attempt and verdict.reason in REMEMBERED:
        ecs.tag(live.arn, {FAILED: rollout.attempt})


def evidence_of(cluster: str, name: str, ecs: Watcher) -> Evidence:
    """What ECS tells of a service that does not go on as it should."""
    return Evidence(
        ecs.events(cluster, [name]).get(name, ()),
        ecs.tasks(cluster, service=name, stopped=True),
        ecs.service_deployments(cluster, name),
    )


def _outcome(rollout: Rollout, verdict: Assessment, replicas: int, now: float) -> Outcome:
    return replace(
        rollout.outcome,
        state=STATES[verdict.state],
        at=now,
        ready=verdict.ready,
        replicas=replicas,
        reason=verdict.reason,
        message=verdict.message,
    )


def _count_unreadable(rollout: Rollout, error: GliaError, now: float) -> None:
    rollout.unreadable += 1
    state = State.FAILED if rollout.unreadable >= PATIENCE else rollout.outcome.state
    message = f"cannot be watched: {error}"
    rollout.outcome = replace(
        rollout.outcome, state=state, at=now, reason="Unreadable", message=message
    )
