"""How the services are: conditions, health, counts, and who holds which chip."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.desired.lane_tag import LaneFigures
    from glia.errors import Diagnostic, Location
    from glia.target import ClusterRef

Health: TypeAlias = Literal["Healthy", "Progressing", "Degraded", "Missing", "Suspended"]
ConditionType: TypeAlias = Literal["Ready", "Reconciling", "Stalled"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One of Kubernetes' kind: ``reason`` is a word for programs, ``message`` a sentence."""

    type: ConditionType
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str


def loudest(conditions: Sequence[Condition]) -> Condition:
    """The one that speaks for all: Stalled, else Reconciling, where it is True; else Ready."""
    by_type = {each.type: each for each in conditions}
    kinds: tuple[ConditionType, ...] = ("Stalled", "Reconciling")
    return next(
        (by_type[kind] for kind in kinds if by_type[kind].status == "True"), by_type["Ready"]
    )


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One ECS service.

    Attributes:
        desired, running, pending, ready: replicas; None where nobody could read how many.
        task_definition: ``FAMILY:REVISION``; empty where the service is missing.
        deployment: the id of its newest deployment.
        deployment_status: that one's rollout state.
    """

    name: str
    device_ids: tuple[int, ...]
    partition: str
    desired: int | None
    running: int | None
    pending: int | None
    ready: int | None
    task_definition: str = ""
    deployment: str = ""
    deployment_status: str = ""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One NeuronService; its counts are None where nobody could read those of its lanes.

    Attributes:
        laid_out: whether it is known which lanes it has; shared instances have to be read for it.
    """

    key: str
    location: Location
    cluster: ClusterRef
    health: Health
    conditions: tuple[Condition, ...]
    lanes: tuple[LaneStatus, ...]
    laid_out: bool = True

    @property
    def desired(self) -> int | None:
        return self._total(lane.desired for lane in self.lanes)

    @property
    def running(self) -> int | None:
        return self._total(lane.running for lane in self.lanes)

    @property
    def pending(self) -> int | None:
        return self._total(lane.pending for lane in self.lanes)

    @property
    def ready(self) -> int | None:
        return self._total(lane.ready for lane in self.lanes)

    def _total(self, counts: Iterable[int | None]) -> int | None:
        """Nobody knows the sum of what is not known."""
        found = tuple(counts)
        known = tuple(each for each in found if each is not None)
        return sum(known) if self.laid_out and len(known) == len(found) else None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a chip.

    Attributes:
        key: of the NeuronService; of what is not Glia's, the task's group.
        owned: whether it is this installation's.
    """

    key: str
    lane: str
    task_arn: str
    owned: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One Neuron device of an instance; several holders are a clash."""

    id: int
    holders: tuple[Holder, ...]


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """A task on an instance, with what allocation counts of it.

    Attributes:
        devices: the chips that it holds.
        cpu: units that ECS has set aside for it.
        memory: MiB, likewise.
        ports: static TCP ports of the host, its locks included.
        enis: network interfaces of its own.
    """

    arn: str
    group: str
    devices: tuple[int, ...]
    cpu: int
    memory: int
    ports: tuple[int, ...]
    enis: int


@dataclass(frozen=True, slots=True)
class InstanceStatus:
    """A container instance and its chips, in the order of their numbers.

    Attributes:
        connected: whether its agent is.
        attributes: those that a person has given it, or Glia; ECS's own of place and kind too.
        cpu: units that it has registered.
        memory: MiB, likewise.
    """

    arn: str
    ec2_instance_id: str
    type: str
    partition: str
    status: str
    chips: tuple[Chip, ...]
    connected: bool = True
    capacity_provider: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    cpu: int = 0
    memory: int = 0
    tasks: tuple[TaskStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterLane:
    """A lane of a cluster, whether its manifest is at hand or not, or a service beside them.

    Attributes:
        key: of its manifest; empty of a service that is nobody's lane.
        owner: the installation that it is of, or empty.
        status: of the ECS service: ACTIVE or DRAINING.
        desired: the ECS service's count.
        figures: what its tag says of its place and of what a replica uses; None where it has
            none.
        capacity_providers: of the ECS service's strategy.
        constraints: the expressions of the ECS service's placement constraints.
    """

    name: str
    key: str
    owner: str
    status: str
    desired: int
    figures: LaneFigures | None
    capacity_providers: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnsafeLane:
    """A lane that may find no room for a replica that it loses.

    Attributes:
        needed: instances of its partition that would be enough.
        instances: those that there are.
        resource: what else may run out on an instance, or empty.
    """

    name: str
    needed: int
    instances: int
    resource: str


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a partition of instances that are shared.

    Attributes:
        pool: of the domain, or empty.
        instances: those that ECS places tasks on.
        chips: of all of them.
        free: chips that no task holds now.
        longest_run: of free chips that one task may have, on any one instance.
        fits: by chips a replica, how many more replicas would get a lane.
    """

    instance_type: str
    pool: str
    partition: str
    instances: int
    chips: int
    free: int
    longest_run: int
    fits: Mapping[int, int]
    unsafe: tuple[UnsafeLane, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """An ECS cluster's Neuron instances.

    Attributes:
        lanes: all of the cluster; None where no manifest shares its instances: then nobody has
            to know them.
        rooms: of the domains that manifests share.
    """

    cluster: ClusterRef
    account_id: str
    instances: tuple[InstanceStatus, ...]
    lanes: tuple[ClusterLane, ...] | None = None
    rooms: tuple[Room, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """What ``glia status`` tells."""

    observed_at: float
    services: tuple[ServiceStatus, ...]
    clusters: tuple[ClusterStatus, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
