"""A document's body as a typed manifest, or everything that keeps it from being one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from glia.ecs.nearest import nearest
from glia.ecs.secrecy import may_be_secret
from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import kind_of, one_of, quoted, shown
from glia.manifest.spec import API_VERSION, KINDS, Manifest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
TYPE_WORDS = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "int_type": "a whole number",
    "model_type": "a mapping",
    "string_type": "text",
    "tuple_type": "a list",
}


def to_manifest(body: dict[str, Any]) -> Manifest | tuple[ShapeFault, ...]:
    """The manifest, or its faults: first of apiVersion and kind, then of all fields at once."""
    if envelope := _envelope_faults(body):
        return envelope
    kind = KINDS[body["kind"]]
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        return tuple(_fault(kind, detail) for detail in error.errors(include_url=False))


def _envelope_faults(body: dict[str, Any]) -> tuple[ShapeFault, ...]:
    wanted = {"apiVersion": (API_VERSION,), "kind": tuple(KINDS)}
    return tuple(
        fault for name, allowed in wanted.items() if (fault := _one_of(body, name, allowed))
    )


def _one_of(body: dict[str, Any], name: str, allowed: tuple[str, ...]) -> ShapeFault | None:
    value = body.get(name)
    if value in allowed:
        return None
    if name not in body:
        message = f"{quoted(name)} is missing"
        return ShapeFault((name,), "missing-field", message, one_of(allowed))
    meant = nearest(str(value), allowed)
    remedy = f"write {meant}" if meant else ""
    message = f"Glia knows no {name} {shown(value)}"
    return ShapeFault((name,), "not-allowed", message, one_of(allowed), shown(value), remedy)


def _fault(kind: type[BaseModel], detail: ErrorDetails) -> ShapeFault:
    path: Path = detail["loc"]
    name = quoted(path[-1]) if path else "this"
    match detail["type"]:
        case "missing":
            return ShapeFault(path, "missing-field", f"{name} is missing")
        case "extra_forbidden":
            return _unknown(kind, path)
        case "missing_field":
            return ShapeFault(path, "missing-field", detail["msg"])
        case "contradiction":
            return ShapeFault(path, "contradiction", detail["msg"])
        case _:
            return _of_value(path, name, detail)


def _of_value(path: Path, name: str, detail: ErrorDetails) -> ShapeFault:
    value = detail["input"]
    found = kind_of(value) if may_be_secret(path) else shown(value)
    match detail["type"]:
        case "not_allowed":
            message = f"{name} is not {detail['msg']}"
            return ShapeFault(path, "not-allowed", message, detail["msg"], found)
        case "literal_error":
            expected = str(detail["ctx"]["expected"]).replace("'", "")
            meant = nearest(str(detail["input"]), expected.replace(" or ", ", ").split(", "))
            remedy = f"write {meant}" if meant else ""
            message = f"{name} does not take {found}"
            return ShapeFault(path, "not-allowed", message, expected, found, remedy)
        case type_error if type_error in TYPE_WORDS:
            words = TYPE_WORDS[type_error]
            return ShapeFault(path, "wrong-type", f"{name} has to be {words}", words, found)
        case _:
            return ShapeFault(path, "out-of-range", f"{name}: {detail['msg'].lower()}", "", found)


def _unknown(kind: type[BaseModel], path: Path) -> ShapeFault:
    known = _fields(kind, path[:-1])
    meant = nearest(str(path[-1]), known)
    remedy = f"write {quoted(meant)}" if meant else "take it out"
    message = f"Glia knows no field {quoted(path[-1])} here"
    return ShapeFault(path, "unknown-field", message, one_of(known), quoted(path[-1]), remedy)


def _fields(kind: type[BaseModel], path: Path) -> list[str]:
    """The fields of the model at that path, as they are written."""
    model: Any = kind
    for step in path:
        field = next(f for f in model.model_fields.values() if f.alias == step)
        annotations = (field.annotation, *getattr(field.annotation, "__args__", ()))
        model = next(a for a in annotations if isinstance(a, type) and issubclass(a, BaseModel))
    return [field.alias or name for name, field in model.model_fields.items()]
