"""``glia render``: the exact requests, offline, the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from glia.cli.main import main
from support.operator import neuron_service
from support.program import program

if TYPE_CHECKING:
    import pytest

    from support.program import Program

__all__ = ["program"]
EXAMPLES = Path(__file__).parents[2] / "manifests"


def test_both_formats_say_the_same_and_ecs_takes_it_as_it_is(program: Program) -> None:
    """Secret values too: who renders wants the request."""
    secret = {"name": "DB_PASSWORD", "value": "hunter2"}
    container = {"name": "server", "image": "a", "memory": 100, "environment": [secret]}
    program.write(neuron_service(taskDefinition={"containerDefinitions": [container]}))
    begin = len(program.sandbox.calls)
    rendered = program.run("render", "-o", "json")
    assert len(program.sandbox.calls) == begin, "offline"
    assert rendered.code == 0
    (lane,) = json.loads(rendered.out)["lanes"]
    assert list(yaml.safe_load_all(program.run("render").out)) == [lane]
    assert secret in lane["RegisterTaskDefinition"]["containerDefinitions"][0]["environment"]
    program.ecs.register_task_definition(**lane["RegisterTaskDefinition"])
    program.ecs.create_service(**lane["CreateService"])


def test_its_help_says_that_nothing_is_masked(program: Program) -> None:
    assert "printed in full" in " ".join(program.run("render", "--help").out.split())


def test_what_is_right_is_rendered_beside_an_error(program: Program) -> None:
    program.write(neuron_service(), neuron_service("bad", replicas=-1))
    done = program.run("render")
    assert done.code == 1
    assert [each["lane"] for each in yaml.safe_load_all(done.out)] == ["web"]
    assert "spec.replicas" in done.err


def test_the_examples_render_to_the_same_bytes_each_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = []
    for _ in range(2):
        main(["render", str(EXAMPLES)])
        shown.append(capsys.readouterr().out)
    assert shown[0] == shown[1] != ""
