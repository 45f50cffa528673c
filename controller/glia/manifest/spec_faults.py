"""A document's body as a typed manifest, or everything that keeps it from being one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from glia.ecs.nearest import nearest
from glia.ecs.secrecy import may_be_secret
from glia.ecs.secret_text import is_random
from glia.ecs.shape_fault import Code, ShapeFault, name_of, out_of_range
from glia.ecs.shape_words import cure, kind_of, one_of, quoted, shown
from glia.manifest.spec import API_VERSION, KINDS, Manifest
from glia.manifest.texts import Text

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
# pydantic's names, ECS's kind with the same cure, and what belongs there.
TYPES = {
    "bool_type": ("boolean", "true or false"),
    "dict_type": ("map", "a mapping"),
    "int_type": ("integer", "a whole number"),
    "model_type": ("structure", "a mapping"),
    "string_type": ("string", "text"),
    "tuple_type": ("list", "a list"),
}
COLLECTIONS = frozenset({"dict_type", "model_type", "tuple_type"})


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
    name = name_of(path)
    match detail["type"]:
        case "missing":
            return ShapeFault(path, "missing-field", f"{name} is missing", _words(kind, path))
        case "extra_forbidden":
            return _unknown(kind, path)
        case "missing_field":
            return _of_several(path, "missing-field", detail)
        case "contradiction":
            return _of_several(path, "contradiction", detail)
        case _:
            return _of_value(path, name, detail)


def _of_several(path: Path, code: Code, detail: ErrorDetails) -> ShapeFault:
    """What the fields of a mapping say together; the context names the one to look at."""
    context = detail["ctx"]
    at = (*path, context["field"]) if "field" in context else path
    return ShapeFault(
        at, code, detail["msg"], context.get("expected", ""), remedy=context.get("remedy", "")
    )


def _of_value(path: Path, name: str, detail: ErrorDetails) -> ShapeFault:
    value = detail["input"]
    # A text where a mapping belongs may hold what the mapping would have hidden.
    secret = may_be_secret(path) or detail["type"] in COLLECTIONS
    secret = secret or (isinstance(value, str) and is_random(value))
    found = kind_of(value) if secret else shown(value)
    match detail["type"]:
        case "not_allowed":
            message = f"{name} is not {detail['msg']}"
            remedy = cure("integer", value, secret=secret) if path[-1] == "devices" else ""
            return ShapeFault(path, "not-allowed", message, detail["msg"], found, remedy)
        case "literal_error":
            expected = str(detail["ctx"]["expected"]).replace("'", "")
            meant = nearest(str(detail["input"]), expected.replace(" or ", ", ").split(", "))
            remedy = f"write {meant}" if meant else ""
            message = f"{name} does not take {found}"
            return ShapeFault(path, "not-allowed", message, expected, found, remedy)
        case type_error if type_error in TYPES:
            kind, words = TYPES[type_error]
            remedy = _cure(kind, value, secret=secret)
            message = f"{name} has to be {words}"
            return ShapeFault(path, "wrong-type", message, words, found, remedy)
        case _:
            return out_of_range(path, value, _range(detail), secret=secret)


def _cure(kind: str, value: Any, *, secret: bool) -> str:
    if kind == "list" and value is not None:
        return "write it as a list: [...]"
    return cure(kind, value, secret=secret)


def _range(detail: ErrorDetails) -> str:
    """What pydantic calls ``greater_than_equal`` and the like."""
    limits = detail["ctx"]
    most = limits.get("max_length", limits.get("le"))
    if "min_length" in limits or "max_length" in limits:
        unit = "characters" if isinstance(detail["input"], str) else "elements"
        if most is None and limits["min_length"] == 1:
            return f"at least 1 {unit.removesuffix('s')}"
    else:
        unit = ""
    least = limits.get("min_length", limits.get("ge"))
    words = f"at least {least}" if most is None else f"at most {most}"
    return f"{words} {unit}".rstrip()


def _unknown(kind: type[BaseModel], path: Path) -> ShapeFault:
    known = _fields(kind, path[:-1])
    meant = nearest(str(path[-1]), known)
    remedy = f"write {quoted(meant)}" if meant else "take it out"
    message = f"Glia knows no field {quoted(path[-1])} here"
    found = quoted(path[-1])
    return ShapeFault(path, "unknown-field", message, one_of(known), found, remedy, meant)


def _words(kind: type[BaseModel], path: Path) -> str:
    """What belongs into a field."""
    field = next(
        each for each in _model(kind, path[:-1]).model_fields.values() if each.alias == path[-1]
    )
    patterns = [each.words for each in field.metadata if isinstance(each, Text)]
    if patterns:
        return patterns[0]
    if get_origin(field.annotation) is Literal:
        return one_of([str(each) for each in get_args(field.annotation)])
    return "a whole number" if field.annotation is int else "a mapping"


def _fields(kind: type[BaseModel], path: Path) -> list[str]:
    """The fields of the model at that path, as they are written."""
    return [field.alias or name for name, field in _model(kind, path).model_fields.items()]


def _model(kind: type[BaseModel], path: Path) -> type[BaseModel]:
    model: Any = kind
    for step in path:
        field = next(f for f in model.model_fields.values() if f.alias == step)
        annotations = (field.annotation, *getattr(field.annotation, "__args__", ()))
        model = next(a for a in annotations if isinstance(a, type) and issubclass(a, BaseModel))
    found: type[BaseModel] = model
    return found
