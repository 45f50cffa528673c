"""``glia retry`` finds services by their keys, and says so where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.operator import neuron_service
from support.program import program

if TYPE_CHECKING:
    from support.program import Program

__all__ = ["program"]


def test_a_key_is_told_back_and_an_unknown_one_changes_nothing(program: Program) -> None:
    program.write(neuron_service(replicas=0))
    assert program.run("apply", "--no-wait").code == 0
    done = program.run("retry", "inference/web")
    assert (done.code, done.out) == (0, "inference/web: the next apply tries it again\n")

    begin = len(program.sandbox.calls)
    unknown = program.run("retry", "inference/web", "inference/nobody")
    assert unknown.code == 1
    assert "no service carries the tag glia:key = inference/nobody" in unknown.err
    assert not any(call.operation == "TagResource" for call in program.sandbox.calls[begin:])


def test_a_key_without_a_cluster_is_64(program: Program) -> None:
    done = program.run("retry", "web")
    assert done.code == 64
    assert "write CLUSTER/NAME" in done.err
