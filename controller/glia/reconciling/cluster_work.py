"""One cluster's part of the loop: look at what rolls, compare what is due, change what may be.

Every pass reads ECS afresh. What is kept from one to the next is what ECS cannot tell: which
rollouts are waited for, what was refused, what was just written, what has been told already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from glia.events import LoopFailed, PassBegun, PassEnded, RolloutEnded
from glia.frames import frames
from glia.identity import lane_id
from glia.outcome import State
from glia.prepare import prepare
from glia.reconciling.curbs import kept_to
from glia.reconciling.executor import Executor
from glia.reconciling.goal import NOTHING_WANTED, ClusterGoal
from glia.reconciling.register import NEVER, Register
from glia.reconciling.requeue import backoff
from glia.reconciling.rollouts import Rollouts
from glia.reconciling.standings import (
    SERVICE,
    not_planned,
    of_bug,
    of_rollout,
    of_unread,
    planned,
)
from glia.reconciling.sweeps import Sweeps
from glia.service_status import refused_by_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from glia.change import Change
    from glia.conditions import Standing
    from glia.desired.state import DesiredService
    from glia.events import Reason
    from glia.loop_status import ClusterState, ServiceState
    from glia.outcome import Outcome
    from glia.plan import Plan
    from glia.prepare import Prepared
    from glia.reconciling.goal import Goal
    from glia.reconciling.means import Means

# A pass that finds more bugs than this does not go on to look for the innocent.
MOST_BUGS: Final = 8


class ClusterWork:
    """What the loop does in one cluster; one thread at a time."""

    def __init__(self, means: Means) -> None:
        self.cluster = means.cluster
        self.bugs = 0
        self._ecs_of, self._clock = means.ecs_of, means.clock
        self._pace, self._random, self._tell = means.pace, means.random, means.tell
        self._allowed = means.allowed
        self._goal = NOTHING_WANTED
        self._register = Register(means.cluster, means.tell)
        self._rollouts = Rollouts(means.ecs_of, means.clock.now)
        self._executor = Executor(means)
        self._sweeps = Sweeps(means)

    def is_due(self, goal: Goal, now: float) -> bool:
        """Whether there is anything to do now."""
        return (
            goal.number != self._goal.number
            or self._rollouts.is_due(now)
            or bool(self._register.active and now >= self._sweeps.due)
            or bool(self._register.due(now))
        )

    @property
    def number(self) -> int:
        """Of the goal that is pursued."""
        return self._goal.number

    def make_due(self, now: float) -> None:
        """Compare everything as soon as can be, whatever was planned."""
        self._sweeps.due = min(self._sweeps.due, now)
        self._rollouts.look_at = min(self._rollouts.look_at, now)

    def pruned(self, key: str) -> None:
        """Pruning, which has passes of its own, has deleted some of a service."""
        self._register.pruned(key)

    def run(self, goal: Goal, is_over: Callable[[], bool]) -> None:
        """Do what is due; ``is_over`` says when no further change is to be begun."""
        reason: Reason = "requeue"
        if goal.number != self._goal.number:
            reason = "revision"
            self._take(goal)
        if self._rollouts.is_due(self._clock.now()):
            self._look(stalled=False)
        now = self._clock.now()
        keys = self._register.due(now)
        if now >= self._sweeps.due and self._register.active:
            reason = "revision" if reason == "revision" else "sweep"
            keys = self._register.active
            self._look(stalled=True)
        if keys:
            self._pass(keys, reason, is_over)

    def state(self, busy_since: float | None) -> ClusterState:
        return self._sweeps.state(busy_since, len(self._rollouts))

    def services(self) -> tuple[ServiceState, ...]:
        return self._register.states(self._sweeps.due)

    def _take(self, goal: Goal) -> None:
        self._goal = goal
        now = self._clock.now()
        self._register.take(goal, now)
        self._rollouts.keep(self._register.entries.keys())
        self._executor.keep(self._register.entries.keys())
        self._sweeps.due = now

    def _look(self, *, stalled: bool) -> None:
        """Bring rollouts up to date; a service whose rollout has ended is due at once."""
        for outcome in self._rollouts.look(stalled=stalled):
            now, entry = self._clock.now(), self._register.entries.get(outcome.key)
            ended = outcome.state.ended and not (stalled and outcome.state is State.STALLED)
            if ended:
                self._tell(RolloutEnded(now, self.cluster, outcome))
            if entry is None or entry.frozen:
                continue
            if ended:
                self._make_due(outcome.key, now)
            standing = entry.standings.get(outcome.id)
            if outcome.state is not State.DONE and standing and standing.state == "rolling":
                self._register.move(outcome.key, outcome.id, of_rollout(outcome), now)

    def _make_due(self, key: str, now: float) -> None:
        """A service, and those that wait for it."""
        waiting = self._goal.waiting_for(key.rpartition("/")[2])
        for each, entry in self._register.entries.items():
            if each == key or each.rpartition("/")[2] in waiting:
                entry.due = min(entry.due, now) if not entry.frozen else entry.due

    def _pass(self, keys: frozenset[str], reason: Reason, is_over: Callable[[], bool]) -> None:
        began, commit = self._clock.now(), self._goal.commit
        self._executor.begin(commit)
        self._tell(PassBegun(began, self.cluster, commit, reason, len(keys)))
        if reason != "requeue":
            self._sweeps.begin(began)
        self._attempt_all(keys, is_over)
        now = self._clock.now()
        if reason != "requeue":
            self._sweeps.end(began)
        self._tell(
            PassEnded(
                now,
                began,
                self.cluster,
                commit,
                self._executor.result,
                len(self._executor.changed),
                self._sweeps.due,
            )
        )

    def _attempt_all(self, keys: frozenset[str], is_over: Callable[[], bool]) -> None:
        """Those that an exception has ended before are tried each for itself, and not so often."""
        now, entries = self._clock.now(), self._register.entries
        suspicious = {key for key in keys if entries[key].bugs}
        rest = [keys - suspicious, *({key} for key in suspicious if entries[key].due <= now)]
        caught: list[str] = []
        wanted = self._goal.clusters.get(self.cluster, ClusterGoal(self.cluster))
        for group in filter(None, rest):
            whole = wanted.together(group) - suspicious | group
            self._attempt(sorted(whole), is_over, caught)

    def _attempt(self, keys: list[str], is_over: Callable[[], bool], caught: list[str]) -> None:
        """One bug in one service's pass costs no other service its own: halve until it is alone."""
        try:
            self._reconcile(frozenset(keys), is_over)
        except Exception as error:  # noqa: BLE001  (the loop outlives every bug)
            half = len(keys) // 2
            if not half or len(caught) >= MOST_BUGS:
                self._caught(keys, error, caught)
                return
            self._attempt(keys[:half], is_over, caught)
            self._attempt(keys[half:], is_over, caught)

    def _caught(self, keys: Collection[str], error: Exception, caught: list[str]) -> None:
        now, kind = self._clock.now(), type(error).__name__
        text = frames(error)
        self._executor.results.add("error")
        for key in keys:
            entry = self._register.entries[key]
            entry.bugs += 1
            self.bugs += 1
            entry.due = now + backoff(entry.bugs, self._pace, self._random)
            self._register.stand(key, {SERVICE: of_bug(kind)}, self._goal.commit, now)
            self._tell(LoopFailed(now, key, kind, text))
            caught.append(key)

    def _reconcile(self, keys: frozenset[str], is_over: Callable[[], bool]) -> None:
        wanted = self._goal.clusters.get(self.cluster, ClusterGoal(self.cluster))
        part = self._goal.part(self.cluster, keys)
        # Pruning looks at all clusters together, and has passes of its own.
        scope = replace(part.scope, policies=(), renamed=part.scope.renamed & {self.cluster})
        prepared = prepare(
            replace(part, scope=scope),
            self._ecs_of,
            self._clock,
            allowed=self._allowed,
            source=self._goal.source,
            awaited={self.cluster: self._rollouts.names},
            seen={self.cluster: self._register.seen},
        )

        def is_ours(change: Change) -> bool:
            return change.service.cluster == self.cluster and change.key in keys

        shared = keys & wanted.sharing.keys()
        whole = kept_to(prepared.plan, is_ours, labels=bool(shared))
        plan, outcomes = self._executor.carry_out(whole, is_over, self._rollouts.begin)
        self._settle(keys, prepared, plan, outcomes)
        if shared:  # whose chips are given out together, each in every pass of the others
            entry = self._register.entries[min(shared)]
            entry.due = min(entry.due, self._executor.steps_again_at(whole, outcomes))

    def _settle(
        self, keys: frozenset[str], prepared: Prepared, plan: Plan, outcomes: dict[str, Outcome]
    ) -> None:
        """What is known of each service now, and when to look at it again."""
        unread = prepared.unread.get(self.cluster)
        self._sweeps.heard(unread)
        if unread is not None:
            self._executor.results.add("requeue" if unread.transient else "terminal")
        for settled in plan.settled:
            if settled.service.key not in keys or settled.service.cluster != self.cluster:
                continue
            lane = lane_id(settled.service, settled.lane)
            self._executor.settled(lane)
            self._rollouts.find(settled)
            self._register.entries[settled.service.key].seen = settled.service.wish
        told = planned(plan, outcomes)
        services = {each.key: each for each in prepared.state.services}
        now = self._clock.now()
        for key in keys:
            entry = self._register.entries[key]
            entry.bugs, entry.due = 0, NEVER
            stands = self._stands(key, services.get(key), plan, told.get(key, {}))
            if unread and key not in told and key not in plan.suspended:
                stands = {SERVICE: of_unread(unread)}
                # There may be another cluster of that name the next time.
                entry.seen = entry.seen if unread.transient else None
            self._register.stand(key, stands, self._goal.commit, now)
        self._requeue(keys, plan, outcomes, now)

    def _stands(
        self,
        key: str,
        service: DesiredService | None,
        plan: Plan,
        told: dict[str, Standing],
    ) -> dict[str, Standing] | None:
        """Lane by lane; of rollouts that are waited for more is known than the plan tells."""
        if key in plan.suspended:
            return None
        rolling = {
            at: of_rollout(outcome)
            for at, outcome in self._rollouts.outcomes(key).items()
            if at in told and told[at].state in {"rolling", "short", "converged"}
        }
        name = key.rpartition("/")[2]
        refused = refused_by_layout(plan, name) or (not_planned(name) if service is None else None)
        whole = {SERVICE: refused} if refused else {}
        return {**told, **rolling, **whole} or {SERVICE: not_planned(key)}

    def _requeue(
        self, keys: frozenset[str], plan: Plan, outcomes: dict[str, Outcome], now: float
    ) -> None:
        lanes: dict[str, set[str]] = {}
        for change in plan.changes:
            lanes.setdefault(change.key, set()).add(change.id)
            entry = self._register.entries[change.key] if change.key in keys else None
            if entry is not None:
                calls = outcomes[change.id].calls
                if "DeleteService" in calls:
                    entry.seen = None
                if "CreateService" in calls:
                    self._register.made(change.key)
                begun = outcomes[change.id].state is not State.NOT_STARTED
                entry.due = min(entry.due, self._executor.again_at(change) if begun else now)
        for key in keys:
            entry = self._register.entries[key]
            entry.failures = self._executor.failures(lanes.get(key, set()))
