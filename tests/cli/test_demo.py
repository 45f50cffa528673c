"""The demo does what it says, as the installed program."""

from __future__ import annotations

import subprocess
import sys


def test_the_sample_converges_the_intruder_crash_loops_and_the_sample_serves_on() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "glia", "demo"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    lines = [line.partition(" s  ")[2] or line for line in done.stdout.splitlines()]
    steps = [
        "registered task definition ecs-neuron:1",
        "resnet50: 2 of 2 running, 0 pending, 0 failed",
        "(service resnet50) has reached a steady state.",
        "created service intruder",
        "why: Essential container in task exited, exit code 1:",
        "     NRT:nrt_init NeuronCore(s) not available - Requested:nc0-nc3 Available:0",
        "deleted service intruder",
        "intruder: 0 of 0 running, 0 pending, INACTIVE",
    ]
    places = [lines.index(step) for step in steps]
    assert places == sorted(places)
    assert lines[-1] == "resnet50: 2 of 2 running, 0 pending, 0 failed"
    assert not any("intruder: 1 of 2" in line or "intruder: 2 of 2" in line for line in lines)
