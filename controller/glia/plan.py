"""The plan: what has to happen so that ECS holds what the manifests say.

One value for the text in a terminal, the comment on a pull request, ``apply`` and the loop.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, assert_never

from glia.ecs.quotas import least_seconds
from glia.steps import Create, Delete, Replace, Retire, Scale, Step, Update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.desired.state import DesiredLane, DesiredService
    from glia.diff import FieldChange
    from glia.errors import Diagnostic
    from glia.live import LiveService
    from glia.target import ClusterRef
    from glia.transition import Move, Transition

Cause: TypeAlias = Literal["git", "drift", "prune", "adopt", "repack"]
Result: TypeAlias = Literal["ok", "failed", "unknown"]
UNREADABLE = "cluster-unreadable"
NOT_READY = "DependencyNotReady"


LabelAction: TypeAlias = Literal["label", "unlabel", "release"]
# The most instances of one call (API reference, PutAttributes, UpdateContainerInstancesState).
INSTANCES_PER_CALL = 10


@dataclass(frozen=True, slots=True)
class Labelling:
    """Instances that change their partition, so that lanes of different shapes stay apart.

    Attributes:
        partition: that they become, to ``label`` them; that they leave, to ``unlabel`` them; that
            they are in, to ``release`` them.
        instances: ARNs of container instances.
        action: ``release`` ends what an apply that ended early has begun: the instances are
            ACTIVE again, in the partition in which they are.
        occupied: those of them that only tasks of the partition are on; the others are idle.
        pool: of the domain, as people call it, or empty.
        depends_on: ids of changes that come first.
    """

    cluster: ClusterRef
    instance_type: str
    partition: str
    instances: tuple[str, ...]
    action: LabelAction = "label"
    occupied: tuple[str, ...] = ()
    pool: str = ""
    depends_on: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        words = f"partition {self.partition or 'default'} of {self.instance_type}"
        more = [f"pool {self.pool}"] if self.pool else []
        more += [] if self.action == "label" else [self.action]
        return service_id(self.cluster, ", ".join((words, *more)))

    @property
    def becomes(self) -> str:
        """The partition that the instances are in then."""
        return "" if self.action == "unlabel" else self.partition

    @property
    def calls(self) -> Counter[str]:
        """The API calls that change something, and how many of each."""
        idle = len(self.instances) - (len(self.occupied) if self.action == "label" else 0)
        if self.action == "unlabel":
            return Counter(DeleteAttributes=ceil(2 * idle / INSTANCES_PER_CALL))
        states = ceil(idle / INSTANCES_PER_CALL)
        if self.action == "release":
            deleted = ceil(2 * idle / INSTANCES_PER_CALL)
            return Counter(UpdateContainerInstancesState=states, DeleteAttributes=deleted)
        marks = ceil(2 * idle / INSTANCES_PER_CALL) + ceil(
            2 * len(self.occupied) / INSTANCES_PER_CALL
        )
        return +Counter(
            PutAttributes=marks + states,
            UpdateContainerInstancesState=2 * states,
            DeleteAttributes=states,
        )


@dataclass(frozen=True, slots=True)
class Separation:
    """A live lane that gets placement constraints against lanes that no counted lock keeps off.

    ECS starts no deployment for them (UpdateServiceRequest.placementConstraints).

    Attributes:
        key: its ``glia:key``; its manifest need not be at hand.
        service: as it is.
        constraints: all that the service shall have.
        apart_from: the lanes that it has not named yet; none where some only go.
        depends_on: nothing; ids of what comes first, as of all that is to be done.
    """

    cluster: ClusterRef
    key: str
    service: LiveService
    constraints: tuple[Mapping[str, Any], ...]
    apart_from: tuple[str, ...]
    depends_on: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return service_id(self.cluster, f"constraints of {self.service.name}")


@dataclass(frozen=True, slots=True)
class Block:
    """A safety rule that keeps a change from being applied, and the way to allow it."""

    rule: str
    message: str
    allow_with: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to running tasks.

    Attributes:
        new_task_definition: a revision is registered.
        replaced_tasks: how many running ones are.
        at_once: how many of them may be down at the same time.
        surplus: how many may run in addition meanwhile.
        replicas: the count before and after; None where it stays.
        calls: the API calls that change something, in order.
    """

    new_task_definition: bool = False
    replaced_tasks: int = 0
    at_once: int = 0
    surplus: int = 0
    replicas: tuple[int, int] | None = None
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One service to create, update or replace.

    Attributes:
        fields: what differs, field by field; of a new service what it will have.
        depends_on: ids of changes that come first.
        stage: what tells it from other changes of the same lane; empty for most.
    """

    service: DesiredService
    lane: DesiredLane
    step: Step
    cause: Cause
    fields: tuple[FieldChange, ...]
    effect: Effect
    blocked_by: tuple[Block, ...] = ()
    depends_on: tuple[str, ...] = ()
    stage: str = ""

    @property
    def action(self) -> Literal["create", "update", "replace", "delete"]:
        match self.step:
            case Create():
                return "create"
            case Update() | Scale():
                return "update"
            case Replace():
                return "replace"
            case Delete() | Retire():
                return "delete"
            case _:
                assert_never(self.step)

    @property
    def key(self) -> str:
        return self.service.key

    @property
    def id(self) -> str:
        """The same for the same lane, in any order and on any day."""
        return lane_id(self.service, self.lane) + self.stage


def lane_id(service: DesiredService, lane: DesiredLane) -> str:
    """What tells a lane from all others: names are unique in one cluster of one account."""
    return service_id(service.cluster, lane.lane.name)


def service_id(cluster: ClusterRef, name: str) -> str:
    """The id of the lane that is the ECS service of that name."""
    target = cluster.target
    return "/".join((target.account_id or "-", target.region, cluster.name, name))


@dataclass(frozen=True, slots=True)
class Held:
    """A change that is not made: the same one has failed before, or a dependency is not Ready."""

    service: DesiredService
    reason: str
    message: str


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
    """

    domain: str
    needed: int | None
    registered: int
    chips: int


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
        """A hash of what is to be done: not of live values, revision numbers, labels or text."""
        labels = [[each.id, len(each.instances)] for each in self.labellings]
        apart = [[each.id, *each.apart_from] for each in self.separations]
        actions = [*labels, *apart, *_actions(self.changes)]
        text = json.dumps(actions, sort_keys=True, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

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
        calls = Counter(
            call for change in self.changes if not change.blocked_by for call in change.effect.calls
        )
        for labelling in self.labellings:
            calls += labelling.calls
        calls["UpdateService"] += len(self.separations)
        return least_seconds(calls)

    def count(self, action: str) -> int:
        """How many changes of that kind there are, the blocked ones left out."""
        return sum(not each.blocked_by and each.action == action for each in self.changes)


def _actions(changes: Iterable[Change]) -> Iterator[list[Any]]:
    for change in changes:
        if not change.blocked_by:
            yield [change.id, change.action, change.cause == "adopt", *_done(change.step)]


def _done(step: Step) -> list[Any]:
    match step:
        case Create(definition, request):
            return [definition.content, _without_tags(request)]
        case Update(definition=definition, members=members):
            return [definition.content if definition else "", dict(members)]
        case Replace(create=create):
            return _done(create)
        case Delete():
            return []
        case Retire():
            return ["retire"]
        case Scale(count=count):
            return [count]
        case _:
            assert_never(step)


def _without_tags(request: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name != "tags"}
