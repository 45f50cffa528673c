"""Names that are not free because tasks of a service that was deleted do not end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from glia.errors import GliaError
from glia.steps import Create

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from glia.change import Change
    from glia.plan import Plan
    from glia.reconciling.means import Means

PATIENCE: Final = 600.0
"""Seconds for which a service drains before somebody is told. Behind a load balancer its tasks
have 300 by default before they are even told to stop, and two minutes to do it at most."""
SHOWN: Final = 5


@dataclass(slots=True)
class Draining:
    """Which changes of one cluster wait for a name, and since when."""

    means: Means
    _since: dict[str, tuple[str, float]] = field(default_factory=dict)

    def keep(self, keys: Collection[str]) -> None:
        """Forget services that are no longer wanted."""
        self._since = {at: each for at, each in self._since.items() if each[0] in keys}

    def settled(self, lane: str) -> None:
        """It waits no longer."""
        self._since.pop(lane, None)

    def late(self, plan: Plan) -> dict[str, str]:
        """By the ids of changes that wait for longer than is usual, what they wait for."""
        return dict(self._late(plan))

    def _late(self, plan: Plan) -> Iterator[tuple[str, str]]:
        now = self.means.clock.now()
        for change in plan.changes:
            if not (isinstance(change.step, Create) and change.step.waits_for_name):
                continue
            _, since = self._since.setdefault(change.id, (change.key, now))
            if now - since >= PATIENCE:
                minutes = (now - since) / 60
                yield change.id, f"for {minutes:.0f} minutes; {self._tasks(change)}"

    def _tasks(self, change: Change) -> str:
        cluster, name = change.service.cluster, change.lane.lane.name
        try:
            ecs = self.means.ecs_of(cluster)
            found = [*ecs.tasks(cluster.name, service=name)]
            found += ecs.tasks(cluster.name, service=name, stopped=True)
        except GliaError as error:
            return f"which tasks it still has is not known: {error}"
        ids = [each.arn.rpartition("/")[2] for each in found if each.last_status != "STOPPED"]
        if not ids:
            return "no task of it is left"
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        return f"tasks that have not ended: {', '.join(ids[:SHOWN])}{more}"
