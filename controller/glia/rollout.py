"""Waiting for rollouts: every look judges all of them, ten services a call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from glia.assess import Assessment, Evidence, assess, needs_evidence
from glia.causes import called_steady_since
from glia.errors import GliaError
from glia.outcome import Outcome, State
from glia.steps import Create, Replace, Scale
from glia.tags import FAILED
from glia.watch import is_steady, look, watch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from glia.assess import Standing
    from glia.change import Change
    from glia.live import LiveService, LiveTask, ServiceDeployment, ServiceEvent
    from glia.plan import Settled
    from glia.target import ClusterRef
    from glia.watch import Watch

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
LOOK_EVERY_SECONDS = 5.0
# So many unreadable looks in a row and a rollout is given up on; pacing and retries are inside.
PATIENCE = 5
# Looking closely takes three or four calls: an apply that is out of time shall end soon.
EXPLAINED = 20

T = TypeVar("T")


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
        flaw: what AWS refused beside the rollout, so that it cannot end well.
        evidence: what was read at the last one that looked closer.
        unreadable: looks in a row at which ECS told nothing of the service.
        says_so: whether ECS has to have said that its tasks are healthy, as no deployment does:
            running they may still be loading.
        ends: whether tasks that ECS counts no more have to have ended, too.
    """

    cluster: ClusterRef
    name: str
    attempt: str
    watch: Watch
    outcome: Outcome
    flaw: str = ""
    evidence: Evidence | None = None
    unreadable: int = 0
    says_so: bool = False
    ends: bool = False


def started_rollout(
    change: Change, service: LiveService, now: float, outcome: Outcome, flaw: str = ""
) -> Rollout:
    """The rollout of a change that has just been made; ECS's answers may lag behind it."""
    rollout = _rollout(change, service, now, outcome)
    rollout.flaw = flaw
    if isinstance(change.step, Scale):
        rollout.attempt = ""  # its deployment is one before
        rollout.says_so = not change.step.ends
        rollout.ends = change.step.ends
    rollout.watch = replace(
        rollout.watch,
        asked=None if change.lane.lane.count is None else service.desired,
        sighted=not isinstance(change.step, Create | Replace),
    )
    return rollout


def found_rollout(settled: Settled, now: float, outcome: Outcome) -> Rollout:
    """A rollout that an earlier run, or somebody else, has started."""
    rollout = _rollout(settled, settled.live, now, outcome)
    rollout.says_so = settled.watched
    since = now if settled.watched and not settled.rolling else rollout.watch.born or now
    rollout.watch = replace(rollout.watch, started_at=since, sighted=True)
    return rollout


def _rollout(of: Change | Settled, service: LiveService, now: float, outcome: Outcome) -> Rollout:
    policy = of.service.rollout
    watch = watch_of(service, now, policy.progress_deadline_seconds, policy.min_ready_seconds)
    return Rollout(of.service.cluster, of.lane.lane.name, of.service.attempt, watch, outcome)


def look_at(
    rollouts: Iterable[Rollout],
    ecs_of: Callable[[ClusterRef], Watcher],
    now: Callable[[], float],
    *,
    last: bool = False,
) -> None:
    """Bring the outcomes of all rollouts up to date; those of one cluster share calls.

    At the ``last`` look some that nothing is known of are looked at closely, for a cause to tell.
    """
    by_cluster: dict[ClusterRef, list[Rollout]] = {}
    for each in rollouts:
        by_cluster.setdefault(each.cluster, []).append(each)
    for cluster, group in by_cluster.items():
        try:
            ecs = ecs_of(cluster)
            live = dict(ecs.services(cluster.name, [each.name for each in group]))
            asked = [each.name for each in group if each.says_so and _runs(each, live, now())]
            loading = _loading(ecs.events(cluster.name, asked)) if asked else frozenset()
            fewer = [each.name for each in group if each.ends and _runs(each, live, now())]
            loading |= {name for name in fewer if _is_ending(ecs, cluster.name, name)}
        except GliaError as error:
            for each in group:
                _count_unreadable(each, error, now())
            continue
        unknown = [each.name for each in group if each.evidence is None]
        closely = unknown[:EXPLAINED] if last else ()
        for each in group:
            if each.name in loading:
                live[each.name] = replace(live[each.name], pending=live[each.name].pending or 1)
            _judge(each, live.get(each.name), ecs, now(), closely=each.name in closely)


