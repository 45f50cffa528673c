"""ECS's shapes: what is wrong with a value, where, and what to write instead."""

from __future__ import annotations

import copy
import itertools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.validate import ParamValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from glia.ecs import shapes
from glia.ecs.json_schema import definitions
from glia.ecs.service_model import ServiceModel, service_model
from glia.ecs.shapes import ShapeFault, faults
from support.recipes import MODEL, Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS = ("RegisterTaskDefinition", "CreateService")
TASK_DEFINITION, SERVICE = (f"{operation}Request" for operation in OPERATIONS)
BOTOCORE = service_model().source
WHOLE = {operation: Recipe().request(operation) for operation in OPERATIONS}
SCHEMAS = {
    operation: Draft202012Validator(
        {"$ref": f"#/$defs/{operation}Request", "$defs": definitions([f"{operation}Request"])}
    )
    for operation in OPERATIONS
}


def in_container(**members: Any) -> dict[str, Any]:
    return {"family": "f", "containerDefinitions": [members]}


def only_fault(shape: str, value: Any) -> ShapeFault:
    found = faults(shape, value)
    assert len(found) == 1, found
    return found[0]


def test_a_request_with_every_member_has_no_faults() -> None:
    for operation, request in WHOLE.items():
        assert faults(f"{operation}Request", request) == ()


@pytest.mark.parametrize(
    ("written", "message", "remedy"),
    [
        ("Image", f"{BOTOCORE} does not know 'Image' in ContainerDefinition", "write 'image'"),
        ("entrypoint", "does not know 'entrypoint' in", "write 'entryPoint'"),
        ("read_only", "does not know 'read_only' in", "upgrade boto3 if ECS has learnt it since"),
        ("readonly_root_filesystem", "does not know", "write 'readonlyRootFilesystem'"),
        ("comand", "does not know 'comand'", "write 'command'"),
        ("Name", "does not know 'Name'", "take it out: 'name' is there already"),
        ("new\x1b[2J\nline", r"does not know 'new\x1b[2J\nline'", "take it out"),
        ("x" * 100, f"does not know '{'x' * 59}…'", "take it out"),
        (5, "does not know '5'", "take it out"),
        (None, "does not know 'None'", "take it out"),
    ],
)
def test_an_unknown_member_is_told_with_the_one_that_was_meant(
    written: Any, message: str, remedy: str
) -> None:
    request = in_container(name="web")
    request["containerDefinitions"][0][written] = "x"

    fault = only_fault(TASK_DEFINITION, request)

    assert fault.code == "unknown-field"
    assert fault.path == ("containerDefinitions", 0, written)
    assert message in fault.message
    assert remedy in fault.remedy
    assert fault.expected == ""  # 41 names are no help


def test_a_short_list_of_known_members_is_shown_whole() -> None:
    fault = only_fault("MountPoint", {"hostPath": "/x"})

    assert fault.expected == "sourceVolume, containerPath or readOnly"
    assert fault.found == "'hostPath'"


