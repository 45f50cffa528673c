"""The canonical form: what is the same to ECS is equal, and nothing else is."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from glia.ecs.canonical import canonical, restricted, same
from glia.sandbox import scheduler
from glia.sandbox.api import Api
from glia.sandbox.arns import Place
from glia.sandbox.clock import VirtualClock
from glia.sandbox.ecs_error import EcsError
from glia.sandbox.world import World
from sandbox.test_record import REGISTRATIONS, SERVICES, prepared, registration, shown
from support.recipes import MODEL, Recipe
from support.requests import container

if TYPE_CHECKING:
    from random import Random

    from glia.ecs.defaults import Kind
    from support.driver import Driver

Members = dict[str, Any]

OPERATIONS: dict[Kind, str] = {
    "taskDefinition": "RegisterTaskDefinition",
    "service": "CreateService",
}
KINDS = st.sampled_from(list(OPERATIONS))
CORPUS = os.environ.get("GLIA_CORPUS")

# Where the order says something. Every other list of ECS's is a set.
ORDERED = {
    "command",
    "containerConfigurations",
    "dnsSearchDomains",
    "dnsServers",
    "entryPoint",
    "environmentFiles",
    "mountOptions",
    "placementStrategy",
}
SCALARS: dict[str, list[Any]] = {
    "string": ["", "a", "b", "1 vCPU", "arn:aws:iam::1:role/of/name", "host", "a #2", "a#2"],
    "integer": [0, 1, 80],
    "long": [0, 1],
    "boolean": [False, True],
    "double": [10, 10.0, 7.5],
}


@st.composite
def values(draw: st.DrawFn, shape: Any, depth: int = 0) -> Any:
    """Something that the model allows, its lists with twins, most of it left out."""
    if getattr(shape, "is_document_type", False):
        return draw(st.sampled_from([{}, {"a": [None, {}]}]))
    if shape.type_name == "structure":
        named = draw(st.lists(st.sampled_from(list(shape.members)), max_size=4, unique=True))
        return {name: draw(values(shape.members[name], depth + 1)) for name in named}
    if shape.type_name == "list":
        return draw(st.lists(values(shape.member, depth + 1), max_size=3))
    if shape.type_name == "map":
        return draw(st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy"), max_size=2))
    return draw(st.sampled_from(getattr(shape, "enum", None) or SCALARS[shape.type_name]))


@st.composite
def requests(draw: st.DrawFn) -> tuple[Kind, Members]:
    kind = draw(KINDS)
    shape = MODEL.operation_model(OPERATIONS[kind]).input_shape
    request = draw(values(shape))
    if kind == "taskDefinition":
        # Most of what there is to compare is in the containers.
        request["containerDefinitions"] = draw(values(shape.members["containerDefinitions"]))
    return kind, request


def shuffled(value: Any, random: Random, member: str = "") -> Any:
    if member == "hookDetails":
        return value
    if isinstance(value, dict):
        names = random.sample(list(value), len(value))
        return {name: shuffled(value[name], random, name) for name in names}
    if isinstance(value, list):
        mixed = [shuffled(each, random) for each in value]
        return mixed if member in ORDERED else random.sample(mixed, len(mixed))
    return value


def padded(value: Any, shape: Any) -> Any:
    """With every member that is left out written as null, [] or {}, and nulls in lists."""
    if getattr(shape, "is_document_type", False):
        return value
    if shape.type_name == "structure":
        empty: dict[str, Any] = {"list": [], "structure": {}, "map": {}}
        return {name: empty.get(of.type_name) for name, of in shape.members.items()} | {
            name: padded(content, shape.members[name]) for name, content in value.items()
        }
    if shape.type_name == "list":
        return [*(padded(each, shape.member) for each in value), None]
    return value


@given(requests(), st.randoms(use_true_random=False))
def test_the_order_of_a_set_says_nothing(request_of: tuple[Kind, Members], random: Random) -> None:
    kind, request = request_of
    assert canonical(kind, shuffled(request, random)) == canonical(kind, request)


@given(requests())
def test_absent_null_and_empty_are_one(request_of: tuple[Kind, Members]) -> None:
    kind, request = request_of
    shape = MODEL.operation_model(OPERATIONS[kind]).input_shape
    assert canonical(kind, padded(request, shape)) == canonical(kind, request)


@given(requests())
def test_the_form_is_json_its_own_form_and_no_part_of_what_it_was_made_from(
    request_of: tuple[Kind, Members],
) -> None:
    kind, request = request_of
    before = deepcopy(request)
    made = canonical(kind, request)
    assert json.loads(json.dumps(made)) == made
    assert canonical(kind, made) == made
    assert restricted(kind, made, made) == made
    spoilt(made)
    assert request == before
    assert canonical(kind, {}) == canonical(kind, {})
    assert canonical(kind, request) == canonical(kind, before)


def spoilt(value: Any) -> None:
    """Everything that can be changed in place is."""
    for each in list(value.values() if isinstance(value, dict) else value):
        if isinstance(each, dict | list):
            spoilt(each)
    value.clear()


# Through the embedded ECS, which has a table of its own.


@pytest.mark.parametrize("recipe", REGISTRATIONS.values(), ids=REGISTRATIONS.keys())
def test_a_described_task_definition_is_the_registered_one(driver: Driver, recipe: Recipe) -> None:
    request = registration(recipe)
    answer = driver.ecs.register_task_definition(**request)["taskDefinition"]
    described = driver.ecs.describe_task_definition(taskDefinition=answer["taskDefinitionArn"])
    assert canonical("taskDefinition", described["taskDefinition"]) == canonical(
        "taskDefinition", request
    )


@pytest.mark.parametrize("recipe", SERVICES.values(), ids=SERVICES.keys())
def test_a_described_service_is_the_created_one(driver: Driver, recipe: Recipe) -> None:
    request = recipe.but(taskDefinition=prepared(driver, recipe)).request("CreateService")
    driver.ecs.create_service(**request)
    assert canonical("service", shown(driver)) == canonical("service", request)


PLACE = Place("123456789012", "us-west-2")
# What other members refer to, or a launch type cannot do without.
NEEDED = {
    "containerDefinitions",
    "cpu",
    "essential",
    "family",
    "image",
    "memory",
    "name",
    "networkMode",
    "portMappings",
    "requiresCompatibilities",
    "volumes",
}


@settings(max_examples=60, deadline=None)
@given(
    recipe=st.sampled_from(list(REGISTRATIONS.values())),
    random=st.randoms(use_true_random=False),
    share=st.floats(0, 1),
)
def test_a_definition_with_some_of_the_members_comes_back_as_it_was(
    recipe: Recipe, random: Random, share: float
) -> None:
    request = registration(recipe)
    for at in (request, *request["containerDefinitions"]):
        for name in sorted(at.keys() - NEEDED):
            if random.random() < share:
                del at[name]
    api = Api(World(VirtualClock(), scheduler.run_pass), strict=True)
    try:
        answer: Any = api.play("RegisterTaskDefinition", PLACE, deepcopy(request))
    except EcsError:
        assume(False)
    told = canonical("taskDefinition", answer["taskDefinition"])
    assert told == canonical("taskDefinition", request)


def test_the_least_service_comes_back_as_it_was(driver: Driver) -> None:
    driver.create(availabilityZoneRebalancing="DISABLED")
    wanted = canonical("service", {"availabilityZoneRebalancing": "DISABLED"})
    assert canonical("service", driver.describe()) == wanted
    # A cluster's services are created with it: absent is what old descriptions are.
    assert canonical("service", {}) == wanted


# Members that AWS adds, chooses or does not show.


def grown(value: Any) -> Any:
    """With a new member in every structure of the answer."""
    if isinstance(value, list):
        return [grown(each) for each in value]
    if not isinstance(value, dict):
        return value
    members = {name: content if name in MAPS else grown(content) for name, content in value.items()}
    return members | {"tomorrow": {"enabled": True}}


MAPS = {"dockerLabels", "driverOpts", "hookDetails", "labels", "options"}


@pytest.mark.parametrize(
    ("kind", "request_of"),
    [
        ("taskDefinition", registration(REGISTRATIONS["EC2"])),
        ("service", SERVICES["rolling"].request("CreateService")),
        ("service", {}),
        ("taskDefinition", {"containerDefinitions": [container()]}),
    ],
)
def test_a_member_of_tomorrow_counts_only_if_the_manifest_sets_it(
    kind: Kind, request_of: Members
) -> None:
    desired = canonical(kind, request_of)
    live = canonical(kind, grown(request_of))
    assert live != desired
    assert same(kind, desired, live)
    assert restricted(kind, live, desired) == desired

    wanting = canonical(kind, {**request_of, "tomorrow": {"enabled": False}})
    assert not same(kind, wanting, live)
    assert not same(kind, wanting, desired)
    assert same(kind, canonical(kind, {**request_of, "tomorrow": {"enabled": True}}), live)


def test_a_structure_of_nothing_but_members_of_tomorrow_is_absent() -> None:
    live = task(containerDefinitions=[container(linuxParameters={"tomorrow": 1})])
    assert same("taskDefinition", task(containerDefinitions=[container()]), live)


AWSVPC: Members = {"subnets": ["subnet-1"]}


def test_what_ecs_chooses_is_compared_only_if_the_manifest_chooses() -> None:
    def service(**members: Any) -> Members:
        return canonical("service", {"networkConfiguration": {"awsvpcConfiguration": members}})

    live = service(**AWSVPC, securityGroups=["sg-of-the-vpc"])
    assert same("service", service(**AWSVPC), live)
    assert not same("service", service(**AWSVPC, securityGroups=["sg-1"]), live)
    assert not same("service", service(subnets=["subnet-2"]), live)


def test_what_ecs_does_not_show_is_no_difference_until_somebody_has_looked() -> None:
    desired, other = (
        canonical("service", {"gatewayConnectors": [{"portName": name}]}) for name in "ab"
    )
    assert same("service", desired, canonical("service", {}))
    assert not same("service", desired, other)


# Equal forms.


def task(**members: Any) -> Members:
    return canonical("taskDefinition", members)


def of_container(**members: Any) -> Any:
    made = task(containerDefinitions=[{"name": "a", **members}], networkMode="bridge")
    return made["containerDefinitions"]["a"]


@pytest.mark.parametrize(
    ("members", "others"),
    [
        ({"cpu": "1 vCPU"}, {"cpu": "1024"}),
        ({"cpu": "0.5 vCPU"}, {"cpu": 512}),
        ({"memory": "2 GB"}, {"memory": "2048"}),
        ({"memory": "2gb"}, {"memory": "2048"}),
        ({"taskRoleArn": "server"}, {"taskRoleArn": "arn:aws:iam::111122223333:role/of/server"}),
        ({"requiresCompatibilities": ["EC2", "FARGATE"]}, {
            "requiresCompatibilities": ["FARGATE", "EC2"], "networkMode": "bridge"}),
        ({"requiresCompatibilities": ["FARGATE"]}, {
            "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc"}),
        ({"requiresCompatibilities": ["FARGATE", None]}, {"requiresCompatibilities": ["FARGATE"]}),
        ({"volumes": [{"name": "a"}]}, {"volumes": [{"name": "a", "host": {}}]}),
        (
            {"placementConstraints": [{"type": "memberOf", "expression": " a  ==\tb "}]},
            {"placementConstraints": [{"type": "memberOf", "expression": "a == b"}]},
        ),
    ],
)  # fmt: skip
def test_one_task_definition_in_two_spellings(members: Members, others: Members) -> None:
    assert task(**members) == task(**others)


@pytest.mark.parametrize(
    ("members", "others"),
    [
        ({"cpu": "1 vCPU"}, {"cpu": "1000"}),
        ({"taskRoleArn": "server"}, {"taskRoleArn": "arn:aws:iam::111122223333:role/my-server"}),
        (
            {"placementConstraints": [{"type": "memberOf", "expression": "a == 'b  c'"}]},
            {"placementConstraints": [{"type": "memberOf", "expression": "a == 'b c'"}]},
        ),
        ({"family": "a"}, {"family": "b"}),
    ],
)
def test_two_task_definitions_that_look_alike(members: Members, others: Members) -> None:
    assert task(**members) != task(**others)


def test_a_bridged_container_port_may_have_several_host_ports() -> None:
    mappings = [{"containerPort": 80, "hostPort": port} for port in (8080, 18000)]
    made = of_container(portMappings=mappings)["portMappings"]
    assert {name: each["hostPort"] for name, each in made.items()} == {
        "80/tcp": 18000,
        "80/tcp#2": 8080,
    }


@pytest.mark.parametrize(("mode", "host_port"), [("bridge", 0), ("awsvpc", 80), ("host", 80)])
def test_an_absent_host_port_depends_on_the_network_mode(mode: str, host_port: int) -> None:
    ports: list[Members] = [{"containerPort": 80}, {"containerPortRange": "90-99"}]
    made = task(networkMode=mode, containerDefinitions=[{"name": "a", "portMappings": ports}])
    assert made["containerDefinitions"]["a"]["portMappings"] == {
        "80/tcp": {"containerPort": 80, "hostPort": host_port, "protocol": "tcp"},
        "90-99/tcp": {"containerPortRange": "90-99", "protocol": "tcp"},
    }


def test_a_device_is_where_it_is_on_the_host_with_all_permissions() -> None:
    members = {"linuxParameters": {"devices": [{"hostPath": "/dev/neuron3"}]}}
    spoilt(of_container(**members))
    short = of_container(**members)
    assert short["linuxParameters"]["devices"] == {
        "/dev/neuron3": {
            "containerPath": "/dev/neuron3",
            "permissions": {"read": True, "write": True, "mknod": True},
        }
    }


def test_elements_of_one_name_are_all_kept_and_never_taken_for_others() -> None:
    pairs = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    twins = of_container(environment=pairs)["environment"]
    assert twins == {"A": {"value": "1"}, "A#2": {"name": "A", "value": "2"}}
    named = [{"name": "A", "value": "1"}, {"name": "A#2", "value": "2"}]
    assert of_container(environment=named)["environment"] != twins
    assert len(of_container(environment=[*pairs, *named])["environment"]) == 4


@pytest.mark.parametrize(
    ("members", "others"),
    [
        (
            {"placementStrategy": [{"type": "binpack", "field": "memory"}]},
            {"placementStrategy": [{"type": "binpack", "field": "MEMORY"}]},
        ),
        (
            {"placementStrategy": [{"type": "spread", "field": "host"}]},
            {"placementStrategy": [{"type": "spread", "field": "instanceId"}]},
        ),
        ({"role": "web"}, {"roleArn": "arn:aws:iam::111122223333:role/web"}),
        ({}, {"roleArn": "arn:aws:iam::1:role/aws-service-role/ecs/AWSServiceRoleForECS"}),
        (
            {"deploymentConfiguration": {"maximumPercent": 200}},
            {"deploymentConfiguration": {"alarms": {"alarmNames": [], "enable": False}}},
        ),
        (
            {"deploymentConfiguration": {"strategy": "LINEAR"}},
            {
                "deploymentConfiguration": {
                    "strategy": "LINEAR",
                    "linearConfiguration": {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6},
                }
            },
        ),
        (
            {"schedulingStrategy": "DAEMON"},
            {
                "schedulingStrategy": "DAEMON",
                "deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0},
            },
        ),
        ({"launchType": "FARGATE"}, {"launchType": "FARGATE", "platformVersion": "LATEST"}),
        ({}, {"launchType": "EC2", "serviceConnectConfiguration": {"enabled": False}}),
        ({}, {"tags": [{"key": "a"}], "desiredCount": 3, "events": [1], "cluster": "c"}),
        (
            {"loadBalancers": [{"targetGroupArn": "targetgroup/web/0"}]},
            {"loadBalancers": [{"targetGroupArn": "arn:aws:elb:r:1:targetgroup/web/0"}]},
        ),
    ],
)
def test_one_service_in_two_spellings(members: Members, others: Members) -> None:
    assert canonical("service", members) == canonical("service", others)


@pytest.mark.parametrize(
    ("members", "others"),
    [
        (
            {"placementStrategy": [{"type": "random"}, {"type": "spread", "field": "host"}]},
            {"placementStrategy": [{"type": "spread", "field": "host"}, {"type": "random"}]},
        ),
        (
            {"launchType": "EC2"},
            {"capacityProviderStrategy": [{"capacityProvider": "chips", "weight": 1}]},
        ),
        ({"role": "web"}, {}),
        tuple(
            {"deploymentConfiguration": {"lifecycleHooks": [{"hookDetails": details}]}}
            for details in ({"a": 1}, {"a": 1, "b": []})
        ),
        (
            {"loadBalancers": [{"targetGroupArn": "arn:aws:elb:r:1:targetgroup/web/0"}]},
            {"loadBalancers": [{"targetGroupArn": "arn:aws:elb:r:1:targetgroup/web/1"}]},
        ),
    ],
)
def test_two_services_that_look_alike(members: Members, others: Members) -> None:
    assert canonical("service", members) != canonical("service", others)


def pairs_of_others() -> list[Path]:
    return sorted(Path(CORPUS, "equivalence").glob("*.json")) if CORPUS else []


@pytest.mark.skipif(not CORPUS, reason="GLIA_CORPUS does not say where the corpus is")
def test_pairs_of_the_terraform_provider_are_equal_where_it_says_so() -> None:
    """But for one: "devices" of a container is no member of ECS's.

    Terraform drops it before it compares. Glia refuses it in a manifest and would otherwise
    take it for a member of tomorrow that somebody wants.
    """
    known = MODEL.shape_for("ContainerDefinition").members
    cases = [json.loads(path.read_text("utf-8")) for path in pairs_of_others()]
    unknown = {
        case["name"]: {name for each in case["a"] for name in each} - known.keys() for case in cases
    }
    assert {name: members for name, members in unknown.items() if members} == {
        "tf_arrays": {"devices"}
    }
    for case in cases:
        awsvpc = case.get("options", {}).get("isAWSVPC", False)
        one, other = (
            task(
                networkMode="awsvpc" if awsvpc else "bridge",
                containerDefinitions=[
                    {name: each[name] for name in each.keys() & known.keys()} for each in case[side]
                ],
            )
            for side in "ab"
        )
        assert (one == other) is case["equivalent"], case["name"]
