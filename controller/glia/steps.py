"""What can be done in ECS: the steps that a plan is made of.

A change takes one service one step further. Before the changes that need it, instances may go
over to another partition and live lanes may get constraints.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from glia.identity import service_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.live import LiveService
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Definition:
    """The task definition that a change makes its service use.

    Attributes:
        register: the input of RegisterTaskDefinition; None where ``arn`` has that content.
        arn: of the revision to use; empty until it is registered.
        content: the hash of its canonical content.
    """

    register: Mapping[str, Any] | None
    arn: str
    content: str


@dataclass(frozen=True, slots=True)
class Create:
    """A service that is not there.

    Attributes:
        request: the input of CreateService, without its task definition and revision tag.
        waits_for_name: a service of that name is being deleted, and keeps it until it is gone.
    """

    definition: Definition
    request: Mapping[str, Any]
    waits_for_name: bool = False


@dataclass(frozen=True, slots=True)
class Update:
    """A service that is there and not as it should be.

    Attributes:
        service: what was there when the plan was made.
        definition: None where the service's task definition is right.
        members: of UpdateService: those that change; empty if only tags do.
        tags: to set beside the one that remembers what was applied.
        remembers: whether that one has to be set.
    """

    service: LiveService
    definition: Definition | None
    members: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    remembers: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """A service that cannot become what it should be: it is deleted, and made anew."""

    service: LiveService
    create: Create


@dataclass(frozen=True, slots=True)
class Delete:
    """A lane that its manifest no longer comes down to, or whose manifest is gone.

    Attributes:
        force: delete it with the tasks that still run.
    """

    service: LiveService
    force: bool = True


@dataclass(frozen=True, slots=True)
class Retire:
    """The first step of pruning: no replica is left, and a tag says from when on it may go.

    Attributes:
        grace: seconds until then; with none it is deleted as soon as its tasks have stopped.
    """

    service: LiveService
    grace: float


@dataclass(frozen=True, slots=True)
class Scale:
    """A lane that gets another count while its service goes over to other lanes.

    It may be one that the plan makes before: so only its name is known.

    Attributes:
        name: of the ECS service.
        before: its count until then.
        count: replicas.
        ends: whether all that it gives up has to have ended before what comes after it, as
            nothing else lets new tasks wait for that.
    """

    name: str
    before: int
    count: int
    ends: bool = False


Step: TypeAlias = Create | Update | Replace | Delete | Retire | Scale


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
