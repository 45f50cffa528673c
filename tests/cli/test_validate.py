"""``glia validate``, ``schema`` and ``catalog`` as a user meets them."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from glia.cli.main import main
from glia.ecs.service_model import service_model
from glia.manifest.document import Source
from glia.manifest.json_schema import json_schema
from glia.manifest.load import load
from glia.manifest.spec import NeuronService
from glia.neuron.catalogue import catalogue

EXAMPLES = Path(__file__).parents[2] / "manifests"
CLUSTER = """\
apiVersion: glia/v1alpha1
kind: NeuronCluster
metadata: {name: inference}
spec: {region: us-west-2, owner: team}
---
"""
SERVICE = """\
apiVersion: glia/v1alpha1
kind: NeuronService
metadata: {name: web}
spec:
  cluster: inference
  replicas: 2
  neuron: {instanceType: inf1.xlarge, devices: all}
  taskDefinition:
    containerDefinitions:
      - {name: server, image: "server:1", memoryReservation: 1000}
"""
CHECK = "healthCheck: {command: [CMD, check]}"
CONTAINER = "spec.taskDefinition.containerDefinitions[0]"
COMMAND = "healthCheck.command"
INSTANCE_TYPE = """\
apiVersion: glia/v1alpha1
kind: NeuronInstanceType
metadata: {name: trn9.48xlarge}
spec:
  vcpu: 192
  memoryMiB: 2097152
  chips: 16
  chipMemoryGiB: 96
  neuronCoreVersion: 3
  coresPerChip: 8
  visibleCoresPerChip: 4
  networkInterfaces: 16
  deviceSets: aligned
---
"""


def validate(
    folder: Path, capsys: pytest.CaptureFixture[str], **files: str
) -> tuple[int, list[str]]:
    """Exit code and lines for these files, named without their ending."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    code = main(["validate", str(folder)])
    return code, capsys.readouterr().out.replace(f"{folder}/", "").splitlines()


def test_the_examples_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", *map(str, EXAMPLES.glob("*.yaml"))]) == 0
    assert capsys.readouterr().out == "8 manifests right, 0 errors\n"


def test_all_errors_of_all_documents_come_at_once_each_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the YAML, the fields, ECS's members and the chips; a place has one error."""
    broken = SERVICE.replace("replicas: 2", "replicas: no").replace("image:", "imagee:")
    chips = SERVICE.replace("inf1.xlarge, devices: all", "trn1.32xlarge, devices: 7")
    chips = chips.replace("name: web", "name: chips")
    code, lines = validate(
        tmp_path,
        capsys,
        cluster=CLUSTER.replace("region:", "regoin:"),
        one=broken.replace("cluster:", "clustr:"),
        three=chips,
        two=SERVICE.replace("name: web", "name: good"),
        zero="a: [1\n",
    )
    assert code == 1
    places = [line.partition(" error: ")[::2] for line in lines if " error: " in line]
    assert [(place, told.partition(": ")[0]) for place, told in places] == [
        ("cluster.yaml:4:1:", "spec.region"),
        ("cluster.yaml:4:8:", "spec.regoin"),
        ("one.yaml:4:1:", "spec.cluster"),
        ("one.yaml:5:3:", "spec.clustr"),
        ("one.yaml:6:13:", "spec.replicas"),
        ("one.yaml:10:24:", "spec.taskDefinition.containerDefinitions[0].imagee"),
        ("three.yaml:4:1:", "spec.rollout.minReadySeconds"),
        ("three.yaml:7:41:", "spec.neuron.devices"),
        ("zero.yaml:2:1:", places[-1][1].partition(": ")[0]),
    ]
    assert lines[-1] == "1 manifest right, 9 errors"


