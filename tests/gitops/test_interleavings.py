"""Commits, other people's hands, faults, deaths and a second loop, in any order: ten invariants."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops.crashes import Process
from gitops.invariants import Run, check, unowned
from gitops.looped import Loop, Repository
from glia.events import ChangeTold, LoopFailed
from glia.outcome import State
from glia.reconciler import Settings
from glia.reconciling.requeue import Pace
from glia.sandbox.faults import LOST, Fault
from glia.sandbox.world import Pace as SandboxPace
from support.operator import neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from support.operator import Operator

NAMES = ("a", "b", "c")
WRITES = (
    "RegisterTaskDefinition",
    "CreateService",
    "UpdateService",
    "TagResource",
    "DeleteService",
    "DescribeServices",
)
EFFECTS = (LOST, "ThrottlingException", "ServerException", "AccessDeniedException")
CLUSTER = neuron_cluster("inference", prune=True, pruneGraceSeconds=5)
OFTEN = Settings(Pace(interval=15, sweep=20, patience=120))
WRONG = "wrong"
QUICK = SandboxPace(healthy=1, provisioning=0, pull=0, start=0)
LONGEST_SECONDS = 1200

COMMITS = st.tuples(
    st.just("commit"),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from([1, 2, 3, None, WRONG]), min_size=1),
)
HANDS = st.tuples(st.just("hand"), st.sampled_from(NAMES), st.sampled_from(["count", "image"]))
FAULTS = st.tuples(
    st.just("fault"), st.sampled_from(WRITES), st.sampled_from(EFFECTS), st.integers(1, 3)
)
DEATHS = st.tuples(st.just("die"), st.integers(0, 5), st.sampled_from(["before", "after"]))
TWINS = st.tuples(st.just("twin"))
STEPS = st.lists(st.one_of(COMMITS, COMMITS, HANDS, FAULTS, DEATHS, TWINS), min_size=3, max_size=8)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


class History:
    """What happens to one fleet of services; their names are this history's alone."""

    def __init__(self, operator: Operator, folder: Path, number: int) -> None:
        self.operator, self.sandbox = operator, operator.driver.sandbox
        self.git = Repository(_made(folder / str(number)), operator.driver.clock)
        self._prefix = f"h{number}"
        self.files: dict[str, Any] = {"cluster": CLUSTER}
        self._begins = [operator.driver.clock.now()]
        self._unowned = unowned(self.sandbox)
        self.by_hand: list[tuple[str, str]] = []
        self.twins = 0
        self._there: set[str] = set()
        self._processes: dict[Loop, Process] = {}
        self.past: list[Loop] = []
        self._commit(dict.fromkeys(NAMES, 1))
        self.loop = self._start()

    def play(self, step: tuple[Any, ...]) -> None:
        kind, *of = step
        getattr(self, f"_{kind}")(*of)
        self.loop.play(30)

    def _start(self, process: Process | None = None) -> Loop:
        self._begins.append(self.operator.driver.clock.now())
        process = process or Process()
        source = self.git.another_source()
        loop = Loop(self.operator, source=source, through=process.through, settings=OFTEN)
        self._processes[loop] = process
        return loop

    def _commit(self, what: Mapping[str, int | str | None]) -> None:
        files = {f"{self._prefix}{name}": self._manifest(name, of) for name, of in what.items()}
        self.files = {name: of for name, of in {**self.files, **files}.items() if of is not None}
        known = {name: of for name, of in files.items() if of is not None or name in self._there}
        self._there = set(self.files)
        self.git.commit(cluster=CLUSTER, **known)

    def _manifest(self, name: str, version: int | str | None) -> Any:
        if version is None or version == WRONG:
            return None if version is None else "kind: [\n"
        image = f"server:{version}-quick-stop"
        return neuron_service(f"{self._prefix}{name}", replicas=1, image=image)

    def _hand(self, name: str, what: str) -> None:
        service = self.sandbox.cluster.services.get(f"{self._prefix}{name}")
        if service is None or service.status != "ACTIVE":
            return
        members: dict[str, Any] = {"desiredCount": 0}
        if what == "image":
            members = {"taskDefinition": self.operator.driver.register("by-hand:1-quick-stop")}
        self.by_hand.append(("UpdateService", service.name))
        self.operator.driver.update(service.name, **members)

    def _fault(self, operation: str, effect: str, count: int) -> None:
        self.sandbox.faults.rewrite(Fault(operation, effect, 1, count))

    def _die(self, number: int, moment: Any) -> None:
        """The loop that runs is dropped where it is; the next one may die at its n-th call."""
        self._end(self.loop)
        self.loop = self._start(Process(number, moment))
        self.loop.play(40)
        self._end(self.loop)
        self.loop = self._start()

    def _twin(self) -> None:
        """Another loop with the same owner, for a while, both at work."""
        self.twins += 1
        twin = self._start()
        for _ in range(30):
            twin.reconciler.step()
            self.loop.play(1)
        self._end(twin)

    def _end(self, loop: Loop) -> None:
        self._processes[loop].dead = True
        while not loop.reconciler.finish(0):
            self.operator.driver.clock.sleep(1)
        self.past.append(loop)

    def settle(self) -> None:
        """Nothing happens any more: everything is Ready, or says why not; and ten invariants."""
        self.sandbox.faults.rewrite()
        self._end(self.loop)
        self.loop = self._start()
        self.loop.see(self.git.origin.tip())
        wanted = [each for name, each in self.files.items() if isinstance(each, dict)]
        names = {each["metadata"]["name"] for each in wanted if each["kind"] == "NeuronService"}
        frozen = {name for name, each in self.files.items() if not isinstance(each, dict)}

        def is_settled() -> bool:
            there = {
                each.name
                for each in self.sandbox.cluster.services.values()
                if each.name.startswith(self._prefix) and each.status == "ACTIVE"
            }
            blocked = {key.rpartition("/")[2] for key in self._blocked()}
            return self.loop.is_ready(*names) and there - names <= frozen | blocked

        self.loop.play_until(is_settled, within=LONGEST_SECONDS)
        frozen_keys = {f"inference/{name}": "InvalidManifest" for name in frozen}
        told = [each for loop in (*self.past, self.loop) for each in loop.told(LoopFailed)]
        run = Run(
            wanted,
            conditions={**frozen_keys, **self._blocked()},
            pruned={
                each.outcome.key
                for loop in (*self.past, self.loop)
                for each in loop.told(ChangeTold)
                if each.cause == "prune"
            }
            | {f"inference/{each}" for each in self.sandbox.cluster.services},
            by_hand=tuple(self.by_hand),
            unused=100,  # of commits that the next one has overtaken
            twice=3 * self.twins,
            bugs=len(told),
            restarts=self._begins,
            share=1,
            unaffected=tuple(names),
        )
        check(self.sandbox, run, self._unowned, self._look_again)

    def _blocked(self) -> dict[str, str]:
        """Services without a manifest that may not be deleted, and why not."""
        return {
            each.outcome.key: each.rules[0]
            for each in self.loop.told(ChangeTold)
            if each.cause == "prune" and each.outcome.state is State.BLOCKED
        }

    def _look_again(self) -> None:
        self.loop.play(OFTEN.pace.sweep * 1.2)

    def clear(self) -> None:
        """The next history has the place to itself."""
        self._end(self.loop)
        for each in list(self.sandbox.cluster.services.values()):
            if each.name.startswith(self._prefix) and each.status == "ACTIVE":
                self.operator.driver.ecs.delete_service(
                    cluster="inference", service=each.name, force=True
                )
        self.operator.driver.run(60)


def test_whatever_happens_in_whatever_order_it_converges_and_ten_invariants_hold(
    make_operator: Callable[..., Operator], tmp_path: Path
) -> None:
    operator = make_operator(("inf1.xlarge", 4), pace=QUICK)
    numbers = itertools.count()
    operator.driver.create("theirs", count=0)
    operator.driver.run(60)

    @settings(
        max_examples=4,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def plays(steps: list[tuple[Any, ...]]) -> None:
        history = History(operator, tmp_path, next(numbers))
        try:
            for step in steps:
                history.play(step)
            history.settle()
        finally:
            history.clear()

    plays()
