"""``glia plan --prune`` and ``glia apply --prune``: exit codes, and what a person is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema

from glia.render.plan_schema import plan_schema
from support.operator import neuron_service
from support.program import program

if TYPE_CHECKING:
    from support.program import Program

__all__ = ["program"]


def test_too_many_deletes_are_3_until_their_number_is_allowed(program: Program) -> None:
    program.write(*(neuron_service(name, replicas=0) for name in ("a", "b", "c")))
    assert program.run("apply").code == 0
    program.write(neuron_service("a", replicas=0))
    assert program.run("plan", "--detailed-exitcode").code == 0, "off by default"

    blocked = program.run("plan", "--prune")
    assert blocked.code == 3
    assert "- delete inference/b: blocked\n" in blocked.out
    assert f"allow it with: glia apply --prune --allow-deletes 2 {program.folder}\n" in blocked.out
    shown = json.loads(program.run("plan", "--prune", "-o", "json").out)
    jsonschema.validate(shown, plan_schema())
    assert [(each["cause"], each["location"]) for each in shown["changes"]] == [("prune", None)] * 2
    assert program.run("apply", "--prune").code == 3

    allowed = ("--prune", "--allow-deletes", "2")
    first = program.run("apply", *allowed)
    assert first.code == 0, first.err
    assert "deleted by a later apply, after its time of grace" in first.out
    later = json.loads(program.run("plan", *allowed, "-o", "json").out)
    assert [each["key"] for each in later["retired"]] == ["inference/b", "inference/c"]
    assert program.run("plan", *allowed, "--detailed-exitcode").code == 0

    assert program.run("apply", *allowed, "--prune-grace", "0s").code == 0
    (left,) = program.ecs.list_services(cluster="inference")["serviceArns"]
    assert left.endswith("/a")


def test_a_folder_without_manifests_prunes_nothing_and_is_1(program: Program) -> None:
    empty = program.run("apply", "--prune")
    assert empty.code == 1
    assert "there is nothing to prune by" in empty.err
    assert f"warning: no manifest in {program.folder}" in program.run("plan").out
