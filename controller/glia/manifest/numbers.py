"""Numbers, as fields of manifests have them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


def whole(value: Any) -> Any:
    """2.0 is an integer to JSON Schema and to editors, and so it is here."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count: TypeAlias = Annotated[int, Field(ge=0), BeforeValidator(whole)]
Positive: TypeAlias = Annotated[int, Field(ge=1), BeforeValidator(whole)]
Cores: TypeAlias = Annotated[int, Field(ge=1, le=8), BeforeValidator(whole)]


def _chips(value: Any) -> int | Literal["all"]:
    if value == "all":
        return "all"
    value = whole(value)
    if type(value) is int and value >= 1:
        return value
    raise PydanticCustomError("not_allowed", "a number of chips from 1 on, or `all`")


Chips: TypeAlias = Annotated[
    int | Literal["all"],
    PlainValidator(_chips),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]}),
]
