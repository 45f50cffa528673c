"""What others have published about task definitions, through render, apply and plan.

GLIA_CORPUS names the folder; without it these tests are skipped.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from glia.cli.wanted import offline, offline_state, wanted
from support.operator import CLUSTER, is_empty, neuron_service
from support.recipes import lost
from support.requests import ROLE

if TYPE_CHECKING:
    from glia.desired.state import DesiredState
    from glia.errors import Diagnostic
    from support.operator import Operator

CORPUS = os.environ.get("GLIA_CORPUS")
pytestmark = pytest.mark.skipif(not CORPUS, reason="GLIA_CORPUS does not say where the corpus is")
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}

# Pairs whose first one is no valid request: Terraform forgives it, ECS and Glia do not.
MALFORMED = {"tf_sparseArrays"}
# Examples for other machines than those with chips, and one with a slip: where it is told.
REFUSED = {
    "doc_AWS_Fargate_2023_3": {"runtimePlatform.operatingSystemFamily"},
    "doc_ecs-arm64_2023_3": {"runtimePlatform.cpuArchitecture"},
    "doc_tutorial-wfsx-volumes_2023_1": {
        "containerDefinitions[0].mountPoints[0].sourceVolume",
        "containerDefinitions[1].mountPoints[0].sourceVolume",
    },
}


def examples(kind: str) -> list[dict[str, Any]]:
    paths = sorted(Path(CORPUS, kind).glob("*.json")) if CORPUS else []
    return [json.loads(path.read_text("utf-8")) for path in paths]


def of_pair(pair: dict[str, Any], side: str) -> dict[str, Any]:
    """A manifest with these containers, and with all that they refer to."""
    containers = copy.deepcopy(pair[side])
    for each in containers:
        each.pop("devices", None)  # ECS has no such member
        if not {"memory", "memoryReservation"} & each.keys():
            each["memoryReservation"] = 4500
    names = {each["name"] for each in containers}
    linked = {link for each in containers for link in each.get("links") or ()} - names
    containers += [
        {"name": name, "image": "x:1", "memory": 8, "essential": False} for name in sorted(linked)
    ]
    volumes = {
        mount["sourceVolume"]
        for each in containers
        for mount in each.get("mountPoints") or ()
        if mount.get("sourceVolume")
    }
    awsvpc = (pair.get("options") or {}).get("isAWSVPC")
    definition = {
        "executionRoleArn": ROLE,
        "containerDefinitions": containers,
        "volumes": [{"name": name, "host": {}} for name in sorted(volumes)],
        **({"networkMode": "awsvpc"} if awsvpc else {}),
    }
    neuron = {"instanceType": "inf1.xlarge", "devices": "all", "container": containers[0]["name"]}
    return neuron_service(
        neuron=neuron,
        taskDefinition=definition,
        service={"networkConfiguration": NETWORK} if awsvpc else {},
    )


@pytest.mark.parametrize("pair", examples("equivalence"), ids=lambda pair: pair["name"])
def test_the_second_of_a_pair_is_a_change_exactly_where_it_is_another_thing(
    operator: Operator, pair: dict[str, Any]
) -> None:
    operator.write(of_pair(pair, "a"))
    if pair["name"] in MALFORMED:
        assert operator.plan().errors
        return
    (submitted,) = operator.apply(wait=False).values()
    assert submitted.calls == ("RegisterTaskDefinition", "CreateService"), submitted.message
    assert is_empty(operator.write(of_pair(pair, "a")).plan())
    plan = operator.write(of_pair(pair, "b")).plan()
    assert not plan.errors
    assert is_empty(plan) == pair["equivalent"], plan.changes


def of_document(document: dict[str, Any]) -> dict[str, Any]:
    """A manifest of a published task definition, less what is Glia's to say or not for EC2."""
    made = copy.deepcopy(document)
    made.pop("requiresCompatibilities", None)
    for container in made["containerDefinitions"]:
        parameters = container.get("linuxParameters", {})
        devices = parameters.get("devices", [])
        kept = [each for each in devices if not each["hostPath"].startswith("/dev/neuron")]
        if devices:
            parameters["devices"] = kept
        container.pop("resourceRequirements", None)
        if not {"memory", "memoryReservation"} & container.keys() and "memory" not in made:
            container["memory"] = 128
    expressions = made.get("placementConstraints", [])
    made["placementConstraints"] = [
        each for each in expressions if "ecs.instance-type" not in each["expression"]
    ]
    awsvpc = made.get("networkMode") == "awsvpc"
    first = made["containerDefinitions"][0]
    return neuron_service(
        neuron={
            "instanceType": "inf1.24xlarge",
            "devices": "all",
            "container": first["name"],
            "lock": "none",
        },
        taskDefinition=made,
        service={"networkConfiguration": NETWORK} if awsvpc else {},
    )


def read(folder: Path, manifest: dict[str, Any]) -> tuple[DesiredState, tuple[Diagnostic, ...]]:
    path = folder / "all.yaml"
    path.write_text("\n---\n".join(map(json.dumps, (CLUSTER, manifest))), "utf-8")
    made = offline_state(wanted((str(path),), offline))
    return made.state, made.diagnostics


def accepted() -> list[dict[str, Any]]:
    return [each for each in examples("taskdefs") if each["botocore_valid"]]


@pytest.mark.parametrize("example", accepted(), ids=lambda each: each["name"])
def test_nothing_of_a_published_task_definition_is_lost(
    tmp_path: Path, example: dict[str, Any]
) -> None:
    manifest = of_document(example["document"])
    state, diagnostics = read(tmp_path, manifest)
    if example["name"] in REFUSED:
        prefix = "spec.taskDefinition."
        told = {each.path.removeprefix(prefix) for each in diagnostics}
        assert told == REFUSED[example["name"]]
        return
    assert not any(each.severity == "error" for each in diagnostics), [
        (each.path, each.message) for each in diagnostics
    ]
    ((lane,),) = (service.lanes for service in state.services)
    assert not lost(manifest["spec"]["taskDefinition"], dict(lane.task_definition))
