"""What should be there, in ECS's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from glia.ecs.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.errors import Location
    from glia.manifest.spec import DriftPolicy, Rollout
    from glia.neuron.catalogue import InstanceType
    from glia.neuron.lanes import Lane
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class DesiredLane:
    """One lane as ECS's requests.

    Attributes:
        task_definition: the input of RegisterTaskDefinition, tags included.
        service: the input of CreateService, with the family for a task definition and
            without the tag that needs its revision.
        tags: the service's, the same ones as a mapping.
        defaulted: beginnings of the paths that Glia merely defaults: an adopted service keeps
            its own values there.
        content: the hash of the task definition's canonical form.
        service_content: a hash of the service's canonical form, of the count and the tags.
    """

    lane: Lane
    task_definition: Mapping[str, Any]
    service: Mapping[str, Any]
    tags: Mapping[str, str]
    defaulted: tuple[str, ...]
    content: str
    service_content: str

    @property
    def family(self) -> str:
        family: str = self.task_definition["family"]
        return family

    # Canonical forms are made for whoever compares: kept, they would be most of a fleet's
    # memory, and of what is as it should be the hash says so.

    @property
    def canonical_task_definition(self) -> dict[str, Any]:
        return canonical("taskDefinition", self.task_definition)

    @property
    def canonical_service(self) -> dict[str, Any]:
        return canonical("service", self.service)


Wish: TypeAlias = "tuple[str, int | None]"


@dataclass(frozen=True, slots=True)
class DesiredService:
    """A NeuronService and the lanes that it comes down to.

    Attributes:
        key: ``<ECS cluster>/<manifest's name>``, the value of ``glia:key``.
        name: the manifest's.
        location: where the manifest is.
        attempt: a hash of what would start a deployment, the same for all lanes; a deployment
            that failed is remembered by it.
        instance_type: None for managed allocation without one.
        container: the name of the one that holds the chips.
        depends_on: names of the manifests whose services have to be Ready first.
        renamed_from: the key that it had before, or empty.
    """

    key: str
    name: str
    location: Location
    cluster: ClusterRef
    replicas: int | None
    suspended: bool
    rollout: Rollout
    lanes: tuple[DesiredLane, ...]
    attempt: str
    instance_type: InstanceType | None
    container: str
    drift_policy: DriftPolicy = "correct"
    depends_on: tuple[str, ...] = ()
    renamed_from: str = ""

    @property
    def wish(self) -> Wish:
        """What is wanted to run, wherever: its content and how many. Other lanes are no other."""
        return self.attempt, self.replicas

    @property
    def order(self) -> tuple[ClusterRef, str]:
        """The same in every run, whichever files the manifests stand in."""
        return self.cluster, self.key


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All of it, in the order of the manifests' keys, whichever files they stand in."""

    services: tuple[DesiredService, ...]

    def joined(self, other: DesiredState) -> DesiredState:
        """Both, in order."""
        services = sorted((*self.services, *other.services), key=lambda each: each.order)
        return DesiredState(tuple(services))

    @property
    def clusters(self) -> tuple[ClusterRef, ...]:
        return tuple(sorted({service.cluster for service in self.services}))
