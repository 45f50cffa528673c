"""``glia`` as a user has it, beside a sandbox whose time runs faster than ours."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml

from glia.aws.clock import SystemClock
from glia.cli.main import main
from glia.sandbox.clock import ScaledClock
from glia.sandbox.sandbox import Sandbox
from support.operator import CLUSTER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPEED = 200
TAKES_PATHS = ("validate", "render", "plan", "apply", "status")


class FastClock(SystemClock):
    """Real time that a signal can cut short, as fast as the sandbox's."""

    def __init__(self, played: ScaledClock) -> None:
        super().__init__()
        self._played = played

    def now(self) -> float:
        return self._played.now()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / self._played.speed)


@dataclass(frozen=True)
class Done:
    """What a run has left behind."""

    code: int
    out: str
    err: str


class Program:
    """Runs commands on a folder of manifests."""

    def __init__(
        self,
        sandbox: Sandbox,
        clock: FastClock,
        folder: Path,
        streams: pytest.CaptureFixture[str],
    ) -> None:
        self.sandbox = sandbox
        self._clock = clock
        self.folder = folder
        self._streams = streams

    @property
    def ecs(self) -> Any:
        place = {"endpoint_url": self.sandbox.url, "region_name": self.sandbox.place.region}
        keys = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
        return boto3.client("ecs", **place, **keys)

    def write(self, *manifests: dict[str, Any], cluster: dict[str, Any] = CLUSTER) -> Program:
        text = yaml.dump_all([cluster, *manifests], Dumper=yaml.CSafeDumper, sort_keys=False)
        (self.folder / "all.yaml").write_text(text)
        return self

    def run(self, name: str, *options: str) -> Done:
        """A command in this process, through the gate that gives it its exit code."""
        paths = [str(self.folder)] if name in TAKES_PATHS else []
        code = main([name, *paths, *options], clock=self._clock)
        told = self._streams.readouterr()
        return Done(code, told.out, told.err)

    @contextmanager
    def started(self, name: str, *options: str) -> Iterator[subprocess.Popen[str]]:
        """A command in a process of its own, on real time."""
        with subprocess.Popen(
            [sys.executable, "-m", "glia", name, str(self.folder), *options],
            env={**os.environ, **self.sandbox.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Program]:
    """One beside a sandbox with two inf1.xlarge."""
    clock = ScaledClock(SPEED)
    with Sandbox(clock, instances=[("inf1.xlarge", 2)], strict=True) as sandbox:
        for name, value in sandbox.environment().items():
            monkeypatch.setenv(name, value)
        yield Program(sandbox, FastClock(clock), tmp_path, capsys)
