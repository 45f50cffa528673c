"""The demo's loop: a repository, what somebody commits to it, and what the loop makes of that.

The loop is the one of ``glia run``, and what is shown are its own events.
"""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from random import Random
from typing import TYPE_CHECKING, Final

import click

from glia.cli.demo_shell import INDENT, NotAsTold, say
from glia.cli.online import Online
from glia.reconciler import Reconciler, Settings
from glia.reconciling.requeue import Pace
from glia.render.events_text import event_text
from glia.sandbox.demo import LOOPED
from glia.source.git.place import Place
from glia.source.git.source import GitSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from glia.clock import Clock
    from glia.events import Event

WIDTH: Final = 96
PATIENCE_SECONDS: Final = 3600.0  # of ECS's time: 24 of real time
PACE: Final = Pace(interval=20, sweep=20)
GRACE_SECONDS: Final = 30
FLEET: Final = f"""\
apiVersion: glia/v1alpha1
kind: NeuronCluster
metadata: {{name: {LOOPED}}}
spec: {{region: us-west-2, owner: demo, prune: true, pruneGraceSeconds: {GRACE_SECONDS}}}
"""
SERVICE: Final = """\
apiVersion: glia/v1alpha1
kind: NeuronService
metadata: {{name: {name}}}
spec:
  cluster: {cluster}
  neuron: {{instanceType: inf1.xlarge, devices: all}}
  replicas: 1
  taskDefinition:
    containerDefinitions:
      - {{name: server, image: "{name}:{version}", memoryReservation: 1000}}
"""


def is_possible() -> bool:
    """Whether there is a git to commit with."""
    return shutil.which("git") is not None


def manifest(name: str, version: int) -> str:
    return SERVICE.format(name=name, version=version, cluster=LOOPED)


class Repository:
    """A bare repository; commits are made without a work tree."""

    def __init__(self, folder: Path) -> None:
        self.url = f"file://{folder}"
        self._folder = folder
        self._commits = 0
        self._git("init", "--quiet", "--bare", "--template=", "--initial-branch=main")

    def commit(self, message: str, files: Mapping[str, str | None]) -> str:
        """Change these files, or delete those that have no text; the commit's hash."""
        click.echo(f"\n{INDENT}commit: {message}")
        parent = ["from refs/heads/main^0"] if self._commits else []
        self._commits += 1
        head = [
            "commit refs/heads/main",
            f"committer Ada <ada@example.com> {1_700_000_000 + self._commits} +0000",
            f"data {len(message)}",
            message,
            *parent,
        ]
        stream = "\n".join([*head, *(_change(name, text) for name, text in files.items()), ""])
        self._git("fast-import", "--quiet", stdin=stream)
        return self._git("rev-parse", "refs/heads/main")

    def _git(self, *arguments: str, stdin: str = "") -> str:
        alone = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": "/nowhere"}
        done = subprocess.run(  # noqa: S603  (no shell; arguments are ours)
            [shutil.which("git") or "git", f"--git-dir={self._folder}", *arguments],
            input=stdin,
            capture_output=True,
            env=alone,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotAsTold(f"git {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout.strip()


def _change(name: str, text: str | None) -> str:
    path = f"manifests/{name}.yaml"
    if text is None:
        return f"D {path}"
    return f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}"


class Loop:
    """The loop over that repository; time passes in ``until``, in which it tells what it does."""

    def __init__(self, repository: Repository, state: Path, clock: Clock) -> None:
        self._clock = clock
        online = Online(None, clock)
        source = GitSource(Place.parse(repository.url, "main", "manifests"), state, clock)
        self._loop = Reconciler(
            source, online.of, online.instance_types, clock, _tell, Settings(PACE), Random(1)
        )

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        """Go on until it holds.

        Raises:
            NotAsTold: it has not come to hold.
        """
        end = self._clock.now() + PATIENCE_SECONDS
        while not holds():
            if self._clock.now() > end:
                raise NotAsTold(f"in {PATIENCE_SECONDS:.0f} seconds it did not come to be: {what}")
            self._loop.step()
            self._clock.sleep(1)

    def pass_time(self, seconds: float) -> None:
        """Go on for that long."""
        end = self._clock.now() + seconds
        self.until("time passes", lambda: self._clock.now() >= end)

    def is_ready(self, name: str, commit: str) -> bool:
        """Whether a service is Ready with what that commit says."""
        key = f"{LOOPED}/{name}"
        return any(
            each.key == key
            and each.applied == commit
            and any((of.type, of.status) == ("Ready", "True") for of in each.conditions)
            for each in self._loop.status().services
        )

    def stalled(self, name: str) -> str:
        """The reason for which a service goes nowhere; empty where it is not Stalled."""
        reasons = (
            of.reason
            for each in self._loop.status().services
            for of in each.conditions
            if each.key == f"{LOOPED}/{name}" and (of.type, of.status) == ("Stalled", "True")
        )
        return next(reasons, "")

    def end(self) -> None:
        """Nothing of it is under way any more.

        Raises:
            NotAsTold: it has met a bug, or does not end.
        """
        if not self._loop.finish(5) or self._loop.status().bugs:
            raise NotAsTold("the loop has met a bug, or does not end")


def _tell(event: Event) -> None:
    if event.about.level != "debug":
        for line in event_text(event).splitlines():
            _, _, said = line.partition("Z ")
            for part in textwrap.wrap(said or line, WIDTH - 4, subsequent_indent="  "):
                say(part)
