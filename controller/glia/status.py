"""How the services are: conditions, health, counts, and who holds which chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One ECS service.

    Attributes:
        task_definition: ``FAMILY:REVISION``; empty where the service is missing.
        deployment: the id of its newest deployment.
        deployment_status: that one's rollout state.
    """

    name: str
    device_ids: tuple[int, ...]
    partition: str
    desired: int
    running: int
    pending: int
    ready: int
    task_definition: str = ""
    deployment: str = ""
    deployment_status: str = ""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One NeuronService."""

    key: str
    location: Location
    cluster: ClusterRef
    health: Health
    conditions: tuple[Condition, ...]
    lanes: tuple[LaneStatus, ...]

    @property
    def desired(self) -> int:
        return sum(lane.desired for lane in self.lanes)

    @property
    def running(self) -> int:
        return sum(lane.running for lane in self.lanes)

    @property
    def pending(self) -> int:
        return sum(lane.pending for lane in self.lanes)

    @property
    def ready(self) -> int:
        return sum(lane.ready for lane in self.lanes)


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
class InstanceStatus:
    """A container instance and its chips, in the order of their numbers."""

    arn: str
    ec2_instance_id: str
    type: str
    partition: str
    status: str
    chips: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """An ECS cluster's Neuron instances."""

    cluster: ClusterRef
    account_id: str
    instances: tuple[InstanceStatus, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """What ``glia status`` tells."""

    observed_at: float
    services: tuple[ServiceStatus, ...]
    clusters: tuple[ClusterStatus, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
