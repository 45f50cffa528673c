"""Carry out a plan: changes in its order, several at once, and wait until they have converged.

One failed change does not stop the others. An interruption lets calls in flight end, starts no
other, and says of every change how far it came.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from glia.assess import Watch
from glia.desired.service import PARTITION
from glia.errors import GliaError
from glia.outcome import Outcome, State
from glia.parallel import in_parallel
from glia.plan import Delete, lane_id
from glia.planning.updating import is_rolling
from glia.rollout import Rollout, Watcher, look_at
from glia.submit import CutOff, Submission, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glia.clock import Clock
    from glia.live import LiveService
    from glia.plan import Change, Labelling, Plan, Settled
    from glia.target import ClusterRef

# One thread waits for all rollouts; the others make changes. RegisterTaskDefinition is limited
# to one a second, so more would only queue.
SUBMITTERS = 7
LOOK_EVERY_SECONDS = 5.0


class Ecs(Writer, Watcher, Protocol):
    """All that applying asks of AWS in one account and region."""

    def label(self, cluster: str, instances: Sequence[str], name: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How to apply.

    Attributes:
        wait: until everything has converged.
        timeout: seconds for all of it; None lets the progress deadlines decide.
    """

    wait: bool = True
    timeout: float | None = None


@dataclass(slots=True)
class _Work:
    plan: Plan
    ecs_of: Callable[[ClusterRef], Ecs]
    clock: Clock
    manner: Manner
    tell: Callable[[Outcome], None]
    begin: float
    queue: deque[Change]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    rollouts: list[Rollout] = field(default_factory=list)
    submitting: int = 0
    stopping: bool = False
    interrupted: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cut_off(self) -> State:
        """What becomes of a change that was begun, once nobody waits any more."""
        return State.INTERRUPTED if self.interrupted else State.TIMED_OUT

    def note(self, outcome: Outcome) -> None:
        """Remember and tell what is new about a change."""
        with self.lock:
            before = self.outcomes.get(outcome.id)
            self.outcomes[outcome.id] = outcome
            if before is None or _news(before) != _news(outcome):
                self.tell(outcome)


def apply(
    plan: Plan,
    ecs_of: Callable[[ClusterRef], Ecs],
    clock: Clock,
    tell: Callable[[Outcome], None],
    manner: Manner,
) -> tuple[Outcome, ...]:
    """What came of every change, in the plan's order, and of what was rolling out already."""
    work = _Work(plan, ecs_of, clock, manner, tell, clock.now(), deque())
    for change in plan.changes:
        state = State.BLOCKED if change.blocked_by else State.WAITS
        message = change.blocked_by[0].message if change.blocked_by else ""
        work.note(_first(change, state, work.begin, message))
        if not change.blocked_by:
            work.queue.append(change)
    for labelling in plan.labellings:
        _label(labelling, work)
    rolling = [_settling(each, work) for each in plan.settled if each.rolling]
    if manner.wait:
        work.rollouts += rolling
    crew = min(SUBMITTERS, len(work.queue))
    work.submitting = crew
    jobs: list[Callable[[], None]] = [lambda: _wait(work), *[lambda: _submit_all(work)] * crew]
    in_parallel(clock, lambda job: job(), jobs)
    if work.stopping:
        _leave(work)
    return tuple(work.outcomes.values())


def _label(labelling: Labelling, work: _Work) -> None:
    """Partitions come before the lanes that are to be in them."""
    outcome = Outcome(
        id=labelling.id,
        key=str(labelling.cluster),
        lane=f"partition {labelling.partition}",
        action="label",
        state=State.DONE,
        at=work.begin,
        calls=("PutAttributes",),
        message=f"{len(labelling.instances)} {labelling.instance_type}",
    )
    try:
        ecs = work.ecs_of(labelling.cluster)
        ecs.label(labelling.cluster.name, labelling.instances, PARTITION, labelling.partition)
    except GliaError as error:
        outcome = replace(outcome, state=State.FAILED, reason="Refused", message=str(error))
    work.note(outcome)


def _submit_all(work: _Work) -> None:
    try:
        while not work.stopping:
            change = _next(work)
            if change is not None:
                _submit(change, work)
            elif work.queue:
                work.clock.sleep(LOOK_EVERY_SECONDS)
            else:
                return
    except KeyboardInterrupt:
        work.stopping = work.interrupted = True
    finally:
        with work.lock:
            work.submitting -= 1


def _next(work: _Work) -> Change | None:
    """The first change whose predecessors are done; those that now never will be are told."""
    with work.lock:
        waiting = list(work.queue)
    for change in waiting:
        before = [work.outcomes[each] for each in change.depends_on if each in work.outcomes]
        failed = next((each for each in before if _is_in_the_way(each)), None)
        if failed is None and not all(each.state is State.DONE for each in before):
            continue
        with work.lock:
            if change not in work.queue:
                continue  # another thread was faster
            work.queue.remove(change)
        if failed is None:
            return change
        _hold(change, failed, work)
    return None


