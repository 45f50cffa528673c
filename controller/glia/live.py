"""What ECS holds, as values: read at the edge, compared and judged in functions without I/O.

``members`` are as ECS describes them, untouched; ``glia.ecs.canonical`` makes them comparable.
Times are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Json: TypeAlias = dict[str, Any]
Tags: TypeAlias = "Mapping[str, str]"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One of the deployments that DescribeServices shows with a service.

    Attributes:
        id: ``ecs-svc/`` and a number; the number is in the ARN of its service revision too.
        status: PRIMARY, ACTIVE (being replaced) or INACTIVE.
        task_definition: an ARN with its revision.
        rollout_state: IN_PROGRESS, COMPLETED, FAILED; empty where ECS tells none.
    """

    id: str
    status: str
    task_definition: str
    desired: int
    running: int
    pending: int
    failed: int
    rollout_state: str = ""
    rollout_reason: str = ""
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class LiveService:
    """A service as DescribeServices shows it.

    Attributes:
        status: ACTIVE, DRAINING or INACTIVE.
        task_definition: an ARN with its revision.
        members: what CreateService takes, with ``serviceConnectConfiguration`` and the like
            from the PRIMARY deployment; no counts, no events, no deployments.
    """

    arn: str
    name: str
    status: str
    desired: int
    running: int
    pending: int
    task_definition: str
    members: Mapping[str, Any]
    tags: Tags = field(default_factory=dict)
    deployments: tuple[Deployment, ...] = ()

    @property
    def primary(self) -> Deployment | None:
        return next((each for each in self.deployments if each.status == "PRIMARY"), None)


@dataclass(frozen=True, slots=True)
class LiveTaskDefinition:
    """One revision of a task definition, as DescribeTaskDefinition shows it."""

    arn: str
    members: Mapping[str, Any]
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """A line that ECS has written about a service."""

    id: str
    at: float
    message: str


@dataclass(frozen=True, slots=True)
class ServiceDeployment:
    """An entry of a service's history, from ListServiceDeployments.

    Attributes:
        status: PENDING, IN_PROGRESS, SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL, ...
        target_revision: the ARN of the service revision that it is to bring about.
        task_definition: the ARN of that revision's task definition, where it has been read.
    """

    arn: str
    status: str
    reason: str
    target_revision: str
    created_at: float
    task_definition: str = ""


@dataclass(frozen=True, slots=True)
class LiveInstance:
    """A container instance.

    Attributes:
        status: ACTIVE, DRAINING, REGISTERING, ...
        connected: whether its agent is.
        registered: CPU (units) and MEMORY (MiB), by ECS's names.
        remaining: the same, less what tasks hold.
        ports: the TCP ports that are taken, the instance's own included.
        neuron_devices: chips that ECS itself hands out, on Managed Instances (NEURON_DEVICES).
        neuron_devices_left: those of them that it has not handed out.
    """

    arn: str
    ec2_instance_id: str
    instance_type: str
    status: str
    connected: bool
    capacity_provider: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    registered: Mapping[str, int] = field(default_factory=dict)
    remaining: Mapping[str, int] = field(default_factory=dict)
    ports: frozenset[int] = frozenset()
    neuron_devices: frozenset[int] = frozenset()
    neuron_devices_left: frozenset[int] = frozenset()

    @property
    def usable(self) -> bool:
        return self.status == "ACTIVE" and self.connected


@dataclass(frozen=True, slots=True)
class LiveContainer:
    """One container of a task: why it ended, if it has, and ECS's own chip allocation."""

    name: str
    last_status: str
    reason: str = ""
    exit_code: int | None = None
    neuron_device_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveTask:
    """A task, running or stopped.

    Attributes:
        group: ``service:NAME`` or ``family:NAME``.
        instance: the ARN of its container instance; empty where it has none.
        started_by: of a service's task: its deployment's id.
    """

    arn: str
    group: str
    instance: str
    task_definition: str
    last_status: str
    desired_status: str
    started_by: str = ""
    stop_code: str = ""
    stopped_reason: str = ""
    stopped_at: float | None = None
    containers: tuple[LiveContainer, ...] = ()

    @property
    def service(self) -> str:
        """The name of its service, if it has one."""
        return self.group.removeprefix("service:") if self.group.startswith("service:") else ""


Presence: TypeAlias = Literal["there", "missing", "unknown"]
"""What a look at a role or a target group has told; unknown where Glia may not look."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """A cluster's instances and what runs on them.

    Attributes:
        definitions: the task definitions of the tasks, by ARN; what could not be read is not
            in it.
    """

    instances: tuple[LiveInstance, ...] = ()
    tasks: tuple[LiveTask, ...] = ()
    definitions: Mapping[str, LiveTaskDefinition] = field(default_factory=dict)
