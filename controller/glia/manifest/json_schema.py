"""One JSON Schema of all manifests, for editors: Glia's kinds with ECS's own members in them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from glia.ecs.json_schema import definitions
from glia.manifest.ecs_members import MEMBERS, Members
from glia.manifest.spec import KINDS


def json_schema() -> dict[str, Any]:
    """The schema (2020-12) that any one manifest of any kind satisfies."""
    _, ours = models_json_schema(
        [(kind, "validation") for kind in KINDS.values()],
        ref_template="#/$defs/{model}",
        by_alias=True,
    )
    ecs = definitions(members.shape for members in MEMBERS.values())
    properties = ours["$defs"]["ServiceSpec"]["properties"]
    for place, members in MEMBERS.items():
        ecs[members.shape] = _users_part(ecs[members.shape], members)
        reference = {"$ref": f"#/$defs/{members.shape}"}
        properties[place] = {"description": properties[place]["description"], **reference}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Glia's manifests",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS],
        "$defs": {**ecs, **ours["$defs"]},
    }


def _users_part(shape: dict[str, Any], members: Members) -> dict[str, Any]:
    """A request without what Glia writes itself, and with nothing required that it names."""
    required = [name for name in shape.get("required", ()) if name != members.named]
    properties = {n: p for n, p in shape["properties"].items() if n not in members.glias}
    return {**shape, "properties": properties, "required": required}
