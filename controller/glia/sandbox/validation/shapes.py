"""Requests and answers against the ECS model that botocore ships.

The model is the part of ECS that is written down to the letter: member names, types,
required members, enums and ranges. Requests are checked as ECS's front end would; answers
are checked so that the sandbox cannot drift from what boto3 can read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from botocore.loaders import Loader
from botocore.model import ServiceModel

from glia.sandbox.ecs_error import EcsError

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

Path: TypeAlias = tuple[str | int, ...]

# A timestamp travels as epoch seconds in AWS's JSON protocol.
TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "double": (int, float),
    "integer": (int,),
    "list": (list,),
    "long": (int,),
    "map": (dict,),
    "string": (str,),
    "structure": (dict,),
    "timestamp": (int, float),
}

# "Amazon ECS treats any other specified value as tcp" (model, PortMapping.protocol).
LENIENT_ENUMS = frozenset({"TransportProtocol"})

TASK_DEFINITION_OPERATIONS = frozenset(
    {
        "DeleteTaskDefinitions",
        "DeregisterTaskDefinition",
        "DescribeTaskDefinition",
        "ListTaskDefinitionFamilies",
        "ListTaskDefinitions",
        "RegisterTaskDefinition",
    }
)


class AnswerError(Exception):
    """An answer that boto3 would not read as it was meant; lists every fault."""


@dataclass(slots=True)
class Shape:
    """One shape of the model, ready to check with; ``element`` is a list's or a map's."""

    name: str
    kind: str
    types: tuple[type, ...]
    enum: frozenset[str] = frozenset()
    least: float | None = None
    most: float | None = None
    members: dict[str, Shape] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    element: Shape | None = None


@dataclass(slots=True)
class Faults:
    """What is wrong, apart by what ECS calls it; ``strict`` for answers."""

    strict: bool
    types: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)


@lru_cache(maxsize=1)
def _model() -> ServiceModel:
    # The loader alone reads the installed model: no client, no credentials, no Region.
    return ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")


@lru_cache(maxsize=256)
def _shapes(operation: str) -> tuple[Shape, Shape]:
    model = _model().operation_model(operation)
    known: dict[str, Shape] = {}
    return _compiled(model.input_shape, known), _compiled(model.output_shape, known)


def _compiled(shape: Any, known: dict[str, Shape]) -> Shape:
    if shape.name in known:
        return known[shape.name]
    if getattr(shape, "is_document_type", False):  # any JSON: hookDetails
        return Shape(shape.name, "document", (object,))
    limits = shape.metadata
    compiled = known[shape.name] = Shape(
        name=shape.name,
        kind=shape.type_name,
        types=TYPES[shape.type_name],
        enum=frozenset(getattr(shape, "enum", None) or ()),
        least=limits.get("min"),
        most=limits.get("max"),
        required=tuple(limits.get("required") or ()),
    )
    if shape.type_name == "structure":
        compiled.members = {name: _compiled(each, known) for name, each in shape.members.items()}
    elif shape.type_name == "list":
        compiled.element = _compiled(shape.member, known)
    elif shape.type_name == "map":
        compiled.element = _compiled(shape.value, known)
    return compiled


def check_request(operation: str, params: Json) -> None:
    """Refuse a request whose shape ECS would refuse.

    Members that the model does not know are ignored and null counts as absent, as in AWS's
    JSON protocol; botocore's enums are not checked by botocore itself.

    Raises:
        EcsError: ``SerializationException`` for a wrong type; else ``ClientException`` for
            task definitions and ``InvalidParameterException`` for all other operations.
    """
    faults = Faults(strict=False)
    _check(_shapes(operation)[0], params, (), faults)
    if faults.types:
        raise EcsError("SerializationException", faults.types[0])
    if faults.values:
        about_tasks = operation in TASK_DEFINITION_OPERATIONS
        code = "ClientException" if about_tasks else "InvalidParameterException"
        raise EcsError(code, faults.values[0])


def check_answer(operation: str, answer: Json) -> None:
    """Make sure that boto3 reads an answer as it was written.

    Raises:
        AnswerError: a member that the output shape lacks, a wrong type (null included) or a
            value outside its enum; all of them, one per line.
    """
    faults = Faults(strict=True)
    _check(_shapes(operation)[1], answer, (), faults)
    if found := faults.types + faults.values:
        raise AnswerError("\n".join([f"{operation} answers wrongly:", *found]))


def _check(shape: Shape, value: Any, path: Path, faults: Faults) -> None:
    if not _has_type(shape, value):
        faults.types.append(_wrong_type(shape, value, path))
        return
    if shape.kind == "structure":
        _check_structure(shape, value, path, faults)
    elif shape.element is not None:
        _check_elements(shape.element, value, path, faults)
    elif shape.enum and value not in shape.enum and _enforced(shape, faults):
        options = ", ".join(sorted(shape.enum))
        faults.values.append(_violation(value, path, f"satisfy enum value set: [{options}]"))
    if not faults.strict and (shape.least is not None or shape.most is not None):
        _check_range(shape, value, path, faults)


def _has_type(shape: Shape, value: Any) -> bool:
    # To Python true is an integer, to ECS it is not.
    if value.__class__ is bool:
        return shape.kind in {"boolean", "document"}
    return isinstance(value, shape.types)


def _enforced(shape: Shape, faults: Faults) -> bool:
    return faults.strict or shape.name not in LENIENT_ENUMS


def _check_structure(shape: Shape, value: Json, path: Path, faults: Faults) -> None:
    for name, content in value.items():
        member = shape.members.get(name)
        if member is None:
            if faults.strict:
                faults.types.append(f"{_text((*path, name))}: not in the model's {shape.name}")
        elif content is not None or faults.strict:
            _check(member, content, (*path, name), faults)
    if not faults.strict:
        for name in shape.required:
            if value.get(name) is None:
                faults.values.append(_violation(None, (*path, name), "not be null"))


def _check_elements(element: Shape, value: Any, path: Path, faults: Faults) -> None:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, content in pairs:
        _check(element, content, (*path, key), faults)


def _check_range(shape: Shape, value: Any, path: Path, faults: Faults) -> None:
    sized = isinstance(value, str | list | dict)
    size = len(value) if sized else value
    what = "have length" if sized else "have value"
    if shape.least is not None and size < shape.least:
        rule = f"{what} greater than or equal to {shape.least}"
        faults.values.append(_violation(value, path, rule))
    if shape.most is not None and size > shape.most:
        rule = f"{what} less than or equal to {shape.most}"
        faults.values.append(_violation(value, path, rule))


def _violation(value: Any, path: Path, rule: str) -> str:
    shown = "null" if value is None else repr(value)
    return f"Value {shown} at '{_text(path)}' failed to satisfy constraint: Member must {rule}"


def _wrong_type(shape: Shape, value: Any, path: Path) -> str:
    return f"{_text(path)}: {type(value).__name__} can not be converted to {shape.kind}"


def _text(path: Path) -> str:
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return dotted.lstrip(".") or "(the whole)"
