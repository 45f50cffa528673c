"""What the rules ask about a service: its manifest together with its instance type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from glia.ecs.shape_fault import ShapeFault
from glia.manifest.unknown import hide, hide_fields

if TYPE_CHECKING:
    from pydantic import BaseModel

    from glia.ecs.shape_fault import Path
    from glia.manifest.spec import Rollout, ServiceSpec
    from glia.manifest.spec_neuron import Neuron
    from glia.neuron.catalogue import InstanceType

NEURON: Final[Path] = ("spec", "neuron")
TASK_DEFINITION: Final[Path] = ("spec", "taskDefinition")
CONTAINERS: Final[Path] = (*TASK_DEFINITION, "containerDefinitions")
SERVICE: Final[Path] = ("spec", "service")


@dataclass(frozen=True)
class Subject:
    """One service. To read a field that is wrong raises ``UnknownError``, which ends the rule.

    Attributes:
        instance_type: None where nobody knows its chips.
        metadata: the manifest's, as far as rules read it.
        members: ECS's, by the place where they stand in the spec.
    """

    spec: ServiceSpec
    neuron: Neuron
    rollout: Rollout
    instance_type: InstanceType | None
    metadata: Mapping[str, Any]
    members: Mapping[str, Any]

    @property
    def labels(self) -> Mapping[str, str]:
        labels: Mapping[str, str] = self.metadata["labels"]
        return labels

    @property
    def is_managed(self) -> bool:
        return self.neuron.allocation == "managed"

    @property
    def task_definition(self) -> Mapping[str, Any]:
        written: Mapping[str, Any] = self.members["taskDefinition"]
        return written

    @property
    def service(self) -> Mapping[str, Any]:
        written: Mapping[str, Any] = self.members["service"]
        return written

    @cached_property
    def containers(self) -> list[tuple[Path, Mapping[str, Any]]]:
        """The container definitions, each with its path."""
        given = self.task_definition.get("containerDefinitions", ())
        return [((*CONTAINERS, index), container) for index, container in enumerate(given)]

    @cached_property
    def essential_containers(self) -> list[tuple[Path, Mapping[str, Any]]]:
        """A container is essential unless it says otherwise (ContainerDefinition.essential)."""
        return [each for each in self.containers if each[1].get("essential", True)]

    @cached_property
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
    def has_several_lanes(self) -> bool:
        """Whether the replicas may be several services of ECS, one for each device set.

        A lone replica is one, and so are replicas whose chips are pinned: one an instance.
        """
        if not self.shares_instances or self.neuron.device_ids is not None:
            return False
        return self.spec.replicas is None or self.spec.replicas > 1

    @property
    def has_load_balancer(self) -> bool:
        """VPC Lattice checks the health of its targets as well."""
        service = self.service
        return bool(service.get("loadBalancers") or service.get("vpcLatticeConfigurations"))

    @property
    def network_mode(self) -> str:
        """As ECS fills it in (developer guide, "Amazon ECS task networking")."""
        given = self.task_definition.get("networkMode")
        return given or ("awsvpc" if self.is_managed else "bridge")


def make_subject(
    spec: ServiceSpec,
    instance_type: InstanceType | None,
    labels: Mapping[str, str],
    unknown: frozenset[Path] = frozenset(),
) -> Subject:
    """A service as the rules see it; ``unknown`` are the fields that are wrong."""
    members = {"taskDefinition": spec.task_definition, "service": spec.service}
    return Subject(
        hide_fields(spec, _fields(spec, unknown, "spec")),
        hide_fields(spec.neuron, _fields(spec.neuron, unknown, "spec", "neuron")),
        hide_fields(spec.rollout, _fields(spec.rollout, unknown, "spec", "rollout")),
        instance_type,
        hide({"labels": labels}, _below(unknown, "metadata")),
        hide(members, _below(unknown, "spec")),
    )


def _fields(model: BaseModel, unknown: frozenset[Path], *above: str) -> frozenset[str]:
    """The model's fields, by their names in Python, that are wrong or are so in part."""
    if not unknown:
        return frozenset()
    fields = type(model).model_fields
    if any(len(path) <= len(above) and above[: len(path)] == path for path in unknown):
        return frozenset(fields)
    wrong = {path[len(above)] for path in unknown if path[: len(above)] == above}
    return frozenset(name for name, field in fields.items() if field.alias in wrong)


def _below(unknown: frozenset[Path], above: str) -> frozenset[Path]:
    return frozenset(path[1:] for path in unknown if path[:1] == (above,) and len(path) > 1)


Rule: TypeAlias = Callable[[Subject], Iterator[ShapeFault]]
