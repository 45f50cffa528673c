"""What keeps the loop, for now, from making a change that the plan asks for.

The plan says what is to be done and knows only what ECS shows at that moment. This is what
cannot be seen there: that AWS has just refused it, that ECS does not show our last write yet,
that somebody else goes on undoing it. Such a change is blocked, with the reason, and lanes that
come after it wait.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, assert_never

from glia.change import Block
from glia.outcome import State
from glia.plan import Plan
from glia.reconciling.flips import Flips
from glia.reconciling.requeue import backoff
from glia.steps import Create, Delete, Replace, Retire, Scale, Separation, Update
from glia.watch import VISIBLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from random import Random

    from glia.change import Change
    from glia.live import LiveService
    from glia.outcome import Outcome
    from glia.reconciling.requeue import Pace
    from glia.steps import Labelling

DRAINING: Final = "waiting-for-drain"
HANGING: Final = "drain-hangs"
UNSEEN: Final = "not-visible-yet"
FIGHTING: Final = "fighting"
BACKING_OFF: Final = "backing-off"
REFUSED: Final = "refused"
ELSEWHERE: Final = "elsewhere"
"""Read because somebody waits for it, and none of this pass's business."""
PASSING: Final[Mapping[str, str]] = MappingProxyType(
    {DRAINING: "WaitingForDrain", UNSEEN: "NotVisibleYet", BACKING_OFF: "Refused"}
)
"""Blocks that end by themselves, and for what the change waits: it is still being reconciled."""
LOOK_AGAIN_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class _Write:
    """What was there before our last write, which is what ECS may go on showing for a while."""

    before: tuple[Any, ...] | None
    at: float


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A change that AWS has refused, told apart by what it would do.

    Attributes:
        key: of its service; of labels, their cluster.
        failures: in a row.
        at: when it was refused last.
        again_at: when it may be tried again.
    """

    key: str
    doing: str
    failures: int
    at: float
    again_at: float
    transient: bool
    message: str

    def holds(self, now: float) -> bool:
        """A clock that is set back ends it, too."""
        return self.at <= now < self.again_at


@dataclass(slots=True)
class Curbs:
    """What one process knows of its own changes in one cluster, by the ids of the lanes."""

    pace: Pace
    random: Random
    _writes: dict[str, _Write] = field(default_factory=dict)
    _refusals: dict[str, _Refusal] = field(default_factory=dict)
    _flips: Flips = field(default_factory=Flips)

    def curbed(self, plan: Plan, late: Mapping[str, str], now: float) -> Plan:
        """The same plan; what is not to be made now is blocked in it.

        ``late`` says, by the ids of changes that wait for a name for too long, what keeps it.
        """
        refused = {
            each.id: block
            for each in steps_before(plan)
            if (block := self._refused(each.id, _preparing(each), now))
        }
        return replace(
            plan,
            changes=tuple(self._curb(change, refused, late, now) for change in plan.changes),
            labellings=tuple(each for each in plan.labellings if each.id not in refused),
            separations=tuple(each for each in plan.separations if each.id not in refused),
        )

    def keep(self, keys: Collection[str]) -> None:
        """Forget what was refused of services that are no longer wanted."""
        self._refusals = {at: each for at, each in self._refusals.items() if each.key in keys}

    def settled(self, lane: str) -> None:
        """A lane is as it should be: nothing is refused any more."""
        self._refusals.pop(lane, None)

    def note(self, change: Change, outcome: Outcome, now: float) -> None:
        """What came of a change that was begun."""
        if has_written(outcome):
            recent = ((at, each) for at, each in self._writes.items() if _may_lag(each, now))
            self._writes = {**dict(recent), change.id: _Write(_shown(change), now)}
            if change.cause == "drift":
                self._flips.corrected(change, now)
        if outcome.refused:
            self._refuse(_doing(change), outcome, now)
        elif outcome.state in {State.DONE, State.SUBMITTED}:
            self._refusals.pop(change.id, None)

    def note_step(self, step: Labelling | Separation, outcome: Outcome, now: float) -> None:
        """What came of labels or constraints.

        Instances and other lanes come and go: no refusal of theirs is for good.
        """
        if outcome.refused:
            self._refuse(_preparing(step), replace(outcome, transient=True), now)
        elif outcome.state is State.DONE:
            self._refusals.pop(step.id, None)

    def failures(self, ids: set[str]) -> int:
        """The most refusals in a row of one of these lanes."""
        known = (self._refusals[each].failures for each in ids if each in self._refusals)
        return max(known, default=0)

    def again_at(self, change: Change, now: float) -> float:
        """When a change that was blocked here, or refused, may be tried; never: infinity."""
        if change.id in self._refusals:
            return self._refusals[change.id].again_at
        rules = {block.rule for block in change.blocked_by}
        return now + LOOK_AGAIN_SECONDS if rules & PASSING.keys() else float("inf")

    def steps_again_at(self, plan: Plan, outcomes: Mapping[str, Outcome], now: float) -> float:
        """When to look again at what was to be labelled, or kept apart; never: infinity.

        What was refused waits its time; what was cut off goes on soon; and behind labels that
        have changed there may be more to do.
        """
        again = []
        for each in steps_before(plan):
            outcome = outcomes.get(each.id)
            if each.id in self._refusals:
                again.append(self._refusals[each.id].again_at)
            elif outcome is not None and outcome.state in {State.TIMED_OUT, State.NOT_STARTED}:
                again.append(now + LOOK_AGAIN_SECONDS)
            elif outcome is not None and outcome.state is State.DONE:
                again.append(now)
        return min(again, default=float("inf"))

    def _curb(
        self, change: Change, refused: Mapping[str, Block], late: Mapping[str, str], now: float
    ) -> Change:
        if change.blocked_by:
            return change
        block = next((refused[each] for each in change.depends_on if each in refused), None)
        block = block or next(self._blocks(change, late.get(change.id, ""), now), None)
        return replace(change, blocked_by=(block,)) if block else change

    def _blocks(self, change: Change, late: str, now: float) -> Iterator[Block]:
        name = change.lane.lane.name
        if isinstance(change.step, Create) and change.step.waits_for_name:
            message = f"a service {name} is being deleted, and keeps its name until it is gone"
            yield Block(HANGING, f"{message}, {late}", "") if late else Block(DRAINING, message, "")
        if self._is_unseen(change, now):
            yield Block(UNSEEN, f"ECS does not show yet what was just done to {name}", "")
        if path := self._flips.contested(change, now):
            message = (
                f"{path} was put back three times within ten minutes, and somebody has changed it "
                "again; it is left alone for an hour"
            )
            yield Block(FIGHTING, message, "a change of the manifest")
        if refused := self._refused(change.id, _doing(change), now):
            yield refused

    def _refused(self, at: str, doing: str, now: float) -> Block | None:
        """That AWS has refused exactly this, and is not to be asked again yet."""
        refusal = self._refusals.get(at)
        if refusal is None or refusal.doing != doing or not refusal.holds(now):
            return None
        return Block(BACKING_OFF if refusal.transient else REFUSED, refusal.message, "")

    def _is_unseen(self, change: Change, now: float) -> bool:
        """Whether ECS shows exactly what was there before our last write.

        Somebody may have put precisely that back: then it is put right a little later.
        """
        write = self._writes.get(change.id)
        return write is not None and _may_lag(write, now) and write.before == _shown(change)

    def _refuse(self, doing: str, outcome: Outcome, now: float) -> None:
        before = self._refusals.get(outcome.id)
        failures = before.failures + 1 if before is not None and before.doing == doing else 1
        wait = (
            backoff(failures, self.pace, self.random) if outcome.transient else self.pace.patience
        )
        self._refusals[outcome.id] = _Refusal(
            outcome.key, doing, failures, now, now + wait, outcome.transient, outcome.message
        )


def steps_before(plan: Plan) -> tuple[Labelling | Separation, ...]:
    """What comes before changes: instances that are labelled, lanes that are kept apart."""
    labellings: tuple[Labelling | Separation, ...] = plan.labellings
    return labellings + plan.separations


def _may_lag(write: _Write, now: float) -> bool:
    """Whether ECS may still show what was there before; of the future nobody knows."""
    return 0 <= now - write.at < VISIBLE_SECONDS


def has_written(outcome: Outcome) -> bool:
    """Whether a service is no longer as it was; a task definition alone changes none."""
    return any(each != "RegisterTaskDefinition" for each in outcome.calls)


def kept_to(plan: Plan, is_ours: Callable[[Change], bool], *, labels: bool) -> Plan:
    """The plan without what others have to do; what comes after that waits for it all the same.

    With ``labels`` all is done that comes before changes, else only what these come after.
    """
    others = Block(ELSEWHERE, "that is done in another pass", "")
    changes = tuple(
        each if is_ours(each) else replace(each, blocked_by=(*each.blocked_by, others))
        for each in plan.changes
    )
    first = {id_ for change in plan.changes if is_ours(change) for id_ in change.depends_on}
    return replace(
        plan,
        changes=changes,
        labellings=tuple(each for each in plan.labellings if labels or each.id in first),
        separations=tuple(each for each in plan.separations if labels or each.id in first),
    )


def is_elsewhere(change: Change) -> bool:
    return any(each.rule == ELSEWHERE for each in change.blocked_by)


def _doing(change: Change) -> str:
    """What the change would do, as a plan's digest tells it."""
    return Plan(changes=(replace(change, blocked_by=()),)).digest


def _preparing(step: Labelling | Separation) -> str:
    """What it would do."""
    if isinstance(step, Separation):
        return " ".join((step.id, *(str(dict(each)) for each in step.constraints)))
    return " ".join((step.id, *step.instances))


def _shown(change: Change) -> tuple[Any, ...] | None:
    """What ECS shows of the service before the change, as far as writes change it."""
    match change.step:
        case Update(service=service) | Delete(service=service) | Retire(service=service):
            return _image(service)
        case Scale(before=before):
            return (before,)
        case Replace() | Create():
            return None
        case _:
            assert_never(change.step)


def _image(live: LiveService) -> tuple[Any, ...]:
    """What a write changes, and no more: tasks come and go meanwhile."""
    members: Mapping[str, Any] = live.members
    return live.task_definition, live.desired, members, dict(live.tags)
