"""The plan: what has to happen so that ECS holds what the manifests say.

One value for the text in a terminal, the comment on a pull request, ``apply`` and the loop.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from glia.ecs.quotas import least_seconds
from glia.identity import service_id
from glia.plan_digest import hashed, told, wished

if TYPE_CHECKING:
    from glia.change import Change
    from glia.desired.state import DesiredLane, DesiredService
    from glia.diff import FieldChange
    from glia.errors import Diagnostic
    from glia.live import LiveService
    from glia.steps import Labelling, Separation
    from glia.transition import Move, Transition

Result: TypeAlias = Literal["ok", "failed", "unknown"]
UNREADABLE = "cluster-unreadable"
NOT_READY = "DependencyNotReady"


@dataclass(frozen=True, slots=True)
class Held:
    """A change that is not made: the same one has failed before, or a dependency is not Ready."""

    service: DesiredService
    reason: str
    message: str

    @property
    def id(self) -> str:
        return service_id(self.service.cluster, self.service.name)


@dataclass(frozen=True, slots=True)
class Drifted:
    """A live service that somebody has changed, and that its manifest says to leave so."""

    service: DesiredService
    lane: DesiredLane
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Retired:
    """A pruned service that is not deleted yet.

    Attributes:
        at: from when on it may be, in seconds since the epoch.
    """

    service: DesiredService
    live: LiveService
    at: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A service that is as it should be.

    Attributes:
        rolling: its deployment has not come to an end.
        watched: its replicas have to be Ready before others of its service are given up.
    """

    service: DesiredService
    lane: DesiredLane
    live: LiveService
    rolling: bool = False
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Shortage:
    """A domain whose instances are not enough.

    Attributes:
        domain: the instance type, the cluster and the pool, for people.
        needed: instances that would be enough; None where no number would.
        registered: those that there are.
        chips: that replicas lack.
        wanted: a hash of the manifests that get less than they say.
    """

    domain: str
    needed: int | None
    registered: int
    chips: int
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    """Something that was looked at before anything is done."""

    key: str
    check: str
    result: Result
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where the manifests are from, as far as it is known.

    Attributes:
        base: the commit that the plan tells the manifests' own changes from.
    """

    repository: str = ""
    commit: str = ""
    path: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, in the order in which they are made, and what stands beside them.

    Attributes:
        offline: nothing live was read.
        assumption: on which instances lanes were laid out then, in a sentence.
        suspended: keys of services that are left as they are.
        drifted: live services that are not as they were applied, and stay so.
        retired: pruned services whose time has not come.
        labellings: instances that change their partition.
        transitions: what some of the changes are steps of.
        separations: live lanes to keep apart from others before those come.
    """

    changes: tuple[Change, ...] = ()
    settled: tuple[Settled, ...] = ()
    held: tuple[Held, ...] = ()
    suspended: tuple[str, ...] = ()
    drifted: tuple[Drifted, ...] = ()
    retired: tuple[Retired, ...] = ()
    labellings: tuple[Labelling, ...] = ()
    transitions: tuple[Transition, ...] = ()
    separations: tuple[Separation, ...] = ()
    shortages: tuple[Shortage, ...] = ()
    preflight: tuple[Preflight, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    source: Source = field(default_factory=Source)
    offline: bool = False
    assumption: str = ""

    @property
    def digest(self) -> str:
        """A hash of what is to be done: not of live values, revision numbers or text."""
        labels = [[each.id, len(each.instances)] for each in self.labellings]
        apart = [[each.id, *each.apart_from] for each in self.separations]
        return f"sha256:{hashed([*labels, *apart, *map(told, self.acting)])}"

    @property
    def waiting(self) -> str:
        """A hash of what is wanted and not done now, and of why not; empty where all is done.

        The digest is the same with it and without it, and so may the counts be.
        """
        waits = [
            *([*told(each), *each.rules] for each in self.blocked),
            *([each.id, each.reason, *wished(each.service)] for each in self.held),
            *([each.domain, each.wanted] for each in self.shortages),
            *sorted([each.code, each.key] for each in self.errors),
        ]
        return hashed(waits)[:32] if waits else ""

    @property
    def moves(self) -> tuple[Move, ...]:
        """All replicas that are repacked."""
        return tuple(move for each in self.transitions for move in each.moves)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.diagnostics if each.severity == "error")

    @property
    def unread(self) -> tuple[Diagnostic, ...]:
        """What says of a cluster that it could not be read: of its services nothing is known."""
        return tuple(dict.fromkeys(each for each in self.errors if each.code == UNREADABLE))

    @property
    def acting(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if not change.blocked_by)

    @property
    def blocked(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.blocked_by)

    @property
    def acts(self) -> bool:
        """Whether applying it would do anything."""
        before = self.labellings or self.separations
        return bool(before) or len(self.changes) > len(self.blocked)

    @property
    def api_seconds(self) -> float:
        """What AWS's request quotas make the changes take, at best."""
        calls = Counter(call for change in self.acting for call in change.effect.calls)
        for labelling in self.labellings:
            calls += labelling.calls
        calls["UpdateService"] += len(self.separations)
        return least_seconds(calls)

    def count(self, action: str) -> int:
        """How many changes of that kind there are, the blocked ones left out."""
        return sum(each.action == action for each in self.acting)
