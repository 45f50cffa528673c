"""``glia plan``: exit codes, formats, and no secret in any of them."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import jsonschema
import pytest

from glia.render.plan_schema import plan_schema
from glia.render.status_schema import status_schema
from support.operator import neuron_cluster, neuron_service
from support.program import program

if TYPE_CHECKING:
    from support.program import Program

__all__ = ["program"]


def test_changes_are_2_only_when_asked_and_the_json_is_what_is_published(program: Program) -> None:
    program.write(neuron_service())
    out = program.folder / "plan.json"
    done = program.run("plan", "-o", "json", "--detailed-exitcode", "--out", str(out))
    assert done.code == 2
    plan = json.loads(done.out)
    jsonschema.validate(plan, plan_schema())
    assert plan["summary"]["create"] == 1
    assert json.loads(out.read_text()) == plan
    assert program.run("plan").code == 0
    assert program.run("plan", "--offline", "--detailed-exitcode").code == 2
    offline = json.loads(program.run("plan", "--offline", "-o", "json").out)
    jsonschema.validate(offline, plan_schema())
    assert (offline["offline"], offline["digest"]) == (True, plan["digest"])


def test_an_error_is_1_and_the_good_part_stands_beside_it(program: Program) -> None:
    program.write(neuron_service(), neuron_service("bad", replicas=-1))
    wrong = program.run("plan", "--detailed-exitcode")
    assert wrong.code == 1
    assert "spec.replicas" in wrong.out
    assert "create inference/web" in wrong.out

    program.write(neuron_service(cluster="gone"), cluster=neuron_cluster("gone"))
    unread = program.run("plan", "-o", "json")
    assert unread.code == 1
    plan = json.loads(unread.out)
    jsonschema.validate(plan, plan_schema())
    (told,) = plan["diagnostics"]
    assert told["code"] == "cluster-unreadable"


def test_what_could_not_be_looked_at_is_not_called_right(program: Program) -> None:
    """It is told once, though neither its instances nor its services could be read."""
    shared = {"instanceType": "inf1.6xlarge", "devices": 1}
    program.write(
        neuron_service(cluster="gone"),
        neuron_service("b", cluster="gone", neuron=shared, rollout={"minReadySeconds": 1}),
        cluster=neuron_cluster("gone"),
    )
    plan = program.run("plan")
    assert plan.out.splitlines()[-1] == "Nothing is known. 1 cluster not looked at, 1 error."
    applied = program.run("apply")
    assert (applied.code, applied.out) == (1, "Nothing was done: 1 cluster could not be read.\n")
    shown = program.run("status", "-o", "json")
    status = json.loads(shown.out)
    jsonschema.validate(status, status_schema())
    counts = {each["key"]: each["replicas"] for each in status["services"]}
    unknown = dict.fromkeys(("desired", "running", "pending", "ready"))
    assert counts == {"gone/b": unknown, "gone/web": {**unknown, "desired": 2}}
    shown_text = program.run("status").out
    assert re.findall(r"(gone/\w+) +Degraded +unknown", shown_text) == ["gone/b", "gone/web"]


@pytest.mark.parametrize("out", ["no/such/folder/plan.json", "all.yaml/plan.json"])
def test_a_file_that_cannot_be_written_is_64_before_anything_is_read(
    program: Program, out: str
) -> None:
    program.write(neuron_service())
    begin = len(program.sandbox.calls)
    done = program.run("plan", "--out", str(program.folder / out))
    assert done.code == 64
    assert f"{out}' cannot be written (N" in done.err
    assert "name a file in a directory that is there" in done.err
    assert len(program.sandbox.calls) == begin


def test_colours_are_for_terminals_that_want_them(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.write(neuron_service())
    assert "\x1b[" not in program.run("plan", "--offline").out
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True)
    assert "\x1b[" in program.run("plan", "--offline").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in program.run("plan", "--offline").out


def test_a_plan_shows_what_downtime_allows_under_the_digest_that_an_apply_may_expect(
    program: Program,
) -> None:
    """A service that ECS cannot change in place; offline there is nothing that could be down."""
    awsvpc = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
    own = neuron_service(service={"networkConfiguration": awsvpc})
    definition = own["spec"]["taskDefinition"]
    definition["networkMode"] = "awsvpc"
    definition["containerDefinitions"][0]["memoryReservation"] = 4097
    assert program.write(own).run("apply", "--no-wait").code == 0
    program.write(neuron_service())
    blocked = program.run("plan")
    assert (blocked.code, "--allow-downtime" in blocked.out) == (3, True)
    plan = json.loads(program.run("plan", "--allow-downtime", "-o", "json").out)
    assert [each["action"] for each in plan["changes"]] == ["replace"]
    assert not plan["changes"][0]["blockedBy"]
    expected = ("apply", "--no-wait", "--expect", plan["digest"])
    assert program.run(*expected).code == 3
    assert program.run(*expected, "--allow-downtime").code == 0
    for flag in ("--allow-downtime", "--repack"):
        refused = program.run("plan", "--offline", flag)
        assert (refused.code, refused.out) == (64, "")
        assert "--offline" in refused.err
