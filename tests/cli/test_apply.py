"""``glia apply`` against a sandbox: exit codes, streams, Ctrl-C."""

from __future__ import annotations

import json
import shlex
import signal
from typing import TYPE_CHECKING

import jsonschema
import pytest

from glia.cli.main import main
from glia.render.outcomes import outcomes_schema
from glia.sandbox.faults import Fault
from support.operator import neuron_service
from support.program import program

if TYPE_CHECKING:
    from support.program import Program

__all__ = ["program"]
KEY = "inference/web"


def test_the_reviewed_plan_is_applied_and_no_other(program: Program) -> None:
    program.write(neuron_service())
    digest = json.loads(program.run("plan", "-o", "json").out)["digest"]
    wrong = program.run("apply", "--expect", "sha256:0")
    assert wrong.code == 3
    assert not wrong.out
    assert f"this plan is {digest}, not the expected sha256:0" in wrong.err
    document = json.loads(program.run("apply", "--expect", "sha256:0", "-o", "json").out)
    jsonschema.validate(document, outcomes_schema())
    assert document["outcomes"] == []
    assert not program.ecs.list_services(cluster="inference")["serviceArns"]

    applied = program.run("apply", "--expect", digest, "-o", "json")
    assert applied.code == 0, applied.err
    told = json.loads(applied.out)  # nothing else is on standard output
    jsonschema.validate(told, outcomes_schema())
    assert [each["state"] for each in told["outcomes"]] == ["DONE"]
    assert program.run("apply").out == "Nothing was to be done.\n"

    def grants(tier: str) -> None:  # access may be granted by tags: they are reviewed, too
        program.write(neuron_service(service={"tags": [{"key": "tier", "value": tier}]}))

    grants("open")
    reviewed = json.loads(program.run("plan", "-o", "json").out)["digest"]
    grants("secret")
    assert program.run("apply", "--expect", reviewed).code == 3
    grants("open")
    assert program.run("apply", "--expect", reviewed).code == 0
    (web,) = program.ecs.describe_services(cluster="inference", services=["web"], include=["TAGS"])[
        "services"
    ]
    assert {"key": "tier", "value": "open"} in web["tags"]


def test_a_refusal_of_aws_is_1_before_what_is_blocked_is_3(program: Program) -> None:
    container = {"name": "server", "image": "a", "memory": 100}
    program.ecs.register_task_definition(family="web", containerDefinitions=[container])
    program.ecs.create_service(
        cluster="inference", serviceName="web", taskDefinition="web", desiredCount=0
    )
    program.folder /= "my fleet"
    program.folder.mkdir()
    program.write(neuron_service())
    assert program.run("apply").code == 3
    said = "allow it with: "
    (printed,) = (
        line.partition(said)[2] for line in program.run("plan").out.split("\n") if said in line
    )

    program.sandbox.faults.rewrite(Fault("CreateService", "AccessDeniedException"))
    program.write(neuron_service(), neuron_service("api", replicas=0))
    refused = program.run("apply", "--no-wait")
    assert refused.code == 1
    assert "AccessDeniedException" in refused.out
    assert "Traceback" not in refused.err

    program.sandbox.faults.rewrite()
    assert shlex.split(printed) == ["glia", "apply", "--adopt", KEY, str(program.folder)]
    assert main([*shlex.split(printed)[1:], "--no-wait"]) == 0, "what is printed can be run"


def test_a_rollback_is_4_and_held_with_3_until_it_is_retried(program: Program) -> None:
    program.write(neuron_service())
    assert program.run("apply").code == 0
    program.write(neuron_service(image="server:crash"))
    failed = program.run("apply")
    assert failed.code == 4, failed.out
    assert "exit code 1" in failed.out
    assert f"glia retry {KEY}" in failed.out
    assert program.run("plan", "--detailed-exitcode").code == 3
    assert program.run("apply").code == 3
    assert program.run("retry", KEY).code == 0
    assert program.run("plan", "--detailed-exitcode").code == 2


def test_a_timeout_is_4(program: Program) -> None:
    program.write(neuron_service(replicas=3))
    done = program.run("apply", "--timeout", "30s")
    assert done.code == 4, done.err
    assert "timed out" in done.out


@pytest.mark.parametrize("options", [["--timeout", "soon"], ["--bogus"], ["-o", "xml"]])
def test_bad_usage_is_64(program: Program, options: list[str]) -> None:
    done = program.write(neuron_service()).run("apply", *options)
    assert done.code == 64
    assert not done.out


def test_ctrl_c_ends_the_waiting_with_130_and_says_what_is_left(program: Program) -> None:
    program.write(neuron_service(replicas=3))
    with program.started("apply") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "rolling out" in line:
                break
        process.send_signal(signal.SIGINT)
        shown, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "changed, not waited for" in shown
    assert "`glia apply` again goes on from here" in shown
    assert "\x1b" not in shown + told
    assert "Traceback" not in told
