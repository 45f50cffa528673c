"""The words for ECS's types and for what was found instead, as a person writes YAML."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from glia.ecs.service_model import Shape

# How much of a value a message shows.
WIDTH = 60
# No number that ECS takes is longer; printing one can take Python minutes, or be refused.
LARGEST_SHOWN = 10**30

ONE: Mapping[str, str] = {
    "blob": "a string",
    "boolean": "true or false",
    "double": "a number",
    "float": "a number",
    "integer": "an integer",
    "list": "a list",
    "long": "an integer",
    "map": "a mapping",
    "string": "a string",
    "structure": "a mapping",
    "timestamp": "a timestamp",
}
MANY: Mapping[str, str] = {
    "boolean": "booleans",
    "integer": "integers",
    "list": "lists",
    "long": "integers",
    "map": "mappings",
    "string": "strings",
    "structure": "mappings",
}
KINDS: Mapping[type, str] = {
    bool: "a boolean",
    dict: "a mapping",
    float: "a number",
    int: "an integer",
    list: "a list",
    str: "a string",
    type(None): "null",
}
# As YAML 1.1 and people's habits have them.
BOOLEANS = {
    "true": "true",
    "yes": "true",
    "on": "true",
    "false": "false",
    "no": "false",
    "off": "false",
}


def one_of(words: Collection[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def type_words(shape: Shape, element: Shape | None) -> str:
    """What a shape takes: ``a list of strings``, ``bridge, host or none``."""
    if shape.enum:
        return one_of(shape.enum)
    if shape.kind == "list" and element is not None and element.kind in MANY:
        return f"a list of {MANY[element.kind]}"
    return ONE[shape.kind]


def range_words(shape: Shape) -> str:
    """What a shape's limits allow: ``1 to 128 characters``, ``at most 5 elements``."""
    unit = {"string": " characters", "list": " elements", "map": " entries"}.get(shape.kind, "")
    if shape.most is None:
        return f"at least {shape.least}{unit}"
    # "0 to 50 elements" says no more than "at most 50 elements"; of a number it does.
    if shape.least is None or (unit and not shape.least):
        return f"at most {shape.most}{unit}"
    return f"{shape.least} to {shape.most}{unit}"


def kind_of(value: Any) -> str:
    """The type alone."""
    return KINDS.get(type(value), type(value).__name__)


def shown(value: Any) -> str:
    """A scalar as YAML has it, shortened; of all else the type."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() if abs(value) < LARGEST_SHOWN:
            return str(value)
        case float() if math.isfinite(value):
            return str(value)
        case float():
            return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
        case str():
            return quoted(value, '"')
        case _:
            return kind_of(value)


def quoted(value: object, mark: str = "'") -> str:
    """A text in quotes, on one line, shortened; what a terminal would obey is spelt out."""
    text = str(value)
    spelt = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:WIDTH])
    if len(text) > WIDTH or len(spelt) > WIDTH:
        spelt = spelt[: WIDTH - 1] + "…"
    return f"{mark}{spelt}{mark}"


def cure(kind: str, value: Any, *, secret: bool) -> str:
    """What to write instead of a value that is of another type than ``kind``."""
    if value is None:
        return "give it a value, or leave the line out"
    match kind:
        case "string":
            return _as_string(value, secret=secret)
        case "integer" | "long":
            return _as_integer(value, secret=secret)
        case "boolean" if not secret and isinstance(value, str):
            meant = BOOLEANS.get(value.lower())
            return f"write it without quotes: {meant}" if meant else ""
        case "structure" | "map" if isinstance(value, list):
            return "take out the dash: it is one mapping, not a list"
        case _:
            return ""


def _as_string(value: Any, *, secret: bool) -> str:
    if not isinstance(value, bool | int | float):
        return ""
    # A float's text may differ from what the file says: 1.10 is 1.1.
    if secret or isinstance(value, float) or abs(value) >= LARGEST_SHOWN:
        return "quote it"
    return f'quote it: "{shown(value)}"'


def _as_integer(value: Any, *, secret: bool) -> str:
    match value:
        case str() if value.isascii() and value.isdigit():
            # Without zeros before it: YAML would read them as octal.
            shorter = not secret and len(value) <= WIDTH
            return f"remove the quotes: {int(value)}" if shorter else "remove the quotes"
        case float() if value.is_integer() and abs(value) < LARGEST_SHOWN and not secret:
            return f"write it without the point: {value:.0f}"
        case _:
            return ""
