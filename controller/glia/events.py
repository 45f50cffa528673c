"""What the loop tells, one value for each thing that it finds out or decides.

Whoever is told must not block: logs, metrics and webhooks queue for themselves. Times are
seconds since the epoch. No event holds a value of a manifest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from glia.errors import Diagnostic
    from glia.outcome import Outcome
    from glia.status import Condition
    from glia.target import ClusterRef

Reason: TypeAlias = Literal["revision", "sweep", "requeue"]
"""Why a cluster is looked at: git has moved, it is time, or a service is to be seen again."""
Result: TypeAlias = Literal["success", "noop", "error", "requeue", "terminal"]
"""What came of a pass: something was changed, nothing was to be, a bug, try again, or not."""


@dataclass(frozen=True, slots=True)
class RevisionFetched:
    """The manifests have changed, or are had for the first time.

    Attributes:
        commit: of git; of a directory a hash of what was read.
        services: how many of them this loop keeps.
        diagnostics: what is wrong with some of the manifests, or worth knowing.
    """

    at: float
    commit: str
    repository: str
    path: str
    services: int
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """The manifests could not be had. Told when it begins and when the reason changes.

    Attributes:
        kept: the commit that goes on to be what is wanted; empty where there was none yet.
    """

    at: float
    reason: str
    message: str
    kept: str


@dataclass(frozen=True, slots=True)
class FetchRecovered:
    """The manifests can be had again, and have not changed."""

    at: float
    commit: str


@dataclass(frozen=True, slots=True)
class PassBegun:
    """A cluster is read and compared."""

    at: float
    cluster: ClusterRef
    commit: str
    reason: Reason
    services: int


@dataclass(frozen=True, slots=True)
class PassEnded:
    """A cluster was read and compared, and what had to be changed was, as far as it could be.

    Attributes:
        began: when the pass began.
        changed: ECS services that were created, updated or deleted.
        next_sweep: when the cluster is compared again even if nothing happens.
    """

    at: float
    began: float
    cluster: ClusterRef
    commit: str
    result: Result
    changed: int
    next_sweep: float


@dataclass(frozen=True, slots=True)
class ClusterUnread:
    """A cluster could not be read, so nothing in it is changed. Told once for each reason."""

    at: float
    cluster: ClusterRef
    message: str
    transient: bool


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """What came of one change: made, refused, blocked, or held behind another lane.

    Told once, however many passes come to the same.

    Attributes:
        cause: git, drift, prune.
        rules: the safety rules that block it, such as ``not-owned`` and the gates of pruning.
    """

    at: float
    cluster: ClusterRef
    commit: str
    cause: str
    outcome: Outcome
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RolloutEnded:
    """A rollout is done, or has failed."""

    at: float
    cluster: ClusterRef
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ConditionsChanged:
    """A service is no longer in the conditions in which it was; ``before`` is empty at first."""

    at: float
    key: str
    cluster: ClusterRef
    commit: str
    before: tuple[Condition, ...]
    after: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class LoopFailed:
    """A bug of Glia's; the loop goes on.

    Attributes:
        where: a service's key, a cluster, or ``source``.
        error: its type. Its text may hold a value of a manifest, so it is in ``traceback`` alone.
        traceback: for the log only.
    """

    at: float
    where: str
    error: str
    traceback: str


Event: TypeAlias = (
    RevisionFetched
    | FetchFailed
    | FetchRecovered
    | PassBegun
    | PassEnded
    | ClusterUnread
    | ChangeTold
    | RolloutEnded
    | ConditionsChanged
    | LoopFailed
)
