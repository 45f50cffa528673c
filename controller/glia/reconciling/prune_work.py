"""Pruning's own passes: what no manifest has is looked for in all clusters together.

How many services may go at once is a part of all that there are, and whether one has moved is
seen only where all are. A cluster that does not answer here delays nothing but pruning.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from glia.apply import apply
from glia.applying.manner import Manner
from glia.change import Block
from glia.desired.state import DesiredState
from glia.events import ChangeTold
from glia.outcome import State
from glia.planning.pruning import effective
from glia.prepare import prepare
from glia.reconciling.curbs import has_written, is_elsewhere, kept_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glia.change import Change
    from glia.clock import Clock
    from glia.events import Event
    from glia.outcome import Outcome
    from glia.plan import Plan
    from glia.planning.allowances import Allowances
    from glia.planning.scope import SourceEvidence
    from glia.reconciling.goal import Goal
    from glia.reconciling.means import Ecs
    from glia.target import ClusterRef


@dataclass(slots=True)
class PruneWork:
    """What the loop does about services whose manifests are gone.

    Attributes:
        allowed: what the command line says of pruning.
        keeps: whether a cluster is this loop's.
        deleted: hears of what it has deleted some of: the cluster, and the service's key.
        blocked: how many services each safety rule has kept in the last pass.
    """

    ecs_of: Callable[[ClusterRef], Ecs]
    clock: Clock
    tell: Callable[[Event], None]
    allowed: Allowances
    keeps: Callable[[ClusterRef], bool]
    deleted: Callable[[ClusterRef, str], None]
    blocked: Mapping[str, int] = field(default_factory=dict)
    _told: dict[str, object] = field(default_factory=dict)

    def is_on(self, goal: Goal) -> bool:
        """Whether any of the clusters that are kept is to be pruned."""
        policies = effective(goal.wanted.scope, self.allowed)
        return any(each.on and self.keeps(each.cluster) for each in policies)

    def run(
        self,
        goal: Goal,
        evidence: Callable[[SourceEvidence], SourceEvidence],
        is_over: Callable[[], bool],
    ) -> None:
        """One pass; ``evidence`` adds what is known of the source at this moment."""
        wanted, scope = goal.wanted, goal.wanted.scope
        policies = tuple(each for each in scope.policies if self.keeps(each.cluster))
        kept = goal.clusters.values()
        services = [each for own in kept for each in own.alone.values()]
        sharing = [each for own in kept for each in own.sharing.values()]
        ours = replace(
            wanted,
            state=DesiredState(tuple(sorted(services, key=lambda each: each.order))),
            open=(*goal.declared, *sharing) if sharing else (),
            diagnostics=(),
            scope=replace(scope, policies=policies, evidence=evidence(scope.evidence)),
        )
        prepared = prepare(ours, self.ecs_of, self.clock, allowed=self.allowed, source=goal.source)
        here = {key.rpartition("/")[2] for own in kept for key in own.files}
        elsewhere = {key.rpartition("/")[2] for _, key in scope.keys} - here
        plan = kept_to(prepared.plan, lambda each: each.cause == "prune", labels=False)
        command = self.allowed.command("--prune")
        self._apply(_without(plan, elsewhere, command), goal.commit, is_over)

    def _apply(self, plan: Plan, commit: str, is_over: Callable[[], bool]) -> None:
        changes = {each.id: each for each in plan.changes if not is_elsewhere(each)}
        self.blocked = Counter(
            rule for each in changes.values() for rule in {block.rule for block in each.blocked_by}
        )

        def note(outcome: Outcome) -> None:
            if outcome.state.ended and outcome.id in changes:
                self._note(changes[outcome.id], outcome, commit)

        manner = Manner(wait=False, is_over=lambda: is_over() or not changes)
        if apply(plan, self.ecs_of, self.clock, note, manner).cut is not None:
            raise KeyboardInterrupt
        self._told = {at: said for at, said in self._told.items() if at in changes}

    def _note(self, change: Change, outcome: Outcome, commit: str) -> None:
        if "DeleteService" in outcome.calls:
            self.deleted(change.service.cluster, change.key)
        news = (outcome.state, outcome.reason, outcome.message)
        known = self._told.get(change.id) == news and not has_written(outcome)
        if known or outcome.state is State.NOT_STARTED:
            return
        self._told[change.id] = news
        rules = tuple(each.rule for each in change.blocked_by)
        now, cluster = self.clock.now(), change.service.cluster
        self.tell(ChangeTold(now, cluster, commit, change.cause, outcome, rules))


def _without(plan: Plan, names: set[str], command: str) -> Plan:
    """Services that have moved to a cluster of another loop's stay: nobody here sees them there."""
    block = Block(
        "prune-claimed",
        "a manifest of that name is in a cluster that another loop keeps",
        f"delete it with `{command}` once it is Ready there",
    )
    return replace(
        plan,
        changes=tuple(
            replace(each, blocked_by=(*each.blocked_by, block))
            if each.cause == "prune" and each.service.name in names
            else each
            for each in plan.changes
        ),
    )