@pytest.mark.parametrize(
    ("members", "message", "found", "remedy"),
    [
        ({"image": True}, "'image' has to be a string", "true", 'quote it: "true"'),
        ({"image": 12}, "'image' has to be a string", "12", 'quote it: "12"'),
        ({"image": 1.5}, "'image' has to be a string", "1.5", "quote it"),
        ({"image": 1 << 99999}, "'image' has to be a string", "an integer", "quote it"),
        ({"image": ["a"]}, "'image' has to be a string", "a list", ""),
        ({"image": {"a": "b"}}, "'image' has to be a string", "a mapping", ""),
        ({"image": None}, "'image' has to be a string", "null",
         "give it a value, or leave the line out"),
        ({"image": b"x"}, "'image' has to be a string", "bytes", ""),
        ({"cpu": "256"}, "'cpu' has to be an integer", '"256"', "remove the quotes: 256"),
        ({"cpu": "010"}, "'cpu' has to be an integer", '"010"', "remove the quotes: 10"),
        ({"cpu": "9" * 70}, "'cpu' has to be an integer", f'"{"9" * 59}…"', "remove the quotes"),
        ({"cpu": "1 vCPU"}, "'cpu' has to be an integer", '"1 vCPU"', ""),
        ({"cpu": 256.0}, "'cpu' has to be an integer", "256.0", "write it without the point: 256"),
        ({"cpu": 0.5}, "'cpu' has to be an integer", "0.5", ""),
        ({"cpu": False}, "'cpu' has to be an integer", "false", ""),
        ({"cpu": float("inf")}, "'cpu' has to be an integer", ".inf", ""),
        ({"essential": "yes"}, "'essential' has to be true or false", '"yes"',
         "write it without quotes: true"),
        ({"essential": "maybe"}, "'essential' has to be true or false", '"maybe"', ""),
        ({"essential": 1}, "'essential' has to be true or false", "1", ""),
        ({"links": "db"}, "'links' has to be a list of strings", "a string",
         "write each element on a line of its own, after '- '"),
        ({"links": None}, "'links' has to be a list of strings", "null",
         "give it a value, or leave the line out"),
        ({"links": ["db", True]}, "element 1 of 'links' has to be a string", "true",
         'quote it: "true"'),
        ({"portMappings": {"containerPort": 1}}, "'portMappings' has to be a list of mappings",
         "a mapping", "put '- ' before its first line and indent the others as far"),
        ({"environment": {"A": "b"}}, "'environment' has to be a list of mappings", "a mapping",
         "write each pair as '- {name: ..., value: ...}'"),
        ({"secrets": {"A": "b"}}, "'secrets' has to be a list of mappings", "a mapping",
         "write each pair as '- {name: ..., valueFrom: ...}'"),
        ({"logConfiguration": [{}]}, "'logConfiguration' has to be a mapping", "a list",
         "take out the dash: it is one mapping, not a list"),
        ({"healthCheck": "curl"}, "'healthCheck' has to be a mapping", "a string", ""),
        ({"dockerLabels": ["a=b"]}, "'dockerLabels' has to be a mapping", "a list",
         "take out the dash: it is one mapping, not a list"),
        ({"dockerLabels": {"a": 1}}, "'a' has to be a string", "1", 'quote it: "1"'),
        ({"dockerLabels": {7: "a"}}, "element 7 of 'dockerLabels' has to be a string", "7",
         'quote it: "7"'),
    ],
)  # fmt: skip
def test_a_wrong_type_is_told_with_the_yaml_to_write(
    members: dict[str, Any], message: str, found: str, remedy: str
) -> None:
    fault = only_fault(TASK_DEFINITION, in_container(**members))

    assert fault.code == "wrong-type"
    assert (fault.message, fault.found, fault.remedy) == (message, found, remedy)
    assert fault.expected in fault.message


@pytest.mark.parametrize(
    ("shape", "value", "message", "expected", "remedy"),
    [
        ("NetworkMode", "AWSVPC", 'this does not take "AWSVPC"',
         "bridge, host, awsvpc or none", "write awsvpc"),
        ("NetworkMode", "cni", 'this does not take "cni"', "bridge, host, awsvpc or none", ""),
        ("CompatibilityList", ["EC2", "FARGAT"], 'element 1 does not take "FARGAT"',
         "EC2, FARGATE, EXTERNAL or MANAGED_INSTANCES", "write FARGATE"),
        ("EnvironmentFile", {"value": "arn", "type": "ssm"}, "'type' does not take \"ssm\"",
         "s3", ""),
    ],
)  # fmt: skip
def test_a_value_outside_its_enum_is_told_with_the_allowed_ones(
    shape: str, value: Any, message: str, expected: str, remedy: str
) -> None:
    fault = only_fault(shape, value)

    assert fault.code == "not-allowed"
    assert (fault.message, fault.expected, fault.remedy) == (message, expected, remedy)


