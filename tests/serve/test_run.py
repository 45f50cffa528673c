"""``glia run`` with everybody who listens to it, as a process of its own."""

from __future__ import annotations

import json
import os
import re
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
from support.github import forge
from support.operator import CLUSTER, neuron_service
from support.web import ask, mailbox, push

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.program import Program

SECRET = "b6e6fbd19d2c4a9f8d5b3f1a7c0e2d4f"
ENDS_WITHIN = 25.0  # less than a call is waited for; a busy machine has time


@contextmanager
def running(program: Program, folder: Path, *options: str, **variables: str) -> Iterator[Any]:
    """The loop; what it logs goes into a file."""
    environment = {**os.environ, **program.sandbox.environment(), **variables}
    command = [sys.executable, "-m", "glia", "run", *options]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(command, env=environment, stderr=log, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def listening(folder: Path) -> int:
    """The port, once it is known."""
    end = time.monotonic() + 120
    while not (found := re.search(r"listening on port (\d+)", (folder / "log").read_text())):
        assert time.monotonic() < end, (folder / "log").read_text()
        time.sleep(0.02)
    return int(found[1])


def until_ready(port: int) -> None:
    end = time.monotonic() + 120
    while ask(port, "/readyz").status != 200:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_push_is_applied_at_once_and_everybody_is_told(program: Program, tmp_path: Path) -> None:
    """The interval alone would take an hour."""
    origin = Origin(tmp_path / "fleet.git")
    told = tmp_path / "told"
    told.write_text(SECRET)

    def commit(*services: dict[str, Any]) -> str:
        return origin.commit({"m/all.yaml": yaml.safe_dump_all([CLUSTER, *services])})

    first = commit(neuron_service(replicas=1))
    with forge() as there, mailbox() as box:
        options = (
            *("--git", origin.url, "--path", "m", "--state", str(tmp_path / "state")),
            *("--interval", "1h", "--sweep", "1s", "--listen", "127.0.0.1:0"),
            *("--log-format", "json", "--webhook-secret-file", str(told)),
            *("--github", "acme/fleet", "--github-url", there.url),
        )
        secrets = {"GLIA_NOTIFY_URL": f"{box.url}/{SECRET}", "GLIA_NOTIFY_SECRET": SECRET}
        with running(program, tmp_path, *options, **secrets, GITHUB_TOKEN=SECRET) as process:
            port = listening(tmp_path)
            until_ready(port)
            second = commit(neuron_service(replicas=2), {"kind": "NeuronServices"})
            assert push(port, SECRET, b'{"ref": "refs/heads/main"}').status == 202
            end = time.monotonic() + 120
            while json.loads(ask(port, "/status").body)["source"]["revision"] != second:
                assert time.monotonic() < end
                time.sleep(0.05)
            while not any(each["sha"] == second for each in there.statuses):
                assert time.monotonic() < end
                time.sleep(0.05)
            shown = ask(port, "/metrics").text + ask(port, "/status").text
            process.send_signal(signal.SIGTERM)
            assert process.wait(ENDS_WITHIN) == 0
        log = (tmp_path / "log").read_text()
        lines = [json.loads(line) for line in log.splitlines()]
        posted = [json.loads(body) for _, body in box.got]
    assert {"glia.revision_fetched", "glia.change_told"} <= {each["event"] for each in posted}
    assert [each["revision"] for each in posted if each["event"] == "glia.revision_fetched"] == [
        first,
        second,
    ]
    assert {each["event"] for each in posted} <= {each["event"] for each in lines}
    states = {(each["sha"], each["context"]): each["state"] for each in there.statuses}
    assert states[first, "glia/manifests"] == "success"
    assert states[second, "glia/manifests"] == "failure"
    everything = log + shown + json.dumps(posted) + json.dumps(there.statuses)
    assert SECRET not in everything
    assert "Traceback" not in everything


def test_nobody_who_does_not_answer_keeps_it_from_working_or_ending(
    program: Program, tmp_path: Path
) -> None:
    program.write(neuron_service())
    (tmp_path / "logs").mkdir()
    with socket.create_server(("127.0.0.1", 0), backlog=50) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        options = (
            *("--dir", str(program.folder / "all.yaml"), "--interval", "1s"),
            *("--listen", "127.0.0.1:0", "--github", "acme/fleet", "--github-url", url),
        )
        secrets = {"GLIA_NOTIFY_URL": url, "GLIA_NOTIFY_SECRET": SECRET, "GITHUB_TOKEN": SECRET}
        with running(program, tmp_path / "logs", *options, **secrets) as process:
            port = listening(tmp_path / "logs")
            until_ready(port)
            end = time.monotonic() + 120
            while 'action="CreateService",code="ok"' not in ask(port, "/metrics").text:
                assert time.monotonic() < end
                time.sleep(0.05)
            begin = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(ENDS_WITHIN) == 0
            assert time.monotonic() - begin < ENDS_WITHIN
    assert "create for git: done" in (tmp_path / "logs" / "log").read_text()


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (("--listen", "8080"), {}, "HOST:PORT"),
        (("--listen", "192.0.2.1:0"), {}, "cannot be used (Cannot assign requested address); name"),
        (("--webhook-secret-file", "FILE"), {}, "--listen"),
        (("--listen", "127.0.0.1:0", "--webhook-secret-file", "EMPTY"), {}, "a secret"),
        (("--github", "acme/fleet"), {}, "--github-token-file"),
        (("--github", "acme"), {"GITHUB_TOKEN": "x"}, "owner/name"),
        (
            ("--github", "acme/fleet"),
            {"GITHUB_TOKEN": "x", "GITHUB_API_URL": "https://me:hidden@x"},
            "has a user in it",
        ),
        (("--github", "acme/fleet", "--require-plan"), {"GITHUB_TOKEN": "x"}, "--git URL"),
        (("--require-plan",), {}, "--github OWNER/REPO"),
        (("--plan-by", "planner[bot]"), {}, "--require-plan"),
        ((), {"GLIA_NOTIFY_URL": "http://x"}, "--notify-secret-file"),
        ((), {"GLIA_NOTIFY_URL": "x", "GLIA_NOTIFY_SECRET": "y"}, "https://HOST"),
        (("--log-format", "xml"), {}, "text"),
    ],
)
def test_options_that_cannot_be_meant_are_said_before_anything_is_done(
    program: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    variables: dict[str, str],
    said: str,
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "FILE").write_text("secret")
    (tmp_path / "EMPTY").write_text("")
    found = [str(tmp_path / each) if each in {"FILE", "EMPTY"} else each for each in options]
    done = program.run("run", "--dir", str(tmp_path), *found)
    assert done.code in {1, 64}
    assert said in done.err
    assert "hidden" not in done.err
    assert not program.sandbox.calls
