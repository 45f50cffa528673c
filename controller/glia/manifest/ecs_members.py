"""ECS's own members in a NeuronService: where they stand, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glia.ecs import shapes
from glia.ecs.shape_fault import ShapeFault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one request of ECS.

    Attributes:
        shape: the request's name in ECS's model.
        named: the member that ECS requires and Glia, by default, names after the manifest.
        glias: members that Glia writes itself, and what to do instead of writing them.
    """

    shape: str
    named: str
    glias: Mapping[str, str] = field(default_factory=dict)


MEMBERS = {
    "taskDefinition": Members("RegisterTaskDefinitionRequest", "family"),
    "service": Members(
        "CreateServiceRequest",
        "serviceName",
        {
            "clientToken": "take it out: Glia writes it",
            "cluster": "write spec.cluster, the name of a NeuronCluster",
            "desiredCount": "write spec.replicas",
            "taskDefinition": "write its members under spec.taskDefinition",
        },
    ),
}


def ecs_faults(spec: Any) -> Iterator[ShapeFault]:
    """What ECS's model says of the members of a spec, whatever is wrong beside them."""
    for place, members in MEMBERS.items():
        written = spec.get(place) if isinstance(spec, dict) else None
        if isinstance(written, dict):
            yield from _faults(place, members, written)


def _faults(place: str, members: Members, written: dict[str, Any]) -> Iterator[ShapeFault]:
    for fault in shapes.faults(members.shape, written, without=frozenset(members.glias)):
        member = str(fault.path[0]) if len(fault.path) == 1 else ""
        if fault.code == "missing-field" and member == members.named:
            continue
        path = ("spec", place, *fault.path)
        remedy = members.glias.get(member, fault.remedy)
        yield ShapeFault(path, fault.code, fault.message, fault.expected, fault.found, remedy)
