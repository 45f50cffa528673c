"""Carry out a plan: changes in its order, several at once, and wait until they have converged.

One failed change does not stop the others. An interruption lets calls in flight end, starts no
other, and says of every change how far it came.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from glia.applying.relabelling import Labeller, Relabelling
from glia.applying.separating import Separating
from glia.applying.submission import CutOff, Submission, Writer
from glia.errors import GliaError, is_transient
from glia.identity import lane_id
from glia.outcome import Applied, Outcome, State, deferred, held_behind, in_the_way, left
from glia.parallel import in_parallel
from glia.planning.effects import only_gives_up
from glia.planning.updating import is_rolling
from glia.rollout import (
    LOOK_EVERY_SECONDS,
    Rollout,
    Watcher,
    found_rollout,
    look_at,
    started_rollout,
)
from glia.steps import Labelling, Retire, Separation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glia.change import Change
    from glia.clock import Clock
    from glia.live import LiveService
    from glia.outcome import Cut
    from glia.plan import Plan, Settled
    from glia.target import ClusterRef

T_co = TypeVar("T_co", covariant=True)
# One thread waits for all rollouts; the others make changes. RegisterTaskDefinition is limited
# to one a second, so more would only queue.
SUBMITTERS = 7
RETIRED = "without replicas now; deleted by a later apply, after its time of grace"


class Ecs(Writer, Watcher, Labeller, Protocol):
    """All that applying asks of AWS in one account and region."""


class _Step(Protocol[T_co]):
    """Something to carry out, call by call."""

    calls: list[str]

    def run(self) -> T_co: ...


@dataclass(frozen=True, slots=True)
class Manner:
    """How to apply.

    Attributes:
        wait: until everything has converged.
        timeout: seconds for all of it; None lets the progress deadlines decide.
        is_over: asked before each change; once it says so, no other is begun.
        goes_on: what makes a lane go on that is held behind another one.
        hand_over: takes every rollout that was started, where ``wait`` is not asked for.
    """

    wait: bool = True
    timeout: float | None = None
    is_over: Callable[[], bool] = lambda: False
    goes_on: str = "apply again to go on"
    hand_over: Callable[[Change, Rollout], None] = lambda _change, _rollout: None


@dataclass(slots=True)
class _Work:
    plan: Plan
    ecs_of: Callable[[ClusterRef], Ecs]
    clock: Clock
    manner: Manner
    tell: Callable[[Outcome], None]
    begin: float
    queue: dict[str, Change | Labelling | Separation] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    rollouts: list[Rollout] = field(default_factory=list)
    submitting: int = 0
    cut: Cut | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def interrupt(self) -> None:
        """Nobody starts anything any more."""
        self.cut = State.INTERRUPTED

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
) -> Applied:
    """What came of the plan's labels, separations and changes, and of what was rolling already."""
    work = _Work(plan, ecs_of, clock, manner, tell, clock.now())
    before: list[Labelling | Separation] = [*plan.labellings, *plan.separations]
    for step in before:
        work.note(_waiting(step, work.begin))
        work.queue[step.id] = step
    for change in plan.changes:
        state = State.BLOCKED if change.blocked_by else State.WAITS
        message = change.blocked_by[0].message if change.blocked_by else ""
        work.note(_first(change, state, work.begin, message))
        if not change.blocked_by:
            work.queue[change.id] = change
    rolling = [_settling(each, work) for each in plan.settled if each.rolling or each.watched]
    if manner.wait:
        work.rollouts += rolling
    crew = min(SUBMITTERS, len(work.queue))
    work.submitting = crew
    jobs: list[Callable[[], None]] = [lambda: _submit_all(work)] * crew
    if manner.wait:
        jobs.insert(0, lambda: _wait(work))
    in_parallel(clock, lambda job: job(), jobs)
    for outcome in tuple(work.outcomes.values()):
        if work.cut is not None:
            work.note(left(outcome, work.cut, clock.now()))
        elif not outcome.state.ended:
            work.note(deferred(outcome, clock.now()))
    return Applied(tuple(work.outcomes.values()), work.cut)


def _waiting(step: Labelling | Separation, now: float) -> Outcome:
    if isinstance(step, Separation):
        return Outcome(
            id=step.id,
            key=step.key,
            lane=f"constraints of {step.service.name}",
            action="separate",
            state=State.WAITS,
            at=now,
        )
    return _unlabelled(step, now)


def _unlabelled(labelling: Labelling, now: float) -> Outcome:
    return Outcome(
        id=labelling.id,
        key=str(labelling.cluster),
        lane=f"partition {labelling.partition or 'default'}",
        action=labelling.action,
        state=State.WAITS,
        at=now,
        message=f"{len(labelling.instances)} {labelling.instance_type}",
    )


def _submit_all(work: _Work) -> None:
    try:
        while not _is_over(work):
            change = _next(work)
            if isinstance(change, Labelling):
                _label(change, work)
            elif isinstance(change, Separation):
                _separate(change, work)
            elif change is not None:
                _submit(change, work)
            elif work.queue:
                work.clock.sleep(LOOK_EVERY_SECONDS)
            else:
                return
    except KeyboardInterrupt:
        work.interrupt()
    except BaseException:
        work.interrupt()  # or the others would wait for ever for what has come to no end
        raise
    finally:
        with work.lock:
            work.submitting -= 1