def test_ecs_members_are_checked_against_ecs_own_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = SERVICE.replace("image:", "imagee:") + "  service: {desiredCount: 3}\n"
    code, lines = validate(tmp_path, capsys, all=CLUSTER + wrong)
    assert code == 1
    first, second = (line for line in lines if ": error: " in line)
    path = "spec.taskDefinition.containerDefinitions[0].imagee"
    assert first.startswith(f"all.yaml:15:24: error: {path}: botocore ")
    assert first.endswith(" does not know 'imagee' in ContainerDefinition")
    assert second == (
        "all.yaml:16:13: error: spec.service.desiredCount: 'desiredCount' is not written here"
    )
    assert "    remedy:   write 'image'" in lines
    assert "    remedy:   write spec.replicas" in lines


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            SERVICE,
            "all.yaml:5:3: error: spec.cluster: no NeuronCluster is called inference",
        ),
        (
            CLUSTER + SERVICE + "---\n" + SERVICE,
            (
                "all.yaml:19:12: error: metadata.name: NeuronService/web is declared in "
                "all.yaml:6 as well"
            ),
        ),
        (
            CLUSTER + SERVICE.replace("inf1.xlarge", "inf1.xlarg"),
            "all.yaml:12:12: error: spec.neuron.instanceType: ",
        ),
    ],
)
def test_manifests_are_related_to_each_other_and_to_the_catalogue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    code, lines = validate(tmp_path, capsys, all=text)
    assert code == 1
    assert any(line.startswith(told) for line in lines), lines


def test_a_declared_instance_type_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = SERVICE.replace("inf1.xlarge, devices: all", "TRN9.48xlarge, devices: 4")
    service = service.replace("replicas: 2", "replicas: 1")
    code, _ = validate(tmp_path, capsys, all=CLUSTER + INSTANCE_TYPE + service)
    assert code == 0
    service = service.replace("devices: 4", "devices: 5")
    code, lines = validate(tmp_path, capsys, all=CLUSTER + INSTANCE_TYPE + service)
    assert code == 1
    assert "spec.neuron.devices" in lines[0]


