"""What the loop tells, one value for each thing that it finds out or decides.

Each kind says here what it is called, the same for ever, how loud it is, and what it is about.
Logs, webhooks and filters ask for that; in words it is put in ``render.events_text``. Whoever is
told must not block: logs, metrics and webhooks queue for themselves. Times are
seconds since the epoch. No event holds a value of a manifest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias, get_args

from glia.outcome import State
from glia.status import loudest

if TYPE_CHECKING:
    from glia.errors import Diagnostic
    from glia.outcome import Outcome
    from glia.status import Condition
    from glia.target import ClusterRef

Reason: TypeAlias = Literal["revision", "sweep", "requeue"]
"""Why a cluster is looked at: git has moved, it is time, or a service is to be seen again."""
Result: TypeAlias = Literal["success", "noop", "error", "requeue", "terminal"]
"""What came of a pass: something was changed, nothing was to be, a bug, try again, or not."""
Level: TypeAlias = Literal["debug", "info", "warning", "error"]
_WRONG: Final = frozenset(
    {State.FAILED, State.ROLLED_BACK, State.STALLED, State.TIMED_OUT, State.BLOCKED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What an event says, for whoever need not know its kind; what a kind lacks is empty.

    Attributes:
        level: how loud it is; what happens all the time is for debugging.
        key: the service's, or where else it happened.
        revision: the commit that is wanted.
        reason: a word for programs.
        result: what came of it, in a word.
        outcome: of a change or a rollout.
        cause: of a change: git, drift, prune.
        rules: that block it.
    """

    level: Level = "info"
    key: str = ""
    cluster: ClusterRef | None = None
    revision: str = ""
    reason: str = ""
    result: str = ""
    outcome: Outcome | None = None
    cause: str = ""
    rules: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class RevisionFetched:
    """The manifests have changed, or are had for the first time.

    Attributes:
        commit: of git; of a directory a hash of what was read.
        services: how many of them this loop keeps.
        diagnostics: what is wrong with some of the manifests, or worth knowing.
    """

    name: ClassVar = "glia.revision_fetched"
    at: float
    commit: str
    repository: str
    path: str
    services: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def about(self) -> About:
        wrong = any(each.severity == "error" for each in self.diagnostics)
        return About(
            level="warning" if wrong else "info",
            revision=self.commit,
            diagnostics=self.diagnostics,
        )


@dataclass(frozen=True, slots=True)
class FetchFailed:
    """The manifests could not be had. Told when it begins and when the reason changes.

    Attributes:
        kept: the commit that goes on to be what is wanted; empty where there was none yet.
    """

    name: ClassVar = "glia.fetch_failed"
    at: float
    reason: str
    message: str
    kept: str

    @property
    def about(self) -> About:
        return About(level="warning", revision=self.kept, reason=self.reason)


@dataclass(frozen=True, slots=True)
class FetchRecovered:
    """The manifests can be had again, and have not changed."""

    name: ClassVar = "glia.fetch_recovered"
    at: float
    commit: str

    @property
    def about(self) -> About:
        return About(revision=self.commit)


@dataclass(frozen=True, slots=True)
class PassBegun:
    """A cluster is read and compared."""

    name: ClassVar = "glia.pass_begun"
    at: float
    cluster: ClusterRef
    commit: str
    reason: Reason
    services: int

    @property
    def about(self) -> About:
        return About(
            level="info" if self.reason == "revision" else "debug",
            cluster=self.cluster,
            revision=self.commit,
            reason=self.reason,
        )


@dataclass(frozen=True, slots=True)
class PassEnded:
    """A cluster was read and compared, and what had to be changed was, as far as it could be.

    Attributes:
        began: when the pass began.
        changed: ECS services that were created, updated or deleted.
        next_sweep: when the cluster is compared again even if nothing happens.
    """

    name: ClassVar = "glia.pass_ended"
    at: float
    began: float
    cluster: ClusterRef
    commit: str
    result: Result
    changed: int
    next_sweep: float

    @property
    def about(self) -> About:
        return About(
            level="info" if self.changed else "debug",  # what stood in the way has been told
            cluster=self.cluster,
            revision=self.commit,
            result=self.result,
        )


@dataclass(frozen=True, slots=True)
class ClusterUnread:
    """A cluster could not be read, so nothing in it is changed. Told once for each reason."""

    name: ClassVar = "glia.cluster_unread"
    at: float
    cluster: ClusterRef
    message: str
    transient: bool

    @property
    def about(self) -> About:
        return About(level="warning", cluster=self.cluster)


@dataclass(frozen=True, slots=True)
class ChangeTold:
    """What came of one change: made, refused, blocked, or held behind another lane.

    Told once, however many passes come to the same.

    Attributes:
        cause: git, drift, prune.
        rules: the safety rules that block it, such as ``name-conflict`` and the gates of pruning.
    """

    name: ClassVar = "glia.change_told"
    at: float
    cluster: ClusterRef
    commit: str
    cause: str
    outcome: Outcome
    rules: tuple[str, ...] = ()

    @property
    def about(self) -> About:
        about = _about(self.outcome, self.cluster)
        return replace(about, revision=self.commit, cause=self.cause, rules=self.rules)


@dataclass(frozen=True, slots=True)
class RolloutEnded:
    """A rollout is done, or has failed."""

    name: ClassVar = "glia.rollout_ended"
    at: float
    cluster: ClusterRef
    outcome: Outcome

    @property
    def about(self) -> About:
        return _about(self.outcome, self.cluster)


@dataclass(frozen=True, slots=True)
class ConditionsChanged:
    """A service is no longer in the conditions in which it was; ``before`` is empty at first."""

    name: ClassVar = "glia.conditions_changed"
    at: float
    key: str
    cluster: ClusterRef
    commit: str
    before: tuple[Condition, ...]
    after: tuple[Condition, ...]

    @property
    def about(self) -> About:
        loud = loudest(self.after)
        return About(
            level="warning" if loud.type == "Stalled" else "info",
            key=self.key,
            cluster=self.cluster,
            revision=self.commit,
            reason=loud.reason,
            conditions=self.after,
        )


@dataclass(frozen=True, slots=True)
class LoopFailed:
    """A bug of Glia's; the loop goes on.

    Attributes:
        where: a service's key, a cluster, or ``source``.
        error: its type. Its words may quote a manifest, so they are told nowhere.
        traceback: the frames, for the log only.
    """

    name: ClassVar = "glia.loop_failed"
    at: float
    where: str
    error: str
    traceback: str

    @property
    def about(self) -> About:
        return About(level="error", key=self.where, reason=self.error)


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
KINDS: Final[tuple[type[Event], ...]] = get_args(Event)


def _about(outcome: Outcome, cluster: ClusterRef) -> About:
    return About(
        level=_level(outcome.state),
        key=outcome.key,
        cluster=cluster,
        reason=outcome.reason,
        result=outcome.state.value,
        outcome=outcome,
    )


def _level(state: State) -> Level:
    if state is State.WAITS:
        return "debug"  # the conditions tell for what
    return "warning" if state in _WRONG else "info"
