"""Glia at work on a sandbox, in one process and on one driven clock."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from glia.apply import apply
from glia.applying.manner import Manner
from glia.aws.clock import Interrupted
from glia.cli.online import Online
from glia.cli.prepared import prepared
from glia.outcome import State
from glia.planning.allowances import NOTHING, Allowances
from glia.sandbox.operations.tags import tagged
from glia.tags import ON_SERVICE, ON_TASK_DEFINITION, PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from glia.clock import Clock
    from glia.outcome import Outcome
    from glia.plan import Plan
    from support.driver import Driver

MUTATING = ("Create", "Delete", "Deregister", "Put", "Register", "Run", "Tag", "Untag", "Update")
CLUSTER: dict[str, Any] = {
    "apiVersion": "glia/v1alpha1",
    "kind": "NeuronCluster",
    "metadata": {"name": "inference"},
    "spec": {"region": "us-west-2", "owner": "tests"},
}


def neuron_cluster(name: str, **spec: Any) -> dict[str, Any]:
    """A manifest of a cluster in us-west-2 whose owner is ``tests``, unless told otherwise."""
    return {**CLUSTER, "metadata": {"name": name}, "spec": {**CLUSTER["spec"], **spec}}


def neuron_service(
    name: str = "web", *, image: str = "server:1", replicas: int | None = 2, **spec: Any
) -> dict[str, Any]:
    """A manifest of whole inf1.xlarge; members of ``spec`` may be replaced by name."""
    container = {"name": "server", "image": image, "memoryReservation": 1000}
    made: dict[str, Any] = {
        "cluster": "inference",
        "neuron": {"instanceType": "inf1.xlarge", "devices": "all"},
        "taskDefinition": {"containerDefinitions": [container]},
        **({} if replicas is None else {"replicas": replicas}),
        **spec,
    }
    return {
        "apiVersion": "glia/v1alpha1",
        "kind": "NeuronService",
        "metadata": {"name": name},
        "spec": made,
    }


class CutShort:
    """A clock on which whoever waits is interrupted at a moment, as Ctrl-C does it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.now() + seconds

    def now(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        left = self._end - self.now()
        if left > 0:
            self._clock.sleep(min(seconds, left))
        if self.now() >= self._end:
            raise Interrupted

    def worker(self) -> AbstractContextManager[None]:
        return self._clock.worker()

    def away(self) -> AbstractContextManager[None]:
        return self._clock.away()


class Operator:
    """Writes manifests into a folder, plans and applies them as the commands do."""

    def __init__(self, driver: Driver, folder: Path) -> None:
        self.driver = driver
        self.folder = folder
        self.told: list[Outcome] = []

    def write(
        self,
        *manifests: dict[str, Any],
        file: str = "all.yaml",
        clusters: tuple[dict[str, Any], ...] = (CLUSTER,),
    ) -> Operator:
        documents = [*clusters, *manifests] if file == "all.yaml" else list(manifests)
        (self.folder / file).write_text(
            yaml.dump_all(documents, Dumper=yaml.CSafeDumper, sort_keys=False)
        )
        return self

    def plan(self, **allowed: Any) -> Plan:
        return prepared((str(self.folder),), self.online(), self._allowed(allowed)).plan

    def apply(
        self,
        *,
        wait: bool = True,
        timeout: float | None = None,
        clock: Clock | None = None,
        errors: bool = False,
        **allowed: Any,
    ) -> dict[str, Outcome]:
        """The outcomes, by lane; ``errors`` says whether the plan has some."""
        online = self.online(clock)
        plan = prepared((str(self.folder),), online, self._allowed(allowed)).plan
        assert bool(plan.errors) == errors, plan.errors
        outcomes = apply(plan, online.of, online.clock, self.told.append, Manner(wait, timeout))
        return {outcome.lane: outcome for outcome in outcomes}

    def converge(self, *manifests: dict[str, Any], **allowed: Any) -> None:
        """Write manifests, if any, and apply until all is done."""
        if manifests:
            self.write(*manifests)
        found = self.apply(**allowed)
        assert {each.state for each in found.values()} <= {State.DONE}, found

    def online(self, clock: Clock | None = None) -> Online:
        """Fresh each time, as each command starts fresh."""
        return Online(None, clock or self.driver.clock)

    def calls_of(self, *, since: int = 0) -> Counter[str]:
        return Counter(call.operation for call in self.driver.sandbox.calls[since:])

    @contextmanager
    def changing(self) -> Iterator[Counter[str]]:
        """Count the calls inside the block that change something; complete when it has ended."""
        begin, found = len(self.driver.sandbox.calls), Counter[str]()
        yield found
        made = self.calls_of(since=begin)
        found.update({name: made[name] for name in made if name.startswith(MUTATING)})

    def tags(self, name: str = "web") -> dict[str, str]:
        shown = self.driver.describe(name, include=["TAGS"])["tags"]
        return {tag["key"]: tag["value"] for tag in shown}

    def fewest_running(self, name: str = "web", *, since: float) -> int:
        """The lowest number of replicas that ran at any moment since, by their tasks' own times."""
        spans: list[tuple[float, float]] = [
            (task["startedAt"].timestamp(), _end(task))
            for status in ("RUNNING", "STOPPED")
            for task in self.driver.tasks(name, status)
            if "startedAt" in task
        ]
        moments = [since, *(end for _, end in spans if since <= end <= self.driver.clock.now())]
        return min(sum(begin <= at < end for begin, end in spans) for at in moments)

    def _allowed(self, allowed: dict[str, Any]) -> Allowances:
        return Allowances(**allowed) if allowed else NOTHING


def _end(task: dict[str, Any]) -> float:
    """When a task was told to stop, or ended by itself."""
    ends: list[float] = [
        task[name].timestamp() for name in ("stoppingAt", "stoppedAt") if name in task
    ]
    return min(ends, default=float("inf"))


def fields(plan: Plan) -> dict[str, tuple[Any, Any]]:
    """What the only change of a plan changes: old and new values by path."""
    (change,) = plan.changes
    return {each.path: (each.old, each.new) for each in change.fields}


def is_empty(plan: Plan) -> bool:
    """Nothing to do, nothing in the way."""
    return not (plan.changes or plan.held or plan.errors)


@pytest.fixture
def make_operator(
    make_driver: Callable[..., Driver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Operator]]:
    """Make an operator of a sandbox with these options.

    Whatever the test has had Glia do, its tags are among those that manifests leave room for.
    """
    made: list[Driver] = []

    def make(*instances: tuple[str, int], **options: Any) -> Operator:
        driver = make_driver(*instances, **options)
        made.append(driver)
        for name, value in driver.sandbox.environment().items():
            monkeypatch.setenv(name, value)
        return Operator(driver, tmp_path)

    yield make
    for driver in made:
        for arn, tags in tagged(driver.sandbox.world.region(driver.sandbox.place)):
            own = {key for key in tags if key.startswith(PREFIX)}
            assert ":service/" not in arn or own <= ON_SERVICE, arn
            assert ":task-definition/" not in arn or own <= ON_TASK_DEFINITION, arn


@pytest.fixture
def operator(make_operator: Callable[..., Operator]) -> Operator:
    """One with two inf1.xlarge."""
    return make_operator()