def _runs(rollout: Rollout, live: Mapping[str, LiveService], now: float) -> bool:
    shown = live.get(rollout.name)
    return shown is not None and is_steady(rollout.watch, shown, now)


def _loading(events: Mapping[str, tuple[ServiceEvent, ...]]) -> frozenset[str]:
    """Services that have started tasks and not been called steady since."""
    return frozenset(name for name, told in events.items() if called_steady_since(told) is None)


def _is_ending(ecs: Watcher, cluster: str, name: str) -> bool:
    """Whether a task of it is still there that ECS counts no more."""
    found = ecs.tasks(cluster, service=name, stopped=True)
    return any(each.last_status != "STOPPED" for each in found)


def _judge(
    rollout: Rollout, live: LiveService | None, ecs: Watcher, now: float, *, closely: bool
) -> None:
    if live is not None:
        rollout.watch = look(rollout.watch, live, now)
        if closely or needs_evidence(rollout.watch, live, now):
            rollout.evidence = evidence_of(rollout.cluster.name, rollout.name, ecs)
            rollout.watch = replace(rollout.watch, looked_at=now)
    verdict = assess(rollout.watch, live, now, rollout.evidence)
    replicas = live.desired if live is not None else rollout.outcome.replicas
    rollout.outcome = _outcome(rollout, verdict, replicas, now)
    rollout.unreadable = 0
    if live is not None and rollout.attempt and verdict.reason in REMEMBERED:
        _remember(rollout, live, ecs)


def evidence_of(cluster: str, name: str, ecs: Watcher) -> Evidence:
    """What ECS tells of a service that does not go on as it should, as far as it may be read."""
    unread: list[str] = []

    def told(read: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
        try:
            return read()
        except GliaError as error:
            unread.append(str(error))
            return ()

    events = told(lambda: ecs.events(cluster, [name]).get(name, ()))
    stopped = told(lambda: ecs.tasks(cluster, service=name, stopped=True))
    history = told(lambda: ecs.service_deployments(cluster, name))
    return Evidence(events, stopped, history, tuple(unread))


def _outcome(rollout: Rollout, verdict: Assessment, replicas: int, now: float) -> Outcome:
    state, reason, message = STATES[verdict.state], verdict.reason, verdict.message
    if rollout.flaw and state.ended:
        message = f"{message}; but {rollout.flaw}"
        if state is State.DONE:
            state, reason = State.FAILED, "Refused"
    return replace(
        rollout.outcome,
        state=state,
        at=now,
        ready=verdict.ready,
        replicas=replicas,
        reason=reason,
        message=message,
    )


def _remember(rollout: Rollout, live: LiveService, ecs: Watcher) -> None:
    """Without the tag the history tells the same, as long as ECS keeps it."""
    try:
        ecs.tag(live.arn, {FAILED: rollout.attempt})
    except GliaError as error:
        told = f"{rollout.outcome.message}; the tag {FAILED} could not be set: {error}"
        rollout.outcome = replace(rollout.outcome, message=told)


def _count_unreadable(rollout: Rollout, error: GliaError, now: float) -> None:
    rollout.unreadable += 1
    state = State.FAILED if rollout.unreadable >= PATIENCE else rollout.outcome.state
    message = f"cannot be watched: {error}"
    rollout.outcome = replace(
        rollout.outcome, state=state, at=now, reason="Unreadable", message=message
    )
