"""``glia run`` as a process of its own, beside a sandbox and a git server in this process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import yaml

from gitops.invariants import Run, check, unowned
from glia.sandbox.clock import ScaledClock
from glia.sandbox.operations.services import OPERATIONS as SERVICES
from glia.sandbox.operations.table import OPERATIONS
from glia.sandbox.sandbox import Sandbox
from support.git import GitServer, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from glia.sandbox.operations.request import Request
    from glia.sandbox.wire_types import Json

GLIA = str(Path(sys.executable).with_name("glia"))
FASTER = Path(__file__).with_name("faster.py")
SPEED = 200.0  # of the sandbox
LOOPS_SPEED = 10.0  # the loop looks at a rollout every five seconds of its own time
INTERVAL = 5
GRACE_SECONDS = 5
CONDITION = re.compile(
    r"^\S+Z (\S+/\S+): (not Ready|Ready|Reconciling|Stalled) \((\w+)\)", re.MULTILINE
)
PRUNED = re.compile(r"^\S+Z (\S+/\S+): \w+ for prune", re.MULTILINE)
SECRET = "q7Zr0Lw2XcV9bNm4KjH8gFd1SaP6oIu5"


@dataclass
class Installed:
    """A fleet in git, ECS, and the loop between them.

    Attributes:
        manifests: what the last commit says, by file; text where it is no YAML.
        log: everything that the loop's processes have said.
        by_hand: calls that somebody beside the loop has made.
        begins: when each process began, on the sandbox's clock.
        since: the moment from which the loop's time runs faster.
        silent_since: when the grace of the last SIGTERM was over, on the same clock.
    """

    sandbox: Sandbox
    origin: Origin
    server: GitServer
    url: str
    folder: Path
    manifests: dict[str, Any] = field(default_factory=dict)
    by_hand: list[tuple[str, str]] = field(default_factory=list)
    begins: list[float] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None
    since: float = field(default_factory=time.time)
    silent_since: float = float("inf")
    _before: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def remember(self) -> None:
        """What is there now is not Glia's, and is to stay as it is."""
        self._before = unowned(self.sandbox)

    def commit(self, **files: Any) -> str:
        """Each a file of one manifest, or text, or gone."""
        self.manifests = {
            name: what for name, what in {**self.manifests, **files}.items() if what is not None
        }
        texts = {
            f"m/{name}.yaml": yaml.safe_dump(what) if isinstance(what, dict) else what
            for name, what in files.items()
        }
        return self.origin.commit(texts)

    def hand(self, operation: str, **members: Any) -> Any:
        """Somebody calls ECS, and it is noted whose call that was."""
        words = re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower()
        self.by_hand.append((operation, str(members.get("service", ""))))
        return getattr(self.ecs, words)(**members)

    @property
    def ecs(self) -> Any:
        place = {"endpoint_url": self.sandbox.url, "region_name": "us-west-2"}
        keys = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
        return boto3.client("ecs", **place, **keys)

    def start(self) -> None:
        """Another process of the loop, on the same state directory."""
        self.begins.append(self.sandbox.world.clock.now())
        where = ["--git", self.url, "--path", "m", "--state", str(self.folder / "state")]
        glia = [sys.executable, str(FASTER), str(self.since), str(LOOPS_SPEED)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*glia, "run", *where, "--interval", f"{INTERVAL}s"],
                env={**os.environ, **self.sandbox.environment()},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """It has no chance to do anything about it."""
        if self.process is not None:
            self.process.kill()

    def end(self) -> None:
        """SIGTERM; what it is at has five seconds."""
        assert self.process is not None
        self.process.terminate()
        self.silent_since = self.sandbox.world.clock.now() + GRACE_SECONDS * SPEED
        assert self.process.wait(60) == 0

    def until(self, condition: Callable[[], Any], within: float = 120) -> None:
        end = time.monotonic() + within
        while not condition():
            assert time.monotonic() < end, f"it did not come to pass\n{self.log}"
            time.sleep(0.03)

    def said(self, words: str, *, since: int = 0) -> bool:
        """Whether a line of the log, from that character on, matches."""
        return re.search(words, self.log[since:]) is not None

    def conditions(self) -> dict[str, str]:
        """The reason of every service that is not Ready, as the log told it last."""
        last = {key: (kind, reason) for key, kind, reason in CONDITION.findall(self.log)}
        return {key: reason for key, (kind, reason) in last.items() if kind != "Ready"}

    def is_ready(self, name: str, image: str) -> bool:
        """Whether ECS has completed that image, and Glia has said so of this deployment."""
        service = self.sandbox.cluster.services.get(name)
        if service is None or service.status != "ACTIVE":
            return False
        found = service.primary.definition.spec["containerDefinitions"][0]["image"]
        key = f"inference/{name}"
        is_told = key not in self.conditions() and key in self.log
        return found == image and service.primary.rollout_state == "COMPLETED" and is_told

    def passes(self, count: int = 1) -> None:
        """Wait for so many whole sweeps: each describes services once at least."""
        since = len(self.sandbox.calls)

        def swept() -> bool:
            new = self.sandbox.calls[since:]
            return sum(each.operation == "DescribeServices" for each in new) >= count + 1

        self.until(swept)

    def holds(self, *, ready: tuple[str, ...], output: str = "", unused: int = 0) -> None:
        """The ten invariants, once the loop has told of those that are to be Ready."""
        assert self.process is not None
        ends = self.silent_since < float("inf")
        if not ends:
            told = {f"inference/{name}" for name in ready}
            self.until(lambda: told.isdisjoint(self.conditions()))
        log = self.log
        run = Run(
            [each for each in self.manifests.values() if isinstance(each, dict)],
            conditions=self.conditions(),
            pruned=set(PRUNED.findall(log)),
            by_hand=tuple(self.by_hand),
            unused=unused,
            output=log + output,
            secrets=[SECRET],
            alive=None if ends else self.process.poll() is None,
            silent_since=self.silent_since,
            restarts=self.begins,
            speed=SPEED / LOOPS_SPEED,
            unaffected=ready,
        )
        check(self.sandbox, run, self._before, self.passes if not ends else lambda: None)


@contextmanager
def installed(folder: Path, *, over_http: bool) -> Iterator[Installed]:
    """One with six inf1.xlarge, and a service in it that nobody has asked Glia to keep."""
    (folder / "git").mkdir()
    origin = Origin(folder / "git" / "fleet.git")
    with (
        Sandbox(ScaledClock(SPEED), instances=[("inf1.xlarge", 6)], strict=True) as sandbox,
        GitServer(folder / "git").serving() as server,
    ):
        url = f"{server.url}/fleet.git" if over_http else origin.url
        made = Installed(sandbox, origin, server, url, folder)
        container = {"name": "server", "image": "theirs:1", "memoryReservation": 100}
        made.hand("RegisterTaskDefinition", family="theirs", containerDefinitions=[container])
        made.hand(
            "CreateService",
            cluster="inference",
            serviceName="theirs",
            taskDefinition="theirs",
            desiredCount=0,
        )
        made.until(lambda: sandbox.cluster.services["theirs"].steady)
        made.remember()
        try:
            yield made
        finally:
            if made.process is not None:
                made.kill()
                made.process.wait()


def between(
    monkeypatch: pytest.MonkeyPatch, operation: str, answer: Callable[[Request, Any], Json]
) -> None:
    """Let an operation of ECS's be answered by somebody else, who has the real one."""
    real = SERVICES.get(operation) or OPERATIONS[operation]
    monkeypatch.setitem(OPERATIONS, operation, lambda request: answer(request, real))
