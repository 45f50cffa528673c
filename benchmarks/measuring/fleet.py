"""A fleet: its manifests, and a sandbox in which all of it is as the manifests say.

As a process (``fleet.py FOLDER...``) it serves that sandbox until its standard input ends. It
prints where that is, and then a line for each that it reads: ``calls`` counts the calls since
the last look, ``events N`` gives every service that many, ``network N`` has each answer take
that many milliseconds more.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glia.apply import apply
from glia.applying.manner import Manner
from glia.aws import reading
from glia.cli.wanted import offline, wanted
from glia.planning.planner import offline_plan
from glia.sandbox import events
from glia.sandbox.api import Api
from glia.sandbox.clock import ScaledClock
from glia.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.sandbox.arns import Place
    from glia.sandbox.wire_types import Json

EXAMPLE = Path(__file__).parents[2] / "manifests" / "resnet50.yaml"
CLUSTER = """apiVersion: glia/v1alpha1
kind: NeuronCluster
metadata: {{name: fleet-{number}}}
spec: {{region: us-west-2, owner: benchmarks}}
"""
CLUSTERS = 2


def write(folder: Path, services: range) -> Path:
    """One file for each service, of one of two clusters; the folder.

    No replicas: what runs is no part of what a plan reads.
    """
    folder.mkdir(parents=True)
    example = EXAMPLE.read_text().replace("replicas: 2", "replicas: 0")
    for number in services:
        text = example.replace("resnet50", f"model-{number}")
        text = text.replace("cluster: inference", f"cluster: fleet-{number % CLUSTERS}")
        (folder / f"model-{number}.yaml").write_text(text)
    return folder


def write_clusters(path: Path) -> Path:
    path.write_text("---\n".join(CLUSTER.format(number=number) for number in range(CLUSTERS)))
    return path


class Direct:
    """Makes changes in the sandbox without a network between, for seeding."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._api = Api(sandbox.world)
        self._place = sandbox.place

    def play(self, operation: str, request: Mapping[str, Any]) -> Any:
        return self._api.play(operation, self._place, dict(request))

    def register_task_definition(self, request: Mapping[str, Any]) -> str:
        answer = self.play("RegisterTaskDefinition", request)
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def create_service(self, request: Mapping[str, Any]) -> Any:
        return reading.service(self.play("CreateService", request)["service"])


def seed(sandbox: Sandbox, paths: tuple[str, ...]) -> int:
    """Have everything there that the manifests say, made as Glia makes it; how many services."""
    direct: Any = Direct(sandbox)
    state = wanted(paths, offline).state
    for cluster in state.clusters:
        direct.play("CreateCluster", {"clusterName": cluster.name})
    made = apply(
        offline_plan(state),
        lambda _: direct,
        ScaledClock(20),  # it looks every five seconds whether all has been made
        lambda _: None,
        Manner(wait=False),
    )
    failed = [each.message for each in made.outcomes if each.state.name == "FAILED"]
    if failed:
        sys.exit(f"{len(failed)} services could not be made, the first because {failed[0]}")
    return len(made.outcomes)


class Served:
    """A sandbox in another process: its CPU is not that of who is measured."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.environment: dict[str, str] = self._answer()

    def calls(self) -> Counter[str]:
        """Since this was asked last."""
        return Counter(self._ask("calls"))

    def give_events(self, each: int) -> None:
        self._ask(f"events {each}")

    def put_away(self, milliseconds: int) -> None:
        """Have answers be on their way for so long."""
        self._ask(f"network {milliseconds}")

    def _ask(self, line: str) -> Any:
        assert self._process.stdin is not None  # noqa: S101  (piped below)
        print(line, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101  (piped below)
        line = self._process.stdout.readline()
        if not line:
            sys.exit("The sandbox has ended before its time.")
        return json.loads(line)


@contextmanager
def served(*paths: Path) -> Iterator[Served]:
    """Until the block ends."""
    command = [sys.executable, __file__, *map(str, paths)]
    with subprocess.Popen(  # noqa: S603  (this file)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Served(process)
        finally:
            process.kill()


def _serve(paths: tuple[str, ...]) -> None:
    sandbox = Sandbox(ScaledClock())
    seed(sandbox, paths)
    network = _Network()
    with sandbox:
        print(json.dumps(sandbox.environment()), flush=True)
        for line in sys.stdin:
            word, _, number = line.strip().partition(" ")
            if word == "events":
                _give_events(sandbox, int(number))
            if word == "network":
                network.seconds = int(number) / 1000
            calls = Counter(call.operation for call in sandbox.calls)
            sandbox.world.calls.clear()
            print(json.dumps(calls), flush=True)


class _Network:
    """What is between a client and the sandbox, in seconds for each answer."""

    def __init__(self) -> None:
        self.seconds = 0.0
        answer = Api.call

        def late(api: Api, operation: str, place: Place, params: Json) -> str:
            found = answer(api, operation, place, params)
            time.sleep(self.seconds)
            return found

        Api.call = late  # type: ignore[method-assign, assignment]


def _give_events(sandbox: Sandbox, each: int) -> None:
    with sandbox.world.lock:
        for cluster in sandbox.world.region(sandbox.place).clusters.values():
            for service in cluster.services.values():
                while len(service.events) < each:
                    events.steady(sandbox.world, service)


if __name__ == "__main__":
    _serve(tuple(sys.argv[1:]))
