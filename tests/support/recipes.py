"""Requests with every member that botocore's model of ECS has, and what of them is lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from support.requests import ROLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Members = dict[str, Any]

MODEL = ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")
SCALARS: Members = {"integer": 7, "long": 7, "boolean": True, "double": 7.5}


@dataclass(frozen=True)
class Recipe:
    """How to make one request: what it leaves out and what has to have a certain value.

    Paths have no indexes. ``kinds`` gives a list an element for each set of members, ``text`` a
    text for each path that takes any, and for the keys of each mapping; where it is empty the
    text is told by its member and its place.
    """

    without: frozenset[str] = frozenset()
    examples: Members = field(default_factory=dict)
    kinds: dict[str, tuple[frozenset[str], ...]] = field(default_factory=dict)
    text: Callable[[str], str] | None = None

    def request(self, operation: str) -> Members:
        made: Members = self._value(MODEL.operation_model(operation).input_shape, "", 0)
        return made

    def _value(self, shape: Any, path: str, index: int) -> Any:
        if path in self.examples:
            return self.examples[path]
        if getattr(shape, "is_document_type", False):
            return {"any": [self._text(path) or "JSON", 1]}
        if shape.type_name == "structure":
            return self._structure(shape, path, index, frozenset(shape.members))
        if shape.type_name == "list":
            return self._list(shape.member, path)
        if shape.type_name == "map":
            key = self._text(f"{path} (key)") or "key"
            return {key: self._value(shape.value, path, index)}
        takes_any = shape.type_name == "string" and not getattr(shape, "enum", None)
        return (self._text(path) if takes_any else "") or _scalar(shape, path, index)

    def _text(self, path: str) -> str:
        return self.text(path) if self.text else ""

    def _list(self, shape: Any, path: str) -> list[Any]:
        if path in self.kinds:
            kinds = enumerate(self.kinds[path])
            return [self._structure(shape, path, number, kind) for number, kind in kinds]
        return [self._value(shape, path, 0)]

    def _structure(self, shape: Any, path: str, index: int, only: frozenset[str]) -> Members:
        inside = {name: f"{path}.{name}".lstrip(".") for name in shape.members if name in only}
        return {
            name: self._value(shape.members[name], below, index)
            for name, below in inside.items()
            if below not in self.without
        }

    def but(self, *without: str, **examples: Any) -> Recipe:
        """This one, with less; examples' dots are written as two underscores."""
        changed = {name.replace("__", "."): value for name, value in examples.items()}
        kept = {n: v for n, v in (self.examples | changed).items() if n not in without}
        return replace(self, without=self.without.union(without) - changed.keys(), examples=kept)


def _scalar(shape: Any, path: str, index: int) -> Any:
    """A value that the model allows; a text is told by its member and its place in a list."""
    if shape.type_name == "string":
        return (getattr(shape, "enum", None) or [f"{path.rsplit('.', 1)[-1]}-{index}"])[0]
    return max(SCALARS[shape.type_name], shape.metadata.get("min", 0))


def model_leaves(shape: Any, path: str = "") -> Iterator[str]:
    """The path of every scalar, map and document below a shape of the model."""
    if getattr(shape, "is_document_type", False) or shape.type_name == "map":
        yield path
    elif shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from model_leaves(member, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        yield from model_leaves(shape.member, path)
    else:
        yield path


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        for name, content in value.items():
            yield from leaves(content, (*path, name))
    elif isinstance(value, list):
        for number, content in enumerate(value):
            yield from leaves(content, (*path, number))
    else:
        yield path, value


def member_path(path: tuple[str | int, ...]) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def unsent(operation: str, requests: list[Members]) -> set[str]:
    """The leaves of the model that none of the requests sets."""
    sent = {member_path(path) for request in requests for path, _ in leaves(request)}
    documents_and_maps = {path.rsplit(".", 1)[0] for path in sent}
    shape = MODEL.operation_model(operation).input_shape
    return set(model_leaves(shape)) - sent - documents_and_maps


def lost(request: Members, shown: Members) -> set[str]:
    """The top-level members, or the paths below one, that are not shown as they were sent."""
    found = dict(leaves(shown))
    return {member_path(path) for path, leaf in leaves(request) if found.get(path) != leaf}


# What a service's request has to say where any value of the right type would not do: the names
# of other things in it, and pairs that fit together.
OF_SERVICE: Members = {
    "role": ROLE,
    "loadBalancers.containerName": "server",
    "serviceRegistries.containerName": "server",
    "deploymentConfiguration.maximumPercent": 200,
    "deploymentConfiguration.minimumHealthyPercent": 50,
    "deploymentConfiguration.earlySuccessCriteria.healthyPercent": 60,
    "placementConstraints": [
        {"type": "memberOf", "expression": "attribute:ecs.instance-type == inf1.xlarge"},
        {"type": "distinctInstance"},
    ],
    "placementStrategy": [
        {"type": "spread", "field": "attribute:ecs.availability-zone"},
        {"type": "binpack", "field": "MEMORY"},
    ],
    "serviceConnectConfiguration.services.portName": "name-0",
    "vpcLatticeConfigurations.portName": "name-0",
    "gatewayConnectors.portName": "name-0",
}
