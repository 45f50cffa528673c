"""ECS's own members in a NeuronService: where they stand, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from glia.ecs import shape_numbers, shapes
from glia.ecs.service_model import service_model
from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Members:
    """The members of one request of ECS.

    Attributes:
        shape: the request's name in ECS's model.
        answer: the shape that describes what the request has made.
        answers: the answers of ECS in which people find it, to paste it from.
        named: the member that ECS requires and Glia, by default, names after the manifest.
        glias: members that Glia writes itself, and what to do instead of writing them.
    """

    shape: str
    answer: str
    answers: tuple[str, ...]
    named: str
    glias: Mapping[str, str] = field(default_factory=dict)

    @property
    def read_only(self) -> frozenset[str]:
        """What ECS tells of it and takes from nobody."""
        shapes_ = service_model().shapes
        told = {name for each in self.answers for name in shapes_[each].members}
        told |= shapes_[self.answer].members.keys()
        return frozenset(told - shapes_[self.shape].members.keys())

    @property
    def wrappers(self) -> frozenset[str]:
        """Members of ECS's answers that hold all of it, alone or in a list."""
        return _wrappers(self.answer, self.answers)


@lru_cache
def _wrappers(answer: str, answers: tuple[str, ...]) -> frozenset[str]:
    shapes_ = service_model().shapes
    below = {
        name: member.shape for each in answers for name, member in shapes_[each].members.items()
    }
    return frozenset(
        name for name, shape in below.items() if answer in {shape, shapes_[shape].element}
    )


MEMBERS = {
    "taskDefinition": Members(
        "RegisterTaskDefinitionRequest",
        "TaskDefinition",
        ("DescribeTaskDefinitionResponse", "RegisterTaskDefinitionResponse"),
        "family",
    ),
    "service": Members(
        "CreateServiceRequest",
        "Service",
        ("DescribeServicesResponse", "CreateServiceResponse"),
        "serviceName",
        {
            "clientToken": "take it out: Glia writes it",
            "cluster": "write spec.cluster, the name of a NeuronCluster",
            "desiredCount": "write spec.replicas",
            "taskDefinition": "write its members under spec.taskDefinition",
        },
    ),
}


def with_integers(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec with ECS's integers as integers, ``2.0`` too; itself where they are."""
    changed = {
        place: made
        for place, members in MEMBERS.items()
        if place in spec
        and (made := shape_numbers.with_integers(members.shape, spec[place])) is not spec[place]
    }
    return {**spec, **changed} if changed else spec


def pasted_whole(spec: Any) -> Iterator[tuple[str, str]]:
    """Where an answer of ECS stands with its wrapper: what it says is told by nobody."""
    for place, members in MEMBERS.items():
        written = spec.get(place) if isinstance(spec, dict) else None
        if isinstance(written, dict) and not members.wrappers.isdisjoint(written):
            yield "spec", place


def ecs_faults(spec: Any) -> Iterator[ShapeFault]:
    """What ECS's model says of the members of a spec, whatever is wrong beside them."""
    for place, members in MEMBERS.items():
        written = spec.get(place) if isinstance(spec, dict) else None
        if isinstance(written, dict):
            yield from _faults(place, members, written)


def _faults(place: str, members: Members, written: dict[str, Any]) -> Iterator[ShapeFault]:
    found = shapes.faults(members.shape, written, without=frozenset(members.glias))
    is_pasted_whole = bool(found) and not members.wrappers.isdisjoint(written.keys())
    for fault in found:
        member = str(fault.path[0]) if len(fault.path) == 1 else ""
        if (
            fault.code == "missing-field"
            and member
            and (member == members.named or is_pasted_whole)
        ):
            continue
        told = _of_a_pasted_answer(place, members, fault, member) or fault
        remedy = members.glias.get(member, told.remedy)
        yield replace(told, path=("spec", place, *fault.path), remedy=remedy)


def _of_a_pasted_answer(
    place: str, members: Members, fault: ShapeFault, member: str
) -> ShapeFault | None:
    """A member that stands in ECS's answers only: nobody has misspelt anything."""
    if fault.code != "unknown-field" or member in members.glias:
        return None
    if member in members.wrappers:
        message = f"{quoted(member)} is what ECS's answer wraps the members in"
        remedy = f"move its members up one level, right under {place}"
    elif member in members.read_only:
        message = f"{quoted(member)} is in ECS's answers only"
        remedy = "take it out: ECS writes it"
    else:
        return None
    return ShapeFault(fault.path, fault.code, message, "", fault.found, remedy)
