"""Members that every kind of resource has."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glia.sandbox.records import Tags
    from glia.sandbox.wire_types import Json


def tag_list(tags: Tags) -> list[Json]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def only_set(**members: object) -> Json:
    """The members that have a value: ECS leaves the others out."""
    return {name: value for name, value in members.items() if value is not None}