def test_json_tells_the_same_to_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "all.yaml").write_text(CLUSTER + SERVICE.replace("replicas: 2", "replicas: -1"))
    assert main(["validate", "-o", "json", str(tmp_path)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["valid"] == ["NeuronCluster/inference"]
    (diagnostic,) = told["diagnostics"]
    assert diagnostic["location"] == {"file": f"{tmp_path}/all.yaml", "line": 11, "column": 3}
    assert (diagnostic["path"], diagnostic["key"]) == ("spec.replicas", "NeuronService/web")


def test_validate_reads_standard_input_and_imports_no_sdk() -> None:
    script = "import sys; from glia.cli.main import main; main(['validate', '-'])"
    script += "; print(sorted({'boto3', 'botocore', 'moto'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=CLUSTER + SERVICE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "2 manifests right, 0 errors\n[]\n"


def test_the_schema_accepts_the_examples_and_refuses_what_validate_refuses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema == json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator(schema)
    documents = [
        document
        for file in sorted(EXAMPLES.glob("*.yaml"))
        for document in yaml.safe_load_all(file.read_text("utf-8"))
    ]
    assert len(documents) == 8
    for document in documents:
        checker.validate(document)
    for wrong in ({"bogus": 1}, {"cluster": 1}, {"service": {"desiredCount": 1}}):
        assert not checker.is_valid(_with(documents, wrong))


def _with(documents: list[Any], members: dict[str, Any]) -> dict[str, Any]:
    service = next(each for each in documents if each["kind"] == "NeuronService")
    return {**service, "spec": {**service["spec"], **members}}


def test_the_catalogue_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["type", *catalogue()]
    assert main(["catalog", "-o", "json"]) == 0
    entries = json.loads(capsys.readouterr().out)["instanceTypes"]
    assert {each["name"]: each["devicePaths"][-1] for each in entries} == {
        each.name: each.device_paths[-1] for each in catalogue().values()
    }


@pytest.mark.parametrize(
    ("place", "written"),
    [
        ('image: "server:1"', 'image: "server:1", environment: [{name: PASSWORD, value: 0777123}]'),
        ('image: "server:1"', 'image: "server:1", command: [--password, 0777123]'),
        ("owner: team", "owner: team, assumeRole: {roleArn: a, externalId: 777123}"),
    ],
)
def test_a_value_that_may_be_secret_is_never_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, written: str
) -> None:
    code, lines = validate(tmp_path, capsys, all=(CLUSTER + SERVICE).replace(place, written))
    assert code == 1
    assert "777123" not in "".join(lines)
    assert "261715" not in "".join(lines)  # the octal reading


def test_nothing_checked_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(tmp_path, capsys, empty="# nothing yet\n")[0] == 1
    assert main(["validate", str(tmp_path / "empty.yaml")]) == 1
    assert capsys.readouterr().out.startswith(f"error: no manifest in {tmp_path}/empty.yaml\n")


def test_a_hostile_pattern_costs_no_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = SERVICE.replace(
        "devices: all", f"devices: all, pool: {{attribute: x, value: {'a' * 60}}}"
    )
    constraint = (
        "service: {placementConstraints: [{type: memberOf, expression: 'attribute:x =~ (a+)+b'}]}"
    )
    code, _ = validate(tmp_path, capsys, all=f"{CLUSTER}{service}  {constraint}\n")
    assert code == 0


def test_a_document_tells_a_hundred_errors_and_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = ", ".join("{name: a, memory: 1, bogus: 1}" for _ in range(500))
    service = SERVICE.replace('{name: server, image: "server:1", memoryReservation: 1000}', "")
    service = service.replace("      - \n", "").rstrip().removesuffix("containerDefinitions:")
    code, lines = validate(
        tmp_path, capsys, all=f"{CLUSTER}{service}containerDefinitions: [{many}]\n"
    )
    assert code == 1
    assert lines[-1] == "1 manifest right, 100 errors"


def test_one_field_has_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = validate(
        tmp_path, capsys, all=f"{CLUSTER}{SERVICE}  service: {{launchType: ec2}}\n"
    )
    assert code == 1
    assert lines[-1] == "1 manifest right, 1 error"


def errors(lines: list[str]) -> list[str]:
    """Of each error its place and field."""
    told = [line.partition(" error: ")[2].partition(": ")[0] for line in lines]
    return [path for path in told if path]


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("replicas: 2", 'replicas: "2"', ["spec.replicas"]),
        ("devices: 7", "devices: 7, minInstances: two", ["spec.neuron.minInstances"]),
        (
            "memoryReservation: 1000",
            'memoryReservation: "1000"',
            [f"{CONTAINER}.memoryReservation"],
        ),
        ("taskDefinition:", "taskDefinition:\n    cpu: 4096", ["spec.taskDefinition.cpu"]),
        ("replicas: 2", "replicas: no", ["spec.replicas"]),
        ("cluster: inference", "clustr: inference", ["spec.cluster", "spec.clustr"]),
        ("apiVersion: glia/v1alpha1\nkind: NeuronService", "kind: NeuronService", ["apiVersion"]),
    ],
)
def test_one_wrong_field_hides_no_other_error_and_brings_none(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    written: str,
    instead: str,
    told: list[str],
) -> None:
    """The chips are wrong beside it; what the field itself would decide is not guessed at."""
    service = SERVICE.replace("inf1.xlarge, devices: all", "trn1.32xlarge, devices: 7")
    service = service.replace("memoryReservation: 1000", "memoryReservation: 1000, " + CHECK)
    assert written in service
    code, lines = validate(tmp_path, capsys, all=CLUSTER + service.replace(written, instead))
    assert code == 1
    assert sorted(errors(lines)) == sorted([*told, "spec.neuron.devices"])


def test_what_a_wrong_value_would_decide_is_not_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No memory, no health check, no container of that name: who knows."""
    service = SERVICE.replace("inf1.xlarge, devices: all", "inf1.6xlarge, devices: 1")
    service = service.replace(
        '{name: server, image: "server:1", memoryReservation: 1000}',
        '{name: 1, image: "server:1", memory: "1000", healthCheck: {command: CMD}}',
    )
    balancer = "{targetGroupArn: a, containerName: server, containerPort: 80}"
    text = f"{CLUSTER}{service}  service: {{loadBalancers: [{balancer}]}}\n"
    code, lines = validate(tmp_path, capsys, all=text)
    assert code == 1
    assert errors(lines) == [f"{CONTAINER}.{name}" for name in ("name", "memory", COMMAND)]


def test_what_was_pasted_from_ecs_is_named_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The remedies follow ECS's model: every member that an answer has and a request lacks."""
    shapes = service_model().shapes
    for place, answer, request in (
        ("taskDefinition", "TaskDefinition", "RegisterTaskDefinitionRequest"),
        ("service", "Service", "CreateServiceRequest"),
    ):
        pasted = shapes[answer].members.keys() - shapes[request].members.keys()
        assert len(pasted) >= 9
        members = "".join(f"    {name}: x\n" for name in sorted(pasted))
        text = CLUSTER + SERVICE + ("  service:\n" if place == "service" else "") + members
        code, lines = validate(tmp_path, capsys, all=text)
        assert code == 1
        assert errors(lines) == [f"spec.{place}.{name}" for name in sorted(pasted)]
        remedies = [line.split(":", 1)[1].strip() for line in lines if "remedy:" in line]
        assert remedies == ["take it out: ECS writes it"] * len(pasted)


