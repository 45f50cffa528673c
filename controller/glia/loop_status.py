"""How the loop is: a value that a server can show at any moment. Times are since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.errors import Diagnostic
    from glia.status import Condition
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where the manifests are from.

    Attributes:
        commit: the last good one; empty before the first.
        fetched_at: when the source was last heard of.
        failures: attempts in a row that have failed since.
        failure: why the last one did; empty where it did not.
        next_fetch: when it is asked again.
        busy_since: when the question that is under way began; None where none is.
        answers: how often it has answered since the start.
        refusals: how often it has not.
    """

    commit: str = ""
    repository: str = ""
    path: str = ""
    fetched_at: float = 0.0
    failures: int = 0
    failure: str = ""
    next_fetch: float = 0.0
    busy_since: float | None = None
    answers: int = 0
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One NeuronService.

    Attributes:
        key: ``<ECS cluster>/<name>``.
        conditions: Ready, Reconciling, Stalled; none before it was looked at.
        attempted: the revision that was last planned for it.
        applied: the last revision with which it was Ready.
        failures: attempts in a row that AWS has refused.
        next_look: when it is looked at again at the latest.
    """

    key: str
    cluster: ClusterRef
    conditions: tuple[Condition, ...] = ()
    attempted: str = ""
    applied: str = ""
    failures: int = 0
    next_look: float = 0.0


@dataclass(frozen=True, slots=True)
class ClusterState:
    """One ECS cluster.

    Attributes:
        busy_since: when what is under way there began; None where nothing is.
        swept_at: when all of it was last compared; zero before the first time.
        next_sweep: when all of it is compared again.
        failures: reads in a row that have failed.
        failure: why the last one did; empty where it did not.
        rollouts: how many are waited for.
    """

    cluster: ClusterRef
    busy_since: float | None = None
    swept_at: float = 0.0
    next_sweep: float = 0.0
    failures: int = 0
    failure: str = ""
    rollouts: int = 0


@dataclass(frozen=True, slots=True)
class LoopStatus:
    """All of it, at a moment.

    Attributes:
        diagnostics: what is wrong with the manifests of the source's revision.
        bugs: exceptions that were caught since the start.
        stepped_at: when the loop last looked at what is due.
        prune_blocked: how many services each safety rule keeps from being pruned.
        prunes_since: when the pass of pruning that is under way began; None where none is.
    """

    at: float
    source: SourceState
    clusters: tuple[ClusterState, ...]
    services: tuple[ServiceState, ...]
    diagnostics: tuple[Diagnostic, ...]
    bugs: int = 0
    stepped_at: float = 0.0
    prune_blocked: Mapping[str, int] = field(default_factory=dict)
    prunes_since: float | None = None

    @property
    def unfinished(self) -> float:
        """Seconds that the oldest work that is under way has taken."""
        of_clusters = (each.busy_since for each in self.clusters)
        begun = (self.source.busy_since, self.prunes_since, *of_clusters)
        return max((self.at - each for each in begun if each is not None), default=0.0)

    @property
    def has_swept(self) -> bool:
        """Whether every cluster has been compared, or tried to be, at least once: readiness."""
        tried = all(each.swept_at or each.failures for each in self.clusters)
        return bool(self.source.commit) and tried
