"""Layouts without a look at AWS: on empty instances, or beside what a status has shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import jsonschema
import pytest

from glia.cli.main import main
from glia.render.status_schema import status_schema
from lanes.fleet import BIG, lanes, sharing
from support.operator import is_empty, neuron_cluster

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.operator import Operator

SMALL = "inf1.6xlarge"  # 4 chips


@pytest.fixture
def operator(make_operator: Callable[..., Operator]) -> Operator:
    return make_operator((BIG, 8), (SMALL, 2))


@pytest.fixture
def shell(operator: Operator, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on the operator's folder: its exit code and what it wrote."""

    def run(name: str, *options: str) -> tuple[int, str, str]:
        clock = cast("Any", operator.driver.clock)
        code = main([name, str(operator.folder), *options], clock=clock)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def rendered(text: str) -> dict[str, Any]:
    return {each["lane"]: each["CreateService"] for each in json.loads(text)["lanes"]}


def tag(service: dict[str, Any], key: str) -> str:
    return next((each["value"] for each in service["tags"] if each["key"] == key), "")


def test_a_snapshot_of_a_live_fleet_renders_to_the_very_lanes_that_are_live(
    operator: Operator, shell: Any, tmp_path: Path
) -> None:
    """Lanes depend on who came first, on what has gone since, and on whoever else is there."""
    ecs = operator.driver.ecs
    stranger = operator.driver.register(
        family="stranger", containerDefinitions=[{"name": "a", "image": "a", "memory": 100,
        "linuxParameters": {"devices": [{"hostPath": "/dev/neuron0"}]}}])  # fmt: skip
    instances = operator.driver.sandbox.cluster.instances.values()
    (small, *_) = (each.arn for each in instances if each.instance_type == SMALL)
    ecs.start_task(cluster="inference", taskDefinition=stranger, containerInstances=[small])
    operator.driver.run(30)
    whole, tiny = sharing("whole", 2, "all"), sharing("tiny", 3, 1, kind=SMALL)
    operator.converge(whole, sharing("first", 4, 3))
    operator.converge(whole, sharing("first", 2, 3), sharing("web", 4, 4), tiny)
    operator.driver.run(60)
    operator.converge(
        whole, sharing("first", 2, 3), sharing("web", 3, 4), sharing("one", 6, 1), tiny
    )
    assert is_empty(operator.plan())

    code, text, _ = shell("status", "-o", "json")
    assert code == 0
    jsonschema.validate(json.loads(text), status_schema())
    snapshot = tmp_path.parent / "snapshot.json"
    snapshot.write_text(text)
    begin = len(operator.driver.sandbox.calls)
    code, text, err = shell("render", "-o", "json", "--snapshot", str(snapshot))
    assert len(operator.driver.sandbox.calls) == begin, "offline"
    assert code == 0
    assert err.startswith(f"offline: lanes lie beside what {snapshot} showed at 20")
    made, live = rendered(text), lanes(operator)
    assert {name: each["desiredCount"] for name, each in made.items()} == live
    for name, service in made.items():
        assert tag(service, "glia:lane") == operator.tags(name).get("glia:lane", "")

    _, text, err = shell("render", "-o", "json")
    assert rendered(text).keys() != live.keys(), "which an empty domain would not give"
    assert "as many as needed" in err
    _, text, _ = shell("plan", "--offline", "--snapshot", str(snapshot))
    assert "lanes lie beside what" in text
    assert all(name in text for name in live)

    # Beside the manifests of one service alone the others still hold their room.
    operator.write(sharing("web", 3, 4), sharing("more", 4, 2))
    code, text, _ = shell("render", "-o", "json", "--snapshot", str(snapshot))
    mine = {name: each["desiredCount"] for name, each in rendered(text).items()}
    operator.converge()
    assert mine == lanes(operator, "web", "more")


def test_a_file_that_is_no_snapshot_of_these_clusters_is_64_and_says_why(
    operator: Operator, shell: Any, tmp_path: Path
) -> None:
    operator.converge(sharing("web", 3, 4))
    status = json.loads(shell("status", "-o", "json")[1])
    (cluster,) = status["clusters"]
    (lane, *_) = cluster["lanes"]
    file = tmp_path.parent / "other.json"
    reasons = {
        "is no JSON": "{",
        "is no status but Plan": json.dumps({**status, "kind": "Plan"}),
        "is no status but something else": "[]",
        "is a status of glia/v0, and this glia reads glia/v1alpha1": json.dumps(
            {**status, "apiVersion": "glia/v0"}
        ),
        "is broken: clusters.0.lanes.0.desired: Field required": json.dumps(
            {**status, "clusters": [
                {**cluster, "lanes": [{k: v for k, v in lane.items() if k != "desired"}]}]}
        ),
        "is of other (us-west-2), not of inference (us-west-2)": json.dumps(
            {**status, "clusters": [{**cluster, "name": "other"}]}
        ),
        "tells no lanes of inference (us-west-2)": json.dumps(
            {**status, "clusters": [{**cluster, "lanes": None}]}
        ),
    }  # fmt: skip
    for reason, text in reasons.items():
        file.write_text(text)
        code, out, err = shell("render", "--snapshot", str(file))
        assert (code, out) == (64, ""), reason
        assert f"--snapshot {file} {reason}" in err
        assert shell("plan", "--offline", "--snapshot", str(file))[0] == 64
    assert shell("render", "--snapshot", "/no/such/file")[2].count("cannot be read") == 1
    file.write_text(json.dumps(status))
    assert shell("plan", "--snapshot", str(file))[0] == 64, "which asks ECS"
    assert shell("render", "--snapshot", str(file), "--instances", f"{BIG}=1")[0] == 64
    operator.write(
        sharing("web", 3, 4), clusters=(neuron_cluster("inference", accountId="999999999999"),)
    )
    code, _, err = shell("render", "--snapshot", str(file))
    assert (code, "not of inference (us-west-2)" in err) == (64, True)


def test_a_number_of_empty_instances_is_kept_to(operator: Operator, shell: Any) -> None:
    operator.write(sharing("web", 24, 1), sharing("tiny", 4, 1, kind=SMALL))
    code, text, err = shell("render", "-o", "json", "--instances", f"{BIG}=8, {SMALL.upper()}=4")
    made = {name: each["desiredCount"] for name, each in rendered(text).items()}
    assert made == {"web-neuron0": 8, "web-neuron1": 8, "web-neuron2": 8, "tiny-neuron0": 4}
    assert err.startswith(f"offline: lanes lie on empty instances (4 {SMALL}, 8 {BIG}, of other")
    code, text, _ = shell("plan", "--offline", "--instances", f"{BIG}=1", "--instances", "x=y")
    assert code == 64
    code, text, _ = shell("plan", "--offline", "--instances", f"{BIG}=1")
    assert code == 1
    assert "12 replicas of web cannot be placed" in text
    assert f"1 {BIG}, 12 chips short" in text
    code, _, err = shell("render", "--instances", "inf2.49xlarge=1")
    assert (code, "did you mean inf2.48xlarge?" in err) == (64, True)
    code, _, err = shell("render", "--instances", "inf2.xlarge=1")
    assert (code, "no manifest here uses it" in err) == (64, True)
