"""What a plan asks for in one cluster, carried out as far as it may be now, and told.

What is kept from one pass to the next is what ECS cannot tell: what was refused, what was just
written, what has been told already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.apply import apply
from glia.applying.manner import Manner
from glia.events import ChangeTold
from glia.identity import service_id
from glia.outcome import State
from glia.reconciling.curbs import PASSING, Curbs, has_written, is_elsewhere, steps_before
from glia.reconciling.draining import Draining

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from glia.change import Change
    from glia.events import Result
    from glia.outcome import Outcome
    from glia.plan import Plan
    from glia.reconciling.means import Means
    from glia.rollout import Rollout
    from glia.steps import Labelling, Separation

_ORDER: tuple[Result, ...] = ("error", "requeue", "terminal", "success")


class Executor:
    """Makes changes, waits for none of them, and remembers what it may not do yet.

    Attributes:
        changed: the changes of this pass that have written something.
        results: what has come of this pass so far.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._curbs = Curbs(means.pace, means.random)
        self._draining = Draining(means)
        self._commit = ""
        self._told: dict[str, tuple[str, object]] = {}
        self.changed: set[str] = set()
        self.results: set[Result] = set()

    def begin(self, commit: str) -> None:
        """Another pass, of what that commit wants."""
        self._commit = commit
        self.changed.clear()
        self.results.clear()

    @property
    def result(self) -> Result:
        """What has come of this pass, in a word."""
        return next((each for each in _ORDER if each in self.results), "noop")

    def carry_out(
        self,
        plan: Plan,
        is_over: Callable[[], bool],
        hand_over: Callable[[str, Rollout], None],
    ) -> tuple[Plan, dict[str, Outcome]]:
        """Begin what may begin; nothing is waited for but instances that are being drained.

        Args:
            plan: what is to be done.
            is_over: when no further change is to be begun.
            hand_over: takes each rollout that was started, by its lane.

        Returns:
            The plan, with what is not to be done now blocked in it, and what came of it by id.
        """
        curbed = self._curbs.curbed(plan, self._draining.late(plan), self._now())
        changes = {each.id: each for each in curbed.changes if not is_elsewhere(each)}
        steps = {each.id: each for each in steps_before(curbed)}

        def note(outcome: Outcome) -> None:
            if outcome.state.ended and outcome.id in changes:
                self._note(changes[outcome.id], outcome)
            elif outcome.state.ended and outcome.id in steps:
                self._note_step(steps[outcome.id], outcome)

        end = self._now() + self._means.pace.longest_pass
        manner = Manner(
            wait=False,
            is_over=lambda: is_over() or self._now() >= end,
            goes_on="goes on once that is Ready",
            hand_over=lambda begun: hand_over(service_id(begun.cluster, begun.name), begun),
        )
        applied = apply(curbed, self._means.ecs_of, self._means.clock, note, manner)
        if applied.cut is not None:
            raise KeyboardInterrupt
        return curbed, {outcome.id: outcome for outcome in applied}

    def keep(self, keys: Collection[str]) -> None:
        """Forget what is known of services that are no longer wanted."""
        whole = {*keys, str(self._means.cluster)}
        self._curbs.keep(whole)
        self._draining.keep(whole)
        self._told = {at: news for at, news in self._told.items() if news[0] in whole}

    def settled(self, lane: str) -> None:
        """A lane is as it should be: whatever comes is news, and may be tried."""
        self._curbs.settled(lane)
        self._draining.settled(lane)
        self._told.pop(lane, None)

    def again_at(self, change: Change) -> float:
        """When a change that was blocked here, or refused, may be tried; never: infinity."""
        return self._curbs.again_at(change, self._now())

    def steps_again_at(self, plan: Plan, outcomes: Mapping[str, Outcome]) -> float:
        """When to look again at what the plan labels and keeps apart; never: infinity."""
        return self._curbs.steps_again_at(plan, outcomes, self._now())

    def failures(self, ids: set[str]) -> int:
        """The most refusals in a row of one of these lanes."""
        return self._curbs.failures(ids)

    def _note(self, change: Change, outcome: Outcome) -> None:
        self._curbs.note(change, outcome, self._now())
        if has_written(outcome):
            self.changed.add(change.id)
        rules = tuple(each.rule for each in change.blocked_by)
        if outcome.state is State.BLOCKED and all(rule in PASSING for rule in rules):
            self.results.add("requeue")  # nothing is in the way but time
            outcome = replace(outcome, state=State.WAITS, reason=PASSING[rules[0]])
        elif outcome.state is State.BLOCKED:
            self.results.add("terminal")
        self._say(outcome, change.cause, transient=outcome.transient, rules=rules)

    def _note_step(self, step: Labelling | Separation, outcome: Outcome) -> None:
        self._curbs.note_step(step, outcome, self._now())
        if outcome.state is State.TIMED_OUT:
            self.results.add("requeue")
        self._say(outcome, "git", transient=True)

    def _say(
        self, outcome: Outcome, cause: str, *, transient: bool, rules: tuple[str, ...] = ()
    ) -> None:
        """Count what came of it, and tell it if that is news."""
        written = has_written(outcome)
        if written:
            self.results.add("success")
        if outcome.refused:
            self.results.add("requeue" if transient else "terminal")
        said = (outcome.state, outcome.reason, outcome.message, outcome.calls)
        news = (outcome.key, said)
        known = self._told.get(outcome.id) == news and not written
        if outcome.state is not State.NOT_STARTED and not known:
            self._told[outcome.id] = news
            cluster, tell = self._means.cluster, self._means.tell
            tell(ChangeTold(self._now(), cluster, self._commit, cause, outcome, rules))

    def _now(self) -> float:
        return self._means.clock.now()