def _is_in_the_way(outcome: Outcome) -> bool:
    return outcome.state.ended and outcome.state is not State.DONE


def _hold(change: Change, behind: Outcome, work: _Work) -> None:
    """One lane that did not converge holds the lanes after it."""
    message = f"waits for {behind.lane}, which is {behind.state.value}; apply again to go on"
    outcome = replace(work.outcomes[change.id], state=State.HELD, at=work.clock.now())
    work.note(replace(outcome, reason="LaneNotReady", message=message))


def _submit(change: Change, work: _Work) -> None:
    ecs = work.ecs_of(change.service.cluster)
    submission = Submission(change, ecs, work.clock, lambda: work.stopping)
    begun = replace(work.outcomes[change.id], state=State.CHANGES, at=work.clock.now())
    work.note(begun)
    try:
        service = submission.run()
    except GliaError as error:
        ended = replace(begun, state=State.FAILED, reason="Refused", message=str(error))
    except (KeyboardInterrupt, CutOff) as cut:
        if isinstance(cut, KeyboardInterrupt):
            work.stopping = work.interrupted = True
        ended = replace(begun, state=work.cut_off if submission.calls else State.NOT_STARTED)
    else:
        _submitted(change, service, replace(begun, calls=tuple(submission.calls)), work)
        return
    work.note(replace(ended, at=work.clock.now(), calls=tuple(submission.calls)))


def _submitted(change: Change, service: LiveService, outcome: Outcome, work: _Work) -> None:
    now = work.clock.now()
    if isinstance(change.step, Delete):
        work.note(replace(outcome, state=State.DONE, at=now))
        return
    steady = outcome.calls == ("TagResource",) and not is_rolling(service)
    if steady or not work.manner.wait:
        state = State.DONE if steady else State.SUBMITTED
        ready = min(service.running, service.desired) if steady else 0
        work.note(replace(outcome, state=state, at=now, ready=ready))
        return
    outcome = replace(outcome, state=State.ROLLS, at=now, replicas=service.desired)
    work.note(outcome)
    with work.lock:
        work.rollouts.append(_rollout(change, service, now, outcome))


def _rollout(of: Change | Settled, service: LiveService, now: float, outcome: Outcome) -> Rollout:
    primary, policy = service.primary, of.service.rollout
    watch = Watch(
        definition=service.task_definition,
        deployment=primary.id if primary else "",
        started_at=now,
        progress_deadline=policy.progress_deadline_seconds,
        min_ready=policy.min_ready_seconds,
        progress_at=now,
    )
    return Rollout(of.service.cluster, of.lane.lane.name, of.service.attempt, watch, outcome)


def _settling(settled: Settled, work: _Work) -> Rollout:
    """A rollout that an earlier run, or somebody else, has started."""
    lane = settled.lane.lane
    outcome = Outcome(
        id=lane_id(settled.service, settled.lane),
        key=settled.service.key,
        lane=lane.name,
        action="wait",
        state=State.ROLLS if work.manner.wait else State.SUBMITTED,
        at=work.begin,
        replicas=settled.live.desired,
    )
    work.note(outcome)
    return _rollout(settled, settled.live, work.begin, outcome)


def _wait(work: _Work) -> None:
    """Until every rollout has ended and nobody submits any more."""
    try:
        while True:
            with work.lock:
                busy = work.submitting > 0
                rolling = [each for each in work.rollouts if not each.outcome.state.ended]
            if not busy and not rolling:
                return
            look_at(rolling, work.ecs_of, work.clock.now)
            for each in rolling:
                work.note(each.outcome)
            if _is_late(work):
                work.stopping = True
                return
            work.clock.sleep(LOOK_EVERY_SECONDS)
    except KeyboardInterrupt:
        work.stopping = work.interrupted = True


def _is_late(work: _Work) -> bool:
    timeout = work.manner.timeout
    return timeout is not None and work.clock.now() - work.begin >= timeout


def _leave(work: _Work) -> None:
    """What is open now stays so: changed and not waited for, or not even started."""
    now = work.clock.now()
    for outcome in tuple(work.outcomes.values()):
        if outcome.state is State.ROLLS:
            work.note(replace(outcome, state=work.cut_off, at=now))
        elif outcome.state is State.WAITS:
            work.note(replace(outcome, state=State.NOT_STARTED, at=now))


def _first(change: Change, state: State, now: float, message: str) -> Outcome:
    effect = change.effect
    replicas = effect.replicas[1] if effect.replicas else change.lane.lane.count or 0
    return Outcome(
        id=change.id,
        key=change.key,
        lane=change.lane.lane.name,
        action=change.action,
        state=state,
        at=now,
        replicas=replicas,
        message=message,
    )


def _news(outcome: Outcome) -> tuple[object, ...]:
    return (outcome.state, outcome.ready, outcome.replicas, outcome.reason, outcome.message)