@pytest.mark.parametrize(
    ("place", "wrapped"),
    [
        ("taskDefinition", "{taskDefinition: {family: a, containerDefinitions: []}, tags: []}"),
        ("service", "{services: [{serviceName: web}], failures: []}"),
    ],
)
def test_an_answer_pasted_with_its_wrapper_has_one_error_for_all_that_is_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, wrapped: str
) -> None:
    if place == "service":
        text = f"{CLUSTER}{SERVICE}  service: {wrapped}\n"
    else:
        text = CLUSTER + SERVICE[: SERVICE.index("taskDefinition:")] + f"{place}: {wrapped}\n"
    _, lines = validate(tmp_path, capsys, all=text)
    wrapper = {"service": "services", "taskDefinition": "taskDefinition"}[place]
    assert errors(lines)[0] == f"spec.{place}.{wrapper}"
    assert f"    remedy:   move its members up one level, right under {place}" in lines
    assert len(errors(lines)) == {"service": 2, "taskDefinition": 1}[place]


@pytest.mark.parametrize(
    ("members", "right"),
    [
        ({"replicas": 2.0}, True),
        ({"replicas": 2.5}, False),
        ({"neuron": {"instanceType": "inf1.xlarge", "devices": 1.0}}, True),
        ({"neuron": {"instanceType": "inf1.xlarge", "deviceIds": [0.0]}}, True),
        ({"neuron": {"instanceType": "inf1.xlarge", "deviceIds": []}}, False),
        ({"neuron": {"instanceType": "inf1.xlarge", "devices": 1, "deviceIds": [0]}}, False),
        ({"neuron": {"instanceType": "inf1.xlarge", "devices": None, "deviceIds": [0]}}, True),
        ({"neuron": {"devices": 1}}, False),
        ({"neuron": {"instanceType": "inf1.xlarge"}}, False),
        ({"neuron": {"instanceType": "inf1.xlarge", "devices": 1, "pool": {}}}, False),
        (
            {
                "neuron": {
                    "instanceType": "inf1.xlarge",
                    "devices": 1,
                    "pool": {"capacityProvider": "a", "attribute": "b"},
                }
            },
            False,
        ),
        ({"service": {"healthCheckGracePeriodSeconds": 0.0}}, True),
        ({"service": {"healthCheckGracePeriodSeconds": 0.5}}, False),
    ],
)
def test_the_schema_and_validate_agree(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], members: dict[str, Any], right: bool
) -> None:
    document = yaml.safe_load(SERVICE)
    document["spec"].update(members)
    code, lines = validate(tmp_path, capsys, all=CLUSTER + yaml.safe_dump(document))
    assert (code == 0) == right, lines
    assert jsonschema.Draft202012Validator(json_schema()).is_valid(document) == right


def test_a_whole_number_with_a_point_is_an_integer_from_there_on() -> None:
    text = SERVICE.replace("memoryReservation: 1000", "memoryReservation: 1000.0")
    *_, service = load([Source("a", (CLUSTER + text).encode())]).declared
    assert isinstance(service.manifest, NeuronService)
    (container,) = service.manifest.spec.task_definition["containerDefinitions"]
    assert repr(container["memoryReservation"]) == "1000"


