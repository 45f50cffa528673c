"""One JSON Schema of all manifests, for editors: Glia's kinds with ECS's own members in them."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from glia.ecs.json_schema import definitions
from glia.manifest.load import GLIAS_OWN
from glia.manifest.spec import KINDS

# Where ECS's members stand, and ECS's name for their shape; not required: Glia names them.
ECS_MEMBERS = {
    "taskDefinition": ("RegisterTaskDefinitionRequest", frozenset({"family"})),
    "service": ("CreateServiceRequest", frozenset({"serviceName"})),
}


def json_schema() -> dict[str, Any]:
    """The schema (2020-12) that any one manifest of any kind satisfies."""
    _, ours = models_json_schema(
        [(kind, "validation") for kind in KINDS.values()],
        ref_template="#/$defs/{model}",
        by_alias=True,
    )
    ecs = definitions(shape for shape, _ in ECS_MEMBERS.values())
    members = ours["$defs"]["ServiceSpec"]["properties"]
    for name, (shape, by_default) in ECS_MEMBERS.items():
        required = [each for each in ecs[shape].get("required", ()) if each not in by_default]
        properties = {n: p for n, p in ecs[shape]["properties"].items() if _is_users(name, n)}
        ecs[shape] = {**ecs[shape], "properties": properties, "required": required}
        members[name] = {
            "description": members[name]["description"],
            "$ref": f"#/$defs/{shape}",
        }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Glia's manifests",
        "oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in KINDS],
        "$defs": {**ecs, **ours["$defs"]},
    }


def _is_users(place: str, member: str) -> bool:
    return place != "service" or member not in GLIAS_OWN