def test_what_is_no_text_is_a_wrong_type_even_where_few_texts_are_allowed() -> None:
    fault = only_fault("NetworkMode", False)

    assert fault.code == "wrong-type"
    assert fault.message == "this has to be bridge, host, awsvpc or none"


@pytest.mark.parametrize(
    ("shape", "value", "message", "found"),
    [
        ("TagValue", "x" * 257, "this has to have at most 256 characters", "257 characters"),
        ("Tag", {"key": ""}, "'key' has to have 1 to 128 characters", "0 characters"),
        ("Tags", [{}] * 51, "this has to have at most 50 elements", "51 elements"),
        ("MetricNamesList", [], "this has to have 1 to 5 elements", "0 elements"),
        ("HealthyPercentInteger", 101, "this has to be 0 to 100", "101"),
        ("NvidiaMpsAllocation", {"memory": 0}, "'memory' has to be at least 1", "0"),
        ("SharingStrategy", {}, "this has to have exactly one member", "0 members"),
    ],
)
def test_a_value_out_of_range_is_told_with_its_limits(
    shape: str, value: Any, message: str, found: str
) -> None:
    fault = only_fault(shape, value)

    assert fault.code == "out-of-range"
    assert (fault.message, fault.found) == (message, found)


def test_a_missing_member_is_told_where_it_should_be() -> None:
    fault = only_fault("ContainerDependency", {"condition": "START"})

    assert fault.code == "missing-field"
    assert fault.path == ("containerName",)
    assert (fault.message, fault.expected) == ("'containerName' is missing", "a string")


@pytest.mark.parametrize("value", [None, [], "text", 7])
def test_what_is_no_mapping_at_all_is_one_fault(value: Any) -> None:
    fault = only_fault(SERVICE, value)

    assert fault.path == ()
    assert fault.message == "this has to be a mapping"


def test_a_number_may_be_whole_and_has_to_be_finite() -> None:
    for value in (3, 0.5, 10**400):
        assert faults("LinearConfiguration", {"stepPercent": value}) == ()
    for value, found in ((float("nan"), ".nan"), (float("-inf"), "-.inf"), (True, "true")):
        fault = only_fault("LinearConfiguration", {"stepPercent": value})
        assert (fault.code, fault.found) == ("wrong-type", found)


def test_a_document_takes_anything() -> None:
    everything: tuple[Any, ...] = ({"a": [1, None]}, [], "text", None)
    for details in everything:
        assert faults("DeploymentLifecycleHook", {"hookDetails": details}) == ()


def test_all_faults_come_at_once_in_the_order_of_the_document() -> None:
    found = faults(
        TASK_DEFINITION,
        {
            "volumes": [{"name": 1}, {"hosts": {}}],
            "networkMode": "vpc",
            "containerDefinitions": [{"dependsOn": [{"condition": "DONE"}]}, "server"],
        },
    )

    assert [(fault.path, fault.code) for fault in found] == [
        (("family",), "missing-field"),
        (("volumes", 0, "name"), "wrong-type"),
        (("volumes", 1, "hosts"), "unknown-field"),
        (("networkMode",), "not-allowed"),
        (("containerDefinitions", 0, "dependsOn", 0, "containerName"), "missing-field"),
        (("containerDefinitions", 0, "dependsOn", 0, "condition"), "not-allowed"),
        (("containerDefinitions", 1), "wrong-type"),
    ]


def test_members_that_are_written_elsewhere_are_unknown_here_and_not_missed() -> None:
    without = frozenset({"cluster", "serviceName"})

    assert faults(SERVICE, {}, without=without) == ()
    (first, second) = faults(SERVICE, {"cluster": "c", "clustr": "c"}, without=without)
    assert first.message == "'cluster' is not written here"
    assert second.message == f"{BOTOCORE} does not know 'clustr' in CreateService"
    assert "write" not in first.remedy + second.remedy