def _is_over(work: _Work) -> bool:
    return work.cut is not None or work.manner.is_over()


def _next(work: _Work) -> Change | Labelling | Separation | None:
    """The first change whose predecessors are done; those that now never will be are told."""
    with work.lock:
        waiting = list(work.queue.values())
    for change in waiting:
        before = [work.outcomes[each] for each in change.depends_on if each in work.outcomes]
        failed = next((each for each in before if in_the_way(each)), None)
        if failed is None and not all(each.state is State.DONE for each in before):
            continue
        with work.lock:
            if work.queue.pop(change.id, None) is None:
                continue  # another thread was faster
        if failed is None:
            return change
        _hold(change, failed, work)
    return None


def _hold(change: Change | Labelling | Separation, behind: Outcome, work: _Work) -> None:
    """One lane that did not converge holds the lanes after it."""
    remedy = work.manner.goes_on
    work.note(held_behind(work.outcomes[change.id], behind, work.clock.now(), remedy))


def _label(labelling: Labelling, work: _Work) -> None:
    way = Relabelling(labelling, work.ecs_of(labelling.cluster), work.clock, lambda: _is_over(work))
    if (changed := _carried_out(way, labelling.id, work)) is not None:
        work.note(replace(changed[1], state=State.DONE, at=work.clock.now()))


def _separate(separation: Separation, work: _Work) -> None:
    """Live lanes name those that come, before they do."""
    way = Separating(separation, work.ecs_of(separation.cluster))
    if (changed := _carried_out(way, separation.id, work)) is not None:
        work.note(replace(changed[1], state=State.DONE, at=work.clock.now()))


def _submit(change: Change, work: _Work) -> None:
    ecs = work.ecs_of(change.service.cluster)
    waits = work.manner.wait
    submission = Submission(change, ecs, work.clock, lambda: _is_over(work), waits)
    if (changed := _carried_out(submission, change.id, work)) is not None:
        service, begun = changed
        _submitted(change, service, begun, submission.flaw, work)


def _carried_out(step: _Step[T_co], id_: str, work: _Work) -> tuple[T_co, Outcome] | None:
    """What came of the calls of a step, with the outcome so far; None where it has failed."""
    begun = replace(work.outcomes[id_], state=State.CHANGES, at=work.clock.now())
    work.note(begun)
    try:
        found = step.run()
    except GliaError as error:
        calls = tuple(step.calls)
        work.note(_refused(replace(begun, at=work.clock.now(), calls=calls), error))
    except (KeyboardInterrupt, CutOff) as cut:
        if isinstance(cut, KeyboardInterrupt):
            work.interrupt()
        changed = replace(begun, calls=tuple(step.calls))
        work.note(left(changed, work.cut or State.TIMED_OUT, work.clock.now()))
    else:
        return found, replace(begun, calls=tuple(step.calls))
    return None


def _refused(outcome: Outcome, error: GliaError) -> Outcome:
    return replace(
        outcome,
        state=State.FAILED,
        reason="Refused",
        message=str(error),
        transient=is_transient(error),
    )


def _submitted(
    change: Change, service: LiveService, outcome: Outcome, flaw: str, work: _Work
) -> None:
    now = work.clock.now()
    outcome = replace(outcome, at=now)
    if only_gives_up(change.step):
        retired = isinstance(change.step, Retire) and "DeleteService" not in outcome.calls
        work.note(replace(outcome, state=State.DONE, message=RETIRED if retired else ""))
        return
    steady = outcome.calls == ("TagResource",) and not is_rolling(service)
    if steady:
        ready = min(service.running, service.desired)
        work.note(replace(outcome, state=State.DONE, ready=ready))
        return
    rolls = replace(outcome, state=State.ROLLS, replicas=service.desired)
    rollout = started_rollout(change, service, now, rolls, flaw)
    if work.manner.wait:
        work.note(rolls)
        with work.lock:
            work.rollouts.append(rollout)
        return
    work.manner.hand_over(change, rollout)
    if flaw:
        work.note(_refused(outcome, GliaError(f"changed, not waited for; but {flaw}")))
    else:
        work.note(replace(outcome, state=State.SUBMITTED))


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
    return found_rollout(settled, work.begin, outcome)


def _wait(work: _Work) -> None:
    """Until every rollout has ended and nobody submits any more."""
    try:
        while work.cut is None:
            with work.lock:
                busy = work.submitting > 0
                rolling = [each for each in work.rollouts if not each.outcome.state.ended]
            if not busy and not rolling:
                return
            late = _is_late(work)
            _look_at(rolling, work, last=late)
            if late:
                work.cut = work.cut or State.TIMED_OUT
                return
            work.clock.sleep(LOOK_EVERY_SECONDS)
    except KeyboardInterrupt:
        work.interrupt()


def _look_at(rolling: Sequence[Rollout], work: _Work, *, last: bool) -> None:
    try:
        look_at(rolling, work.ecs_of, work.clock.now, last=last)
    finally:  # what an interrupted look has judged is judged
        for each in rolling:
            work.note(each.outcome)


def _is_late(work: _Work) -> bool:
    timeout = work.manner.timeout
    return timeout is not None and work.clock.now() - work.begin >= timeout


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
