"""What all parts of a manifest have in common: nothing is converted, and nothing is guessed."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Strict(BaseModel):
    """No conversion, no unknown field, no change afterwards; camelCase outside."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=False,
        defer_build=True,  # the kinds that are met hold all others: start-up time
    )


def given(*names: str) -> dict[str, Any]:
    """JSON Schema for a mapping with all these members, none of them null."""
    something = {"not": {"type": "null"}}
    return {"required": list(names), "properties": dict.fromkeys(names, something)}
