"""``glia validate``, ``schema`` and ``catalog`` as a user meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from glia.cli.main import main
from glia.manifest.json_schema import json_schema
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


def validate(
    folder: Path, capsys: pytest.CaptureFixture[str], **files: str
) -> tuple[int, list[str]]:
    """Exit code and lines for these files, named without their ending."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    code = main(["validate", str(folder)])
    return code, capsys.readouterr().out.replace(f"{folder}/", "").splitlines()


def test_the_examples_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", str(EXAMPLES)]) == 0
    assert capsys.readouterr().out == "5 manifests right, 0 errors\n"


def test_all_errors_of_all_documents_come_at_once_each_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the YAML, the fields, ECS's members and the chips; a place has one error."""
    broken = SERVICE.replace("replicas: 2", "replicas: no").replace("image:", "imagee:")
    chips = SERVICE.replace("inf1.xlarge, devices: all", "trn1.32xlarge, devices: 7")
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
        ("three.yaml:7:41:", "spec.neuron.devices"),
        ("zero.yaml:2:1:", places[-1][1].partition(": ")[0]),
    ]
    assert lines[-1] == "1 manifest right, 8 errors"


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
                "all.yaml:6 already"
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
    declared = """\
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
    service = SERVICE.replace("inf1.xlarge, devices: all", "TRN9.48xlarge, devices: 4")
    code, _ = validate(tmp_path, capsys, all=CLUSTER + declared + service)
    assert code == 0
    service = service.replace("devices: 4", "devices: 5")
    code, lines = validate(tmp_path, capsys, all=CLUSTER + declared + service)
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
    assert len(documents) == 5
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