def test_members_of_the_same_name_further_down_stay() -> None:
    value = in_container(name="web", image=1) | {"tags": []}

    assert len(faults(TASK_DEFINITION, value, without=frozenset({"image", "tags"}))) == 2


def test_a_shape_that_holds_itself_is_checked_all_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = {"type": "structure", "members": {"left": {"shape": "Tree"}}}
    model = ServiceModel({"shapes": {"Tree": tree}})
    monkeypatch.setattr(shapes, "service_model", lambda: model)

    assert only_fault("Tree", {"left": {"left": {"right": {}}}}).path == ("left", "left", "right")


def test_map_entries_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {"type": "map", "max": 1, "key": {"shape": "K"}, "value": {"shape": "K"}}
    model = ServiceModel({"shapes": {"Labels": labels, "K": {"type": "string", "min": 1}}})
    monkeypatch.setattr(shapes, "service_model", lambda: model)

    entries, key = faults("Labels", {"": "a", "b": "c"})
    assert entries.message == "this has to have at most 1 entries"
    assert entries.found == "2 entries"
    assert key.message == "'' has to have at least 1 characters"


@pytest.mark.skipif("GLIA_CORPUS" not in os.environ, reason="GLIA_CORPUS names no test corpus")
def test_every_task_definition_that_aws_documents_is_judged_as_botocore_does() -> None:
    examples = sorted(Path(os.environ["GLIA_CORPUS"], "taskdefs").glob("*.json"))

    assert examples
    for example in examples:
        recorded = json.loads(example.read_text("utf-8"))
        found = faults(TASK_DEFINITION, recorded["document"])
        assert bool(found) is not recorded["botocore_valid"], (example.name, found)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything below a value."""
    if isinstance(value, dict | list):
        for key, content in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from nodes(content, (*path, key))


def parent_of(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path[:-1]:
        value = value[step]
    return value


PATHS = {operation: tuple(nodes(request)) for operation, request in WHOLE.items()}
# 1.0 is not among them: to JSON Schema it is an integer.
VALUES: tuple[Any, ...] = (None, True, 0, -1, 7, 101, 10**6, 1.5, "", "x", "EC2", "x" * 300,
                            [], [1], ["x"], {}, {"x": 1}, {"name": "x"})  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A request with every member, in which up to three things were changed."""
    operation = draw(st.sampled_from(OPERATIONS))
    request = copy.deepcopy(WHOLE[operation])
    for path in draw(st.lists(st.sampled_from(PATHS[operation]), max_size=3, unique=True)):
        try:
            parent = parent_of(request, path)
            content = parent.pop(path[-1])
        except (LookupError, TypeError, AttributeError):  # an earlier change took it away
            continue
        match draw(st.sampled_from(["drop", "replace", "vary", "misspell", "repeat"])), parent:
            case "misspell", dict():
                parent[f"{path[-1]}s"] = content
            case "vary", dict():
                alike = [each for each in VALUES if type(each) is type(content)]
                parent[path[-1]] = draw(st.sampled_from(alike or [content]))
            case "replace", dict():
                parent[path[-1]] = draw(st.sampled_from(VALUES))
            case "replace", list():
                parent.insert(path[-1], draw(st.sampled_from(VALUES)))
            case "repeat", list():
                parent.extend([content] * draw(st.integers(1, 60)))
    return operation, request


