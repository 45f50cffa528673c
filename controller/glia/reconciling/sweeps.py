"""When all of a cluster is compared again, and whether it could be read the last times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.events import ClusterUnread
from glia.loop_status import ClusterState
from glia.reconciling.requeue import backoff, jittered

if TYPE_CHECKING:
    from glia.prepare import Unread
    from glia.reconciling.means import Means


@dataclass(slots=True)
class Sweeps:
    """The sweeps of one cluster.

    Attributes:
        due: when the next one is.
    """

    means: Means
    due: float = 0.0
    _swept_at: float = 0.0
    _failures: int = 0
    _failure: str = ""

    def begin(self, now: float) -> None:
        """All of it is compared now."""
        self.due = now + jittered(self.means.pace.sweep, self.means.random)

    def end(self, began: float) -> None:
        """It was compared, if it could be read."""
        if not self._failure:
            self._swept_at = began

    def heard(self, unread: Unread | None) -> None:
        """A cluster that does not answer is asked again soon, but less and less often."""
        if unread is None:
            self._failures, self._failure = 0, ""
            return
        means, now = self.means, self.means.clock.now()
        self._failures += 1
        if unread.transient:
            self.due = now + backoff(self._failures, means.pace, means.random)
        if self._failure != unread.why:
            means.tell(ClusterUnread(now, means.cluster, unread.why, unread.transient))
        self._failure = unread.why

    def state(self, busy_since: float | None, rollouts: int) -> ClusterState:
        """How the cluster is."""
        return ClusterState(
            self.means.cluster,
            busy_since,
            self._swept_at,
            self.due,
            self._failures,
            self._failure,
            rollouts,
        )
