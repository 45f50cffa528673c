"""``glia restart`` against a sandbox: exit codes, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from glia.sandbox.faults import Fault
from support.operator import neuron_service
from support.program import program

if TYPE_CHECKING:
    from support.program import Program

__all__ = ["program"]


def test_new_tasks_are_0_and_a_refusal_is_1_with_what_was_done_before(program: Program) -> None:
    services = (neuron_service("a", replicas=1), neuron_service("b", replicas=1))
    assert program.write(*services).run("apply").code == 0
    done = program.run("restart", "inference/a", "inference/b")
    assert done.code == 0, done.err
    program.sandbox.faults.rewrite(Fault("UpdateService", "AccessDeniedException", 2, 2))
    refused = program.run("restart", "inference/a", "inference/b")
    assert refused.code == 1
    assert "done    restart  inference/a" in refused.out
    assert "failed  restart  inference/b" in refused.out
    assert "AccessDeniedException" in refused.out


def test_ctrl_c_is_130_and_says_what_is_left(program: Program) -> None:
    services = (neuron_service("a", replicas=1), neuron_service("b", replicas=1))
    assert program.write(*services).run("apply").code == 0
    with subprocess.Popen(
        [sys.executable, "-m", "glia", "restart", "inference/a", "inference/b"],
        env={**os.environ, **program.sandbox.environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert "inference/a" in line
        while "rolling out" not in line:
            line = process.stderr.readline()
            assert line, "it ended before it waited"
        process.send_signal(signal.SIGINT)
        shown, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "changed, not waited for" in shown
    assert "not started" in shown
    assert "Traceback" not in told
