"""``glia sandbox`` as a process of its own."""

from __future__ import annotations

import json
import re
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import boto3
import pytest

from glia.cli.main import main
from support.requests import task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GLIA = (sys.executable, "-m", "glia")
READY_WITHIN = 3.0  # the target, shown beside what it took
PATIENCE = 60.0  # real seconds: a machine may be busy


class Process:
    """A running sandbox and what it has printed."""

    def __init__(self, popen: subprocess.Popen[str], printed: list[str], seconds: float) -> None:
        self.popen = popen
        self.printed = printed
        self.seconds = seconds
        self.ready: dict[str, Any] = json.loads(printed[-1].removeprefix("# "))

    @property
    def port(self) -> int:
        return int(self.ready["url"].rpartition(":")[2])

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.ready["url"],
            region_name=self.ready["region"],
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
        )


@contextmanager
def running(*options: str) -> Iterator[Process]:
    begin = time.monotonic()
    popen = subprocess.Popen(
        [*GLIA, "sandbox", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    with popen:
        try:
            assert popen.stdout is not None
            printed = _until_ready(popen.stdout, begin + PATIENCE)
            yield Process(popen, printed, time.monotonic() - begin)
        finally:
            popen.kill()


def _until_ready(stdout: IO[str], deadline: float) -> list[str]:
    lines: list[str] = []
    while not lines or not lines[-1].startswith("# "):
        # All lines are written at once: if any can be read, so can the last.
        if not lines:
            assert select.select([stdout], [], [], deadline - time.monotonic())[0], "not in time"
        line = stdout.readline()
        assert line, "it ended"
        lines.append(line.rstrip("\n"))
    return lines


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def refused(*options: str) -> str:
    """What ``glia sandbox`` says when it refuses its options, in one line."""
    ended = _run(*GLIA, "sandbox", *options)
    assert ended.returncode == 64, ended.stderr
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def test_it_is_ready_soon_and_says_so_for_shells_and_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running("--port", "0", "--cluster", "models", "--region", "eu-west-1") as process:
        with capsys.disabled():
            sys.stdout.write(f" [ready after {process.seconds:.2f} s, target {READY_WITHIN:g}] ")
        printed = tmp_path / "sandbox.env"
        printed.write_text("\n".join(process.printed) + "\n")
        production = ("AWS_PROFILE=production", "AWS_ENDPOINT_URL_ECS=https://ecs.example")
        source = ("/bin/sh", "-c", f". {printed}; env")
        environment = _run("/usr/bin/env", "-i", *production, *source).stdout
        assert process.ready == {
            "ready": True,
            "url": f"http://127.0.0.1:{process.port}",
            "cluster": "models",
            "region": "eu-west-1",
            "pid": process.popen.pid,
        }
        assert {line for line in environment.splitlines() if line.startswith("AWS_")} == {
            f"AWS_ENDPOINT_URL={process.ready['url']}",
            "AWS_ACCESS_KEY_ID=sandbox",
            "AWS_SECRET_ACCESS_KEY=sandbox",
            "AWS_REGION=eu-west-1",
            "AWS_DEFAULT_REGION=eu-west-1",
        }
        (cluster,) = process.client("ecs").describe_clusters(clusters=["models"])["clusters"]
        assert cluster["registeredContainerInstancesCount"] == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_port_is_free_again(number: signal.Signals) -> None:
    with running("--port", "0") as process:
        process.client("ecs").list_clusters()  # a connection that is kept alive must not hold it
        process.popen.send_signal(number)
        assert process.popen.wait(timeout=PATIENCE) == 0
        assert process.popen.stderr is not None
        assert process.popen.stderr.read() == ""
        socket.create_server(("127.0.0.1", process.port)).close()


def test_with_speed_a_service_is_stable_within_seconds() -> None:
    with running("--port", "0", "--speed", "100") as process:
        ecs = process.client("ecs")
        ecs.register_task_definition(**task_definition())
        ecs.create_service(
            cluster="inference", serviceName="web", taskDefinition="server", desiredCount=2
        )
        ecs.get_waiter("services_stable").wait(
            cluster="inference", services=["web"], WaiterConfig={"Delay": 0, "MaxAttempts": 1000}
        )
        begin = time.monotonic()
        while _rollout(ecs) != "COMPLETED":  # 40 seconds of its time: 0.4 of ours
            assert time.monotonic() - begin < 30
        (service,) = ecs.describe_services(cluster="inference", services=["web"])["services"]
        assert service["runningCount"] == 2


def _rollout(ecs: Any) -> str:
    (service,) = ecs.describe_services(cluster="inference", services=["web"])["services"]
    state: str = service["deployments"][0]["rolloutState"]
    return state


def test_a_port_in_use_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused("--port", str(port)) == (
            f"glia: port {port} cannot be used (Address already in use); "
            "name another one, or let --port 0 pick one\n"
        )


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--instances", "inf1.xlrge=2"], "did you mean inf1.xlarge"),
        (["--instances", "quantum"], "Neuron types: inf1.xlarge, "),
        (["--instances", "inf1.xlarge=many"], "expected TYPE=NUMBER"),
        (["--instances", "inf1.xlarge=-1"], "expected TYPE=NUMBER"),
        (["--instances", "=2"], "expected TYPE=NUMBER"),
        (["--instances", "inf1.xlarge=5000,inf2.xlarge"], "at most 5000"),
        (["--fault", "CreateService"], "for example RegisterTaskDefinition:2=ThrottlingException"),
        (["--fault", "CreateService=lots"], "or =lost"),
        (["--fault", "CreateServices=lost"], "did you mean CreateService"),
        (["--fault", "Quantum=lost"], "plays no operation 'Quantum'"),
        (["--fault", "CreateService:0=lost"], "calls count from 1"),
        (["--fault", "CreateService:5-2=lost"], "does not run backwards"),
        (["--speed", "0"], "more than 0"),
        (["--speed", "nan"], "more than 0"),
        (["--speed", "inf"], "at most 1000000"),
        (["--region", "us_west_2"], "a name such as us-west-2"),
        (["--cluster", "two words"], "--cluster 'two words': Cluster name contains invalid"),
        (["--cluster", ""], "--cluster needs a name"),
    ],
)
def test_what_does_not_fit_is_refused_with_advice(
    options: list[str], advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sandbox", "--port", "0", *options]) == 64
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert advice in said.err


@pytest.mark.parametrize("package", ["moto", "flask", "flask_cors"])
def test_without_its_packages_it_says_how_to_install_them(package: str) -> None:
    program = (
        f"import sys; sys.modules[{package!r}] = None; from glia.cli.main import main; "
        "sys.exit(main(['sandbox', '--port', '0']))"
    )
    ended = _run(sys.executable, "-c", program)
    assert ended.returncode == 64
    assert re.fullmatch(
        rf"glia: the sandbox needs packages that are not installed \({package}\S* is missing\); "
        r"install them with: pip install 'glia-ecs\[sandbox\]'\n",
        ended.stderr,
    ), ended.stderr
