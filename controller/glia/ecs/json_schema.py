"""ECS's shapes as JSON Schema, so that editors complete and explain what they check.

The same model and the same rules as the check itself. JSON Schema has a habit of its own: ``1.0``
is an integer, so manifests are read that way too (``glia.ecs.shape_numbers``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.ecs.documentation import summary
from glia.ecs.service_model import Member, Shape, service_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Schema = dict[str, Any]

TYPES: Mapping[str, Schema] = {
    "blob": {"type": "string"},
    "boolean": {"type": "boolean"},
    "double": {"type": "number"},
    "float": {"type": "number"},
    "integer": {"type": "integer"},
    "list": {"type": "array"},
    "long": {"type": "integer"},
    "map": {"type": "object"},
    "string": {"type": "string"},
    "structure": {"type": "object", "additionalProperties": False},
    "timestamp": {"type": ["string", "number"]},
}
# The words for a shape's least and most.
LIMITS: Mapping[str, tuple[str, str]] = {
    "list": ("minItems", "maxItems"),
    "map": ("minProperties", "maxProperties"),
    "string": ("minLength", "maxLength"),
}


def definitions(shapes: Iterable[str]) -> dict[str, Any]:
    """A schema (2020-12) for each of these shapes and of those that they reach.

    They refer to each other as ``#/$defs/NAME``: that is where the result belongs.

    Raises:
        ServiceModelError: there is no model to describe.
    """
    return {shape.name: _schema(shape) for shape in service_model().reachable(shapes)}


def _schema(shape: Shape) -> Schema:
    if shape.document:  # any JSON
        return _explained(shape)
    schema = _explained(shape) | TYPES[shape.kind] | _limits(shape)
    if shape.enum:
        schema["enum"] = list(shape.enum)
    match shape.kind:
        case "structure":
            schema |= _members(shape)
        case "list":
            schema["items"] = _reference(shape.element)
        case "map":
            schema["propertyNames"] = _reference(shape.key)
            schema["additionalProperties"] = _reference(shape.element)
    return schema


def _members(shape: Shape) -> Schema:
    schema: Schema = {
        "properties": {
            name: _reference(member.shape) | _explained(member)
            for name, member in shape.members.items()
        }
    }
    if shape.required:
        schema["required"] = list(shape.required)
    if shape.union:
        schema |= {"minProperties": 1, "maxProperties": 1}
    return schema


def _limits(shape: Shape) -> Schema:
    least, most = LIMITS.get(shape.kind, ("minimum", "maximum"))
    limits = {least: shape.least, most: shape.most}
    return {word: limit for word, limit in limits.items() if limit is not None}


def _reference(shape: str) -> Schema:
    return {"$ref": f"#/$defs/{shape}"}


def _explained(described: Shape | Member) -> Schema:
    schema: Schema = {}
    if text := summary(described.html):
        schema["description"] = text
    if described.deprecated:
        schema["deprecated"] = True
    return schema
