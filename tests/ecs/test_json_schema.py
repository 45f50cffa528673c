"""The JSON Schema of ECS's shapes: closed, complete, explained."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from glia.ecs import json_schema
from glia.ecs.json_schema import definitions
from glia.ecs.service_model import ServiceModel, service_model
from support.recipes import Recipe

SCHEMAS = definitions(["RegisterTaskDefinitionRequest", "CreateServiceRequest"])


def validator(shape: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{shape}", "$defs": SCHEMAS})


def test_every_shape_of_the_model_makes_a_schema() -> None:
    schemas = definitions(service_model().shapes)

    Draft202012Validator.check_schema({"$defs": schemas})
    assert schemas.keys() == service_model().shapes.keys()


def test_every_reference_leads_somewhere_and_nothing_is_there_that_is_not_needed() -> None:
    def references(schema: Any) -> set[str]:
        if isinstance(schema, dict):
            own = {schema["$ref"].removeprefix("#/$defs/")} if "$ref" in schema else set()
            return own.union(*map(references, schema.values()))
        return set()

    roots = {"RegisterTaskDefinitionRequest", "CreateServiceRequest"}
    assert references(SCHEMAS) | roots == SCHEMAS.keys()


@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "CreateService"])
def test_a_request_with_every_member_is_valid(operation: str) -> None:
    validator(f"{operation}Request").validate(Recipe().request(operation))


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ("ContainerDefinition", {"Image": "x"}),
        ("ContainerDefinition", {"image": True}),
        ("ContainerDefinition", {"cpu": "256"}),
        ("ContainerDefinition", {"cpu": True}),
        ("ContainerDefinition", {"dockerLabels": {"a": 1}}),
        ("ContainerDependency", {"condition": "START"}),
        ("NetworkMode", "AWSVPC"),
        ("TagKey", ""),
        ("Tags", [{}] * 51),
        ("PortNumber", 65536),
        ("SharingStrategy", {}),
    ],
)
def test_what_ecs_would_refuse_is_not_valid(shape: str, value: Any) -> None:
    assert not validator(shape).is_valid(value)


def test_a_member_is_explained_in_plain_words() -> None:
    image = SCHEMAS["ContainerDefinition"]["properties"]["image"]

    assert image["$ref"] == "#/$defs/String"
    assert image["description"].startswith("The image used to start a container.")


def test_no_description_is_long_or_has_tags() -> None:
    said = [
        each["description"]
        for schema in SCHEMAS.values()
        for each in (schema, *schema.get("properties", {}).values())
        if "description" in each
    ]

    assert len(said) > 300
    assert max(map(len, said)) <= 600
    assert not [text for text in said if "</" in text or "<p>" in text or "&lt;" in text]


def test_what_ecs_gives_up_is_marked() -> None:
    assert SCHEMAS["InferenceAccelerator"]["deprecated"] is True


def test_any_json_is_a_document() -> None:
    everything: tuple[Any, ...] = ({"a": 1}, [], None, "text")
    for value in everything:
        assert validator("HookDetails").is_valid(value)


def test_a_map_has_limits_and_a_rule_for_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {"type": "map", "max": 1, "key": {"shape": "K"}, "value": {"shape": "K"}}
    model = ServiceModel({"shapes": {"Labels": labels, "K": {"type": "string", "min": 1}}})
    monkeypatch.setattr(json_schema, "service_model", lambda: model)

    assert definitions(["Labels"]) == {
        "Labels": {
            "type": "object",
            "maxProperties": 1,
            "propertyNames": {"$ref": "#/$defs/K"},
            "additionalProperties": {"$ref": "#/$defs/K"},
        },
        "K": {"type": "string", "minLength": 1},
    }