@pytest.mark.parametrize(
    ("written", "instead", "path"),
    [
        ("aligned", "single", "spec.deviceSets"),
        ("chips: 16", "chips: 12", "spec.deviceSets"),
        ("visibleCoresPerChip: 4", "visibleCoresPerChip: 9", "spec.visibleCoresPerChip"),
        ("coresPerChip: 8\n", "coresPerChip: 2\n", "spec.visibleCoresPerChip"),
    ],
)
def test_an_instance_type_does_not_contradict_itself_and_its_services_are_not_blamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str, instead: str, path: str
) -> None:
    service = SERVICE.replace("inf1.xlarge, devices: all", "trn9.48xlarge, devices: 5")
    broken = INSTANCE_TYPE.replace(written, instead, 1)
    code, lines = validate(tmp_path, capsys, all=CLUSTER + broken + service)
    assert code == 1
    assert errors(lines) == [path]


@pytest.mark.parametrize(
    ("written", "instead", "remedy"),
    [
        ("replicas: 2", 'replicas: "2"', "remove the quotes: 2"),
        ("devices: all", 'devices: "1"', "remove the quotes: 1"),
        ("name: web", "name: 7", 'quote it: "7"'),
        ("replicas: 2", 'suspend: "yes"', "write it without quotes: true"),
        ("devices: all", "devices: all, lock: HostPort", "write hostPort"),
        (
            "replicas: 2",
            "rollout: [{maxSurge: 1}]",
            "take out the dash: it is one mapping, not a list",
        ),
        (
            "taskDefinition:",
            "service: {schedulingStrategy: daemon}\n  taskDefinition:",
            "write DAEMON",
        ),
        ("taskDefinition:", "service: {launchType: ec2}\n  taskDefinition:", "write EC2"),
    ],
)
def test_a_value_that_is_nearly_right_comes_with_its_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], written: str, instead: str, remedy: str
) -> None:
    code, lines = validate(tmp_path, capsys, all=(CLUSTER + SERVICE).replace(written, instead))
    assert code == 1
    assert f"    remedy:   {remedy}" in lines


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (SERVICE.replace("replicas: 2", "replicas: no"), "NeuronService/web"),
        (SERVICE + "  service: [\n", "NeuronService/web"),
        ("a: no\n" + SERVICE, "NeuronService/web"),
        ("a: no\n---\n" + SERVICE, ""),
    ],
)
def test_an_error_of_the_yaml_names_the_manifest_where_it_tells_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, key: str
) -> None:
    (tmp_path / "a.yaml").write_text(text, "utf-8")
    assert main(["validate", "-o", "json", str(tmp_path / "a.yaml")]) == 1
    told = json.loads(capsys.readouterr().out)["diagnostics"]
    first = next(each for each in told if each["code"] in {"ambiguous-value", "yaml-syntax"})
    assert first["key"] == key


def test_a_caller_can_look_up_the_types_that_nobody_knows() -> None:
    service = SERVICE.replace("inf1.xlarge, devices: all", "inf9.xlarge, devices: 3")
    sources = [Source("a", (CLUSTER + service).encode())]
    offline = load(sources)
    assert (offline.unknown_types, dict(offline.instance_types)) == (("inf9.xlarge",), {})

    found = dataclasses.replace(catalogue()["inf1.xlarge"], name="inf9.xlarge")
    online = load(sources, known_types={"inf9.xlarge": found})
    assert online.unknown_types == ()
    assert [each.message for each in online.diagnostics] == [
        "inf9.xlarge has 1 chip, so no replica can get 3"
    ]
    right = [Source("a", (CLUSTER + service.replace("3}", "1}")).encode())]
    assert load(right, known_types={"inf9.xlarge": found}).instance_types == {"inf9.xlarge": found}


def test_a_warning_keeps_nothing_from_being_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CLUSTER + SERVICE.replace("  replicas: 2\n", "")
    code, lines = validate(tmp_path, capsys, all=text)
    assert (code, lines[-1]) == (0, "2 manifests right, 0 errors, 1 warning")
    loaded = load([Source("a", text.encode())])
    assert [each.key for each in loaded.declared] == [
        "NeuronCluster/inference",
        "NeuronService/web",
    ]
    assert [each.severity for each in loaded.diagnostics] == ["warning"]
