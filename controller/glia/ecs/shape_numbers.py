"""Whole numbers that are written with a point, ``2.0``.

To JSON Schema, and so to every editor, 2.0 is an integer; to botocore it is none. Written where
ECS takes an integer it becomes one, before anything else looks at it.
"""

from __future__ import annotations

from typing import Any

from glia.ecs.service_model import ServiceModel, service_model

INTEGERS = frozenset({"integer", "long"})


def with_integers(shape: str, value: Any) -> Any:
    """The value itself, or a copy in which the integers of this shape are integers.

    Raises:
        ServiceModelError: there is no model to tell where integers belong.
    """
    return _converted(service_model(), shape, value) if _has_float(value) else value


def _has_float(value: Any) -> bool:
    """Of every manifest it is asked, so it does not recurse: a third of the time."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each
        elif isinstance(each, float):
            return True
    return False


def _converted(model: ServiceModel, name: str, value: Any) -> Any:
    shape = model.shapes[name]
    match value:
        case float() if shape.kind in INTEGERS and value.is_integer():
            return int(value)
        case dict() if shape.kind == "structure":
            return {
                each: _converted(model, shape.members[each].shape, content)
                if each in shape.members
                else content
                for each, content in value.items()
            }
        case dict() if shape.kind == "map":
            return {each: _converted(model, shape.element, part) for each, part in value.items()}
        case list() if shape.kind == "list":
            return [_converted(model, shape.element, part) for part in value]
        case _:
            return value