def is_refused_by_ecs_alone(shape: Any, value: Any) -> bool:
    """What the model forbids and botocore lets through: enums, upper limits, true for 1."""
    if getattr(shape, "is_document_type", False):
        return False
    below: list[tuple[Any, Any]] = []
    match shape.type_name, value:
        case "structure", dict():
            below = [(shape.members[name], value[name]) for name in value if name in shape.members]
        case "list", list():
            below = [(shape.member, each) for each in value]
        case "map", dict():
            below = [(shape.value, each) for each in value.values()]
        case "integer" | "long" | "double", bool():
            return True
    size = value if isinstance(value, int | float) else len(value or ())
    return (
        bool(getattr(shape, "enum", None) and value not in shape.enum)
        or size > shape.metadata.get("max", size)
        or any(itertools.starmap(is_refused_by_ecs_alone, below))
    )


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(requests())
def test_it_finds_a_fault_exactly_where_botocore_does_or_the_model_is_stricter(
    made: tuple[str, dict[str, Any]],
) -> None:
    operation, request = made
    shape = MODEL.operation_model(operation).input_shape
    refused = ParamValidator().validate(request, shape).has_errors()

    found = faults(f"{operation}Request", request)

    assert bool(found) is (refused or is_refused_by_ecs_alone(shape, request)), found
    for fault in found:
        parent_of(request, fault.path)  # it points into the document
        assert len(fault.found) <= 62


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(requests())
def test_it_agrees_with_the_json_schema(made: tuple[str, dict[str, Any]]) -> None:
    operation, request = made

    valid: bool = SCHEMAS[operation].is_valid(request)

    assert valid is (faults(f"{operation}Request", request) == ())


SECRET = "hunter2-correct-horse"
SECRET_NUMBER = 4815162342
SECRET_PATHS = (
    ("containerDefinitions", 0, "environment", 0, "value"),
    ("containerDefinitions", 0, "secrets", 0, "valueFrom"),
    ("containerDefinitions", 0, "repositoryCredentials", "credentialsParameter"),
    ("containerDefinitions", 0, "logConfiguration", "options", "splunk-token"),
    ("containerDefinitions", 0, "logConfiguration", "secretOptions", 0, "valueFrom"),
    ("containerDefinitions", 0, "firelensConfiguration", "options", "db_password"),
    ("containerDefinitions", 0, "command", 0),
    ("containerDefinitions", 0, "healthCheck", "command", 0),
    ("containerDefinitions", 0, "dockerSecret"),
    ("proxyConfiguration", "properties", 0, "value"),
    ("tags", 0, "value"),
)


@given(
    st.sampled_from(SECRET_PATHS),
    st.integers(1, 6),
    st.sampled_from(
        [SECRET, SECRET_NUMBER, SECRET_NUMBER + 0.5, str(SECRET_NUMBER), [SECRET], {"x": SECRET},
         [[SECRET_NUMBER]], [{"y": SECRET}], SECRET * 100]
    ),
)  # fmt: skip
def test_a_secret_is_never_shown(path: tuple[Any, ...], depth: int, secret: Any) -> None:
    request = copy.deepcopy(WHOLE["RegisterTaskDefinition"])
    # At its place, or in place of one of the things around it.
    at = path[: max(1, len(path) - depth + 1)]
    parent_of(request, at)[at[-1]] = secret

    told = str(faults(TASK_DEFINITION, request))

    assert SECRET not in told
    assert str(SECRET_NUMBER) not in told


def test_a_secret_outside_an_enum_or_a_range_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    members = {
        "token": {"shape": "Enum"},
        "password": {"shape": "Number"},
        "keys": {"shape": "Yes"},
    }
    model = ServiceModel(
        {
            "shapes": {
                "Login": {"type": "structure", "members": members},
                "Enum": {"type": "string", "enum": ["hunter"]},
                "Number": {"type": "integer", "max": 5},
                "Yes": {"type": "boolean"},
            },
        }
    )
    monkeypatch.setattr(shapes, "service_model", lambda: model)

    token, password, keys = faults("Login", {"token": "hunter2", "password": 42, "keys": "yes"})

    assert token.message == "'token' does not take this value"
    assert (token.found, token.remedy) == ("a string", "")
    assert password.found == "an integer"
    assert (keys.found, keys.remedy) == ("a string", "")
