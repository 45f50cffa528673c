"""What the sandbox keeps: clusters, task definitions, services, deployments, tasks, instances.

Records change in place and are compared by identity. ``spec`` holds ECS's own members under
ECS's own names, with ECS's defaults; what only the scheduler knows stands beside it. Times
are epoch seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glia.sandbox.needs import Capacity, Ledger, Needs

if TYPE_CHECKING:
    from glia.ecs.expression import Expression
    from glia.sandbox.wire_types import Json

Tags = dict[str, str]
MAX_EVENTS = 100  # DescribeServices returns the latest 100


@dataclass(eq=False, slots=True)
class TaskDefinition:
    """One revision of a family; ``status`` is ACTIVE, INACTIVE or DELETE_IN_PROGRESS."""

    arn: str
    family: str
    revision: int
    spec: Json
    requires: frozenset[str]
    constraints: tuple[Expression, ...]
    registered_at: float
    registered_by: str
    tags: Tags
    status: str = "ACTIVE"
    deregistered_at: float | None = None

    @property
    def name(self) -> str:
        return f"{self.family}:{self.revision}"


@dataclass(eq=False, slots=True)
class Family:
    """A family's revisions; numbers are never used twice."""

    name: str
    last_revision: int = 0
    revisions: dict[int, TaskDefinition] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Instance:
    """A container instance: the scheduler's ledger, the agent's ledger and queue, the chips.

    ``chips`` tells which task has opened a Neuron device, by host path; ``dynamic_ports``
    which one has been given a host port.
    """

    arn: str
    ec2_instance_id: str
    cluster: Cluster
    instance_type: str
    capacity: Capacity
    devices: tuple[str, ...]
    cores_per_chip: int
    zone: str
    attributes: dict[str, str | None]
    registered_at: float
    tags: Tags
    capacity_provider: str | None = None
    managed: bool = False
    status: str = "ACTIVE"
    agent_connected: bool = True
    agent_version: str = "1.107.0"
    version: int = 1
    tasks: dict[str, Task] = field(default_factory=dict)
    queue: deque[Task] = field(default_factory=deque)
    chips: dict[str, Task] = field(default_factory=dict)
    dynamic_ports: dict[int, Task] = field(default_factory=dict)
    empty_since: float = 0.0
    promised: Ledger = field(init=False)
    used: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.promised = Ledger(self.capacity)
        self.used = Ledger(self.capacity)

    @property
    def takes_tasks(self) -> bool:
        return self.status == "ACTIVE" and self.agent_connected


@dataclass(eq=False, slots=True)
class Task:
    """A task; ``holds_host`` says that the agent has admitted it and it has not stopped yet."""

    arn: str
    cluster: Cluster
    definition: TaskDefinition
    needs: Needs
    group: str
    launch_type: str
    containers: list[Json]
    created_at: float
    started_by: str | None = None
    service: Service | None = None
    deployment: Deployment | None = None
    instance: Instance | None = None
    capacity_provider: str | None = None
    spec: Json = field(default_factory=dict)
    tags: Tags = field(default_factory=dict)
    last_status: str = "PROVISIONING"
    desired_status: str = "RUNNING"
    health: str = "UNKNOWN"
    healthy: bool = False
    holds_host: bool = False
    stop_code: str | None = None
    stopped_reason: str | None = None
    times: dict[str, float] = field(default_factory=dict)
    version: int = 1

    @property
    def live(self) -> bool:
        return self.desired_status == "RUNNING"

    @property
    def pending(self) -> bool:
        return self.live and self.last_status in {"PROVISIONING", "PENDING", "ACTIVATING"}


@dataclass(eq=False, slots=True)
class Deployment:
    """A deployment of a service and the service revision that it deploys.

    ``revision`` holds the members of the service that a task of this deployment is made of.
    """

    number: str
    arn_of_revision: str
    definition: TaskDefinition
    revision: Json
    created_at: float
    updated_at: float
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    failed_tasks: int = 0
    completed: bool = False
    bake_since: float | None = None

    @property
    def id(self) -> str:
        return f"ecs-svc/{self.number}"


@dataclass(eq=False, slots=True)
class ServiceDeployment:
    """The history entry of one rollout, as DescribeServiceDeployments tells it."""

    arn: str
    target: Deployment
    sources: tuple[Deployment, ...]
    created_at: float
    updated_at: float
    configuration: Json
    status: str = "IN_PROGRESS"
    reason: str | None = None
    breaker: str = "DISABLED"
    threshold: int = 0
    failures: int = 0
    stage: str = "SCALE_UP"
    finished_at: float | None = None
    stopped_at: float | None = None
    rollback_to: Deployment | None = None
    rollback_reason: str | None = None
    rollback_at: float | None = None


@dataclass(eq=False, slots=True)
class Service:
    """A service; ``deployments`` newest first, ``history`` oldest first."""

    arn: str
    name: str
    cluster: Cluster
    spec: Json
    desired_count: int
    created_at: float
    tags: Tags
    constraints: tuple[Expression, ...] = ()
    distinct_instance: bool = False
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    revisions: dict[str, Deployment] = field(default_factory=dict)
    history: list[ServiceDeployment] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    events: deque[Json] = field(default_factory=lambda: deque(maxlen=MAX_EVENTS))
    last_event: dict[str, float] = field(default_factory=dict)
    failures_in_a_row: int = 0
    failures_paid: int = 0
    retry_at: float = 0.0
    steady: bool = False
    client_token: str | None = None
    request: Json = field(default_factory=dict)

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def group(self) -> str:
        return f"service:{self.name}"

    def live_tasks(self) -> list[Task]:
        return [task for task in self.tasks.values() if task.live]


@dataclass(eq=False, slots=True)
class Cluster:
    """A cluster, its members by name or ARN, and the services that the scheduler has to see.

    ``starved`` are the services that found no place: they look again when room appears.
    ``stirred`` says that tasks have started or ended, which constraints may look at.
    """

    arn: str
    name: str
    spec: Json
    tags: Tags
    status: str = "ACTIVE"
    instances: dict[str, Instance] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    to_see: dict[Service, None] = field(default_factory=dict)
    starved: dict[Service, None] = field(default_factory=dict)
    stirred: bool = False


@dataclass(eq=False, slots=True)
class CapacityProvider:
    """A capacity provider; one of Managed Instances may have an instance on its way."""

    arn: str
    name: str
    spec: Json
    tags: Tags
    status: str = "ACTIVE"
    launching: bool = False
