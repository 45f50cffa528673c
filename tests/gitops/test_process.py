"""``glia run`` as a process of its own: how it ends, and that the next one goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.git import Origin
from support.operator import CLUSTER, neuron_service
from support.program import Program, program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["program"]

ENDS_WITHIN = 25.0  # less than a call is waited for; a busy machine has time


@contextmanager
def running(environment: dict[str, str], *options: str) -> Iterator[Any]:
    command = [sys.executable, "-m", "glia", "run", *options]
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], Any], within: float = 120) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def ended(process: Any) -> tuple[int, float]:
    """Its exit code, and how long that took."""
    begin = time.monotonic()
    return process.wait(ENDS_WITHIN), time.monotonic() - begin


def test_a_signal_in_the_middle_of_a_rollout_ends_it_and_the_next_run_goes_on(
    program: Program, tmp_path: Path
) -> None:
    origin = Origin(tmp_path / "fleet.git")

    def commit(image: str) -> None:
        manifests = [CLUSTER, neuron_service(image=image)]
        origin.commit({"m/all.yaml": yaml.safe_dump_all(manifests)})

    commit("server:1-never-healthy")
    environment = program.sandbox.environment()
    where = ("--git", origin.url, "--path", "m", "--state", str(tmp_path / "state"))
    options = (*where, "--interval", "1s")

    ecs = program.ecs

    def deployments() -> list[Any]:
        found = ecs.describe_services(cluster="inference", services=["web"])["services"]
        return list(found[0]["deployments"]) if found else []

    with running(environment, *options) as process:
        until(deployments)
        process.send_signal(signal.SIGTERM)
        code, seconds = ended(process)
        told = process.stderr.read()
    assert (code, seconds < ENDS_WITHIN) == (0, True)
    assert "inference/web: create for git: done (RegisterTaskDefinition, CreateService)" in told
    assert "Traceback" not in told
    (begun,) = deployments()

    commit("server:2")
    with running(environment, *options) as process:
        until(lambda: deployments()[0]["taskDefinition"] != begun["taskDefinition"])
        until(lambda: deployments()[0]["rolloutState"] == "COMPLETED")
        process.send_signal(signal.SIGINT)
        code, _ = ended(process)
    assert code == 130
    program.write(neuron_service(image="server:2"))
    assert program.run("plan", "--detailed-exitcode").code == 0


@pytest.fixture
def deaf() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Servers that take every call and answer none."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=50) as one,
        socket.create_server(("127.0.0.1", 0), backlog=50) as other,
    ):
        one.settimeout(120)
        other.settimeout(120)
        yield one, other


def test_a_call_that_is_not_answered_does_not_keep_it_from_ending(
    program: Program, deaf: tuple[socket.socket, socket.socket]
) -> None:
    """A second signal does not even wait for the answer."""
    program.write(neuron_service())
    environment = program.sandbox.environment()
    theirs = [
        {**environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{each.getsockname()[1]}"}
        for each in deaf
    ]
    where = ("--dir", str(program.folder))
    with running(theirs[0], *where) as patient, running(theirs[1], *where) as impatient:
        calls = [server.accept()[0] for server in deaf]
        for call, process in zip(calls, (patient, impatient), strict=True):
            assert call.recv(1), "it is in flight"
            process.send_signal(signal.SIGTERM)
        while impatient.poll() is None:  # a signal that comes before the first is seen is the same
            time.sleep(0.2)
            impatient.send_signal(signal.SIGTERM)
        assert impatient.returncode == -signal.SIGTERM
        code, seconds = ended(patient)
        for call in calls:
            call.close()
    assert (code, seconds < ENDS_WITHIN) == (0, True)


def test_a_kustomization_that_takes_its_time_does_not_keep_it_from_ending(
    program: Program, tmp_path: Path
) -> None:
    started, tool = tmp_path / "started", tmp_path / "bin" / "kubectl"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\ntouch {started}\nexec sleep 60\n")
    tool.chmod(0o700)
    (program.folder / "kustomization.yaml").write_text("resources: [all.yaml]")
    program.write(neuron_service())
    path = f"{tool.parent}:{os.environ['PATH']}"
    environment = {**program.sandbox.environment(), "PATH": path}
    with running(environment, "--dir", str(program.folder), "--once") as process:
        until(started.exists, within=120)
        process.send_signal(signal.SIGTERM)
        code, seconds = ended(process)
    assert (code, seconds < ENDS_WITHIN) == (0, True)


def test_once_compares_and_changes_everything_and_ends(program: Program) -> None:
    program.write(neuron_service())
    done = program.run("run", "--dir", str(program.folder), "--once")
    assert (done.code, done.out) == (0, "")
    assert "create for git: done" in done.err
    program.run("apply")
    again = program.run("run", "--dir", str(program.folder), "--once")
    assert again.code == 0
    assert "changed" not in again.err, again.err
    program.write()
    (program.folder / "empty.yaml").touch()
    blocked = program.run("run", "--dir", str(program.folder), "--once", "--prune")
    assert blocked.code == 3, blocked.err
    assert "no manifest was found in" in blocked.err
    (program.folder / "wrong.yaml").write_text("kind: NeuronServices\n")
    assert program.run("run", "--dir", str(program.folder), "--once").code == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--once",), "--dir"),
        (("--dir", ".", "--shard", "3/3"), "0/3, 1/3 and 2/3"),
        (("--dir", ".", "--interval", "0s"), "no time at all"),
        (("--dir", ".", "--read-share", "0"), "--read-share"),
    ],
)
def test_what_cannot_be_meant_is_said(
    program: Program, options: tuple[str, ...], said: str
) -> None:
    done = program.run("run", *options)
    assert done.code == 64
    assert said in done.err
