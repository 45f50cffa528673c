"""What the rules ask about a service: its manifest together with its instance type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from glia.ecs.shape_fault import ShapeFault

if TYPE_CHECKING:
    from glia.ecs.shape_fault import Path
    from glia.manifest.spec import Neuron, ServiceSpec
    from glia.neuron.catalogue import InstanceType

NEURON: Final[Path] = ("spec", "neuron")
TASK_DEFINITION: Final[Path] = ("spec", "taskDefinition")
CONTAINERS: Final[Path] = (*TASK_DEFINITION, "containerDefinitions")
SERVICE: Final[Path] = ("spec", "service")


@dataclass(frozen=True, slots=True)
class Subject:
    """One service.

    Attributes:
        instance_type: None where nobody knows its chips.
        labels: of the manifest's metadata.
    """

    spec: ServiceSpec
    instance_type: InstanceType | None
    labels: Mapping[str, str]

    @property
    def neuron(self) -> Neuron:
        return self.spec.neuron

    @property
    def is_managed(self) -> bool:
        return self.neuron.allocation == "managed"

    @property
    def task_definition(self) -> Mapping[str, Any]:
        return self.spec.task_definition

    @property
    def service(self) -> Mapping[str, Any]:
        return self.spec.service

    @property
    def containers(self) -> list[tuple[Path, Mapping[str, Any]]]:
        """The container definitions, each with its path."""
        given = self.task_definition.get("containerDefinitions", ())
        return [((*CONTAINERS, index), container) for index, container in enumerate(given)]

    @property
    def essential_containers(self) -> list[tuple[Path, Mapping[str, Any]]]:
        """A container is essential unless it says otherwise (ContainerDefinition.essential)."""
        return [each for each in self.containers if each[1].get("essential", True)]

    @property
    def neuron_container(self) -> tuple[Path, Mapping[str, Any]] | None:
        """The container that gets the chips; None where the manifest leaves that open."""
        wanted = self.neuron.container
        if wanted is None:
            found = self.essential_containers
        else:
            found = [each for each in self.containers if each[1].get("name") == wanted]
        return found[0] if len(found) == 1 else None

    @property
    def chips(self) -> int | None:
        """How many chips a replica gets; None where only the unknown instance type could say."""
        if self.neuron.device_ids is not None:
            return len(self.neuron.device_ids)
        if isinstance(self.neuron.devices, int):
            return self.neuron.devices
        return self.instance_type.chips if self.instance_type else None

    @property
    def shares_instances(self) -> bool:
        """Whether an instance is certain to have chips for others beside a replica."""
        if self.is_managed or self.instance_type is None or self.chips is None:
            return False
        return self.chips < self.instance_type.chips

    @property
    def network_mode(self) -> str:
        """As ECS fills it in (developer guide, "Amazon ECS task networking")."""
        given = self.task_definition.get("networkMode")
        return given or ("awsvpc" if self.is_managed else "bridge")


Rule: TypeAlias = Callable[[Subject], Iterator[ShapeFault]]
