"""What is known of each service of one cluster, and the telling of what has changed about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glia.conditions import conditions
from glia.events import ConditionsChanged
from glia.loop_status import ServiceState
from glia.reconciling.standings import MANIFEST, of_manifest
from glia.service_status import suspended

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glia.conditions import Standing
    from glia.desired.state import Wish
    from glia.events import Event
    from glia.reconciling.goal import Goal
    from glia.status import Condition
    from glia.target import ClusterRef

NEVER = float("inf")


@dataclass(slots=True)
class Entry:
    """One service.

    Attributes:
        file: where its manifest is.
        due: when it is to be looked at; never, if the next sweep is early enough.
        bugs: passes in a row that an exception has ended.
        frozen: its manifest is wrong now.
        seen: what was wanted of it when it was last seen to be there; None once it was not, or
            Glia has deleted some of it.
    """

    file: str
    due: float
    standings: dict[str, Standing] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    attempted: str = ""
    applied: str = ""
    failures: int = 0
    bugs: int = 0
    frozen: bool = False
    seen: Wish | None = None


class Register:
    """All services of one cluster, by key."""

    def __init__(self, cluster: ClusterRef, tell: Callable[[Event], None]) -> None:
        self._cluster = cluster
        self._tell = tell
        self.entries: dict[str, Entry] = {}
        self._pruned: set[str] = set()  # by another thread

    def take(self, goal: Goal, now: float) -> None:
        """Another goal: all are to be looked at; those that are gone are forgotten, or frozen."""
        wanted = goal.clusters.get(self._cluster)
        files = wanted.files if wanted else {}
        self._pruned.difference_update({*self._pruned} - files.keys())
        for key in [key for key in self.entries if key not in files]:
            name, entry = key.rpartition("/")[2], self.entries[key]
            wrong = goal.frozen(name, entry.file)
            if wrong is None:
                del self.entries[key]
                continue
            entry.frozen, entry.due = True, NEVER
            self.stand(key, {MANIFEST: of_manifest(wrong)}, goal.commit, now)
        for key, file in files.items():
            entry = self.entries.setdefault(key, Entry(file, now))
            entry.file, entry.due, entry.frozen = file, now, False

    @property
    def active(self) -> frozenset[str]:
        """The services whose manifests are right."""
        return frozenset(key for key, each in self.entries.items() if not each.frozen)

    @property
    def seen(self) -> dict[str, Wish]:
        """What was wanted of those that were seen to be there."""
        return {
            key: each.seen
            for key, each in self.entries.items()
            if each.seen is not None and key not in self._pruned
        }

    def pruned(self, key: str) -> None:
        """Pruning has deleted some of it, at any time: its manifest may be back before a pass."""
        self._pruned.add(key)

    def made(self, key: str) -> None:
        """It was made anew."""
        self._pruned.discard(key)

    def due(self, now: float) -> frozenset[str]:
        return frozenset(key for key, each in self.entries.items() if each.due <= now)

    def stand(
        self, key: str, standings: Mapping[str, Standing] | None, commit: str, now: float
    ) -> None:
        """How a service stands now, lane by lane; None for one that is suspended."""
        entry = self.entries[key]
        entry.standings = dict(standings or {})
        entry.attempted = commit if not entry.frozen else entry.attempted
        told = suspended() if standings is None else conditions(tuple(standings.values()))
        if told[0].status == "True":
            entry.applied = commit
        before, entry.conditions = entry.conditions, told
        if _said(before) != _said(told):
            self._tell(ConditionsChanged(now, key, self._cluster, commit, before, told))

    def move(self, key: str, lane: str, standing: Standing, now: float) -> None:
        """How one lane of a service stands now."""
        entry = self.entries.get(key)
        if entry is not None and not entry.frozen:
            self.stand(key, {**entry.standings, lane: standing}, entry.attempted, now)

    def states(self, next_sweep: float) -> tuple[ServiceState, ...]:
        return tuple(
            ServiceState(
                key=key,
                cluster=self._cluster,
                conditions=each.conditions,
                attempted=each.attempted,
                applied=each.applied,
                failures=max(each.failures, each.bugs),
                next_look=min(each.due, next_sweep),
            )
            for key, each in sorted(self.entries.items())
        )


def _said(told: tuple[Condition, ...]) -> list[tuple[str, str]]:
    """Counts in the messages come and go; they are no news."""
    return [(each.status, each.reason) for each in told]
