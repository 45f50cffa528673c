"""The loop: what git says, compared with what ECS holds, again and again.

It decides nothing by itself: ``make_plan`` does. Here is when to look, at what, and what happens
at the same time. Each ECS cluster has its own thread while there is something to do in it, and
so has the source: whoever does not answer delays nobody else.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Final

from glia.events import LoopFailed
from glia.frames import frames
from glia.loop_status import LoopStatus
from glia.planning.allowances import NOTHING, Allowances
from glia.reconciling.cluster_work import ClusterWork
from glia.reconciling.goal import NOTHING_WANTED
from glia.reconciling.means import Means
from glia.reconciling.prune_work import PruneWork
from glia.reconciling.requeue import Pace, jittered
from glia.reconciling.source_work import SourceWork
from glia.shards import Shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.clock import Clock
    from glia.events import Event
    from glia.reconciling.desired_source import Desired
    from glia.reconciling.goal import Goal
    from glia.reconciling.means import Ecs
    from glia.target import ClusterRef
    from glia.wanted import LookUp

TICK_SECONDS: Final = 1.0
"""How late the loop may notice that something is due."""
LOOKS_APART: Final = 0.1
"""Seconds between two looks at what has to end before anything else is done."""
STANDS_STILL: Final = 2.0
"""Intervals for which a directory has to be the same before anything is pruned by it: whoever
writes there may be at it, and half a file can be a whole one with a service less."""


@dataclass(slots=True)
class _Worker:
    work: ClusterWork
    busy_since: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How the loop runs."""

    pace: Pace = field(default_factory=Pace)
    shard: Shard = field(default_factory=Shard)
    pruning: Allowances = NOTHING


class Reconciler:
    """The loop.

    Args:
        source: where the manifests come from.
        ecs_of: the gateway to a cluster.
        look_up: what EC2 says of instance types that the catalogue lacks.
        clock: what everything waits on.
        tell: takes every event, one at a time, and must not block.
        settings: how often to look, and at which clusters.
        random: jitter; the same numbers make the same waits.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (what a loop is made of)
        self,
        source: Desired,
        ecs_of: Callable[[ClusterRef], Ecs],
        look_up: LookUp,
        clock: Clock,
        tell: Callable[[Event], None],
        settings: Settings | None = None,
        random: Random | None = None,
    ) -> None:
        self._ecs_of, self._clock = ecs_of, clock
        self._settings = settings or Settings()
        self._random = random or Random()
        self._sink, self._telling = tell, threading.Lock()
        self._lock = threading.Lock()
        self._goal = NOTHING_WANTED
        self._workers: dict[ClusterRef, _Worker] = {}
        pace, keeps = self._settings.pace, self._settings.shard.keeps
        self._source = SourceWork(
            source,
            look_up,
            clock,
            self._tell,
            pace,
            self._random,
            keeps,
            self._settings.pruning.command("--prune"),
            adopt=self._adopt,
            bug=self._bug,
        )
        allowed = self._settings.pruning
        self._pruning = PruneWork(ecs_of, clock, self._tell, allowed, keeps, self._pruned)
        self._prune_due = 0.0
        self._prunes_since: float | None = None
        self._threads: set[threading.Thread] = set()
        self._last = clock.now()
        self._bugs = 0

    def run(self) -> None:
        """For ever, until the clock is interrupted."""
        while True:
            self.step()
            self._clock.sleep(TICK_SECONDS)

    def once(self) -> LoopStatus:
        """Every cluster compared and changed once; what rolls then is not waited for."""
        self._source.begin(self._clock.now())
        self._thread("source", self._source.run)
        self._wait()
        for worker in list(self._workers.values()):
            self._start(worker)
        if self._pruning.is_on(self._goal):
            self._thread("prune", self._prune)
        self._wait()
        return self.status()

    def _wait(self) -> None:
        """For all that is under way; what it waits on hears of a signal, whatever they are at."""
        while self._threads:
            self._clock.sleep(LOOKS_APART)

    def step(self) -> None:
        """Start whatever is due and not under way. It never waits."""
        now = self._clock.now()
        if now < self._last:  # the clock was set back, and everything due would be far away
            self._all_due(now)
        self._last = now
        if self._source.is_due(now):
            self._source.begin(now)
            self._thread("source", self._source.run)
        prunes = self._prunes_since is not None
        if now >= self._prune_due and not prunes and self._pruning.is_on(self._goal):
            self._prunes_since = now
            self._thread("prune", self._prune)
        for worker in list(self._workers.values()):
            if worker.busy_since is None and worker.work.is_due(self._goal, now):
                self._start(worker)

    def hint(self) -> None:
        """Somebody says that the source has moved: ask it soon. Many hints are one question."""
        self._source.hint()

    def finish(self, seconds: float) -> bool:
        """Wait for what is under way, all of it together, in real time; whether it has ended."""
        self._source.stop()
        end = monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, end - monotonic()))
        return not any(thread.is_alive() for thread in list(self._threads))

    def status(self) -> LoopStatus:
        """How everything is."""
        with self._lock:
            workers = [self._workers[ref] for ref in sorted(self._workers)]
            return LoopStatus(
                at=self._clock.now(),
                source=self._source.state(self._goal),
                clusters=tuple(each.work.state(each.busy_since) for each in workers),
                services=tuple(state for each in workers for state in each.work.services()),
                diagnostics=self._goal.wanted.diagnostics,
                bugs=self._bugs + sum(each.work.bugs for each in workers),
                stepped_at=self._last,
                prune_blocked=self._pruning.blocked,
                prunes_since=self._prunes_since,
            )

    def _all_due(self, now: float) -> None:
        self._source.make_due(now)
        self._prune_due = min(self._prune_due, now + self._settings.pace.sweep)
        for worker in self._workers.values():
            worker.work.make_due(now)

    def _start(self, worker: _Worker) -> None:
        worker.busy_since = self._clock.now()
        self._thread(str(worker.work.cluster), lambda: self._work(worker))

    def _thread(self, name: str, work: Callable[[], None]) -> None:
        """Run it in a thread that counts as one that works, on a clock that counts those."""
        counted = ExitStack()
        counted.enter_context(self._clock.worker())

        def run() -> None:
            try:
                work()
            except KeyboardInterrupt:  # the clock was interrupted: there is nobody to tell
                pass
            except Exception as error:  # noqa: BLE001  (the loop outlives every bug)
                self._bug(name, error)
            finally:
                with self._lock:
                    self._threads.discard(thread)
                counted.close()

        thread = threading.Thread(target=run, name=f"glia {name}", daemon=True)
        with self._lock:
            self._threads.add(thread)
        thread.start()

    def _work(self, worker: _Worker) -> None:
        goal = self._goal
        try:
            worker.work.run(goal, lambda: self._goal.number != goal.number)
        finally:
            self._retire(worker)
            worker.busy_since = None

    def _prune(self) -> None:
        goal, pace = self._goal, self._settings.pace
        self._prune_due = self._clock.now() + jittered(pace.sweep, self._random)
        try:
            self._pruning.run(goal, self._source.evidence, lambda: self._goal.number != goal.number)
        finally:
            self._prunes_since = None

    def _pruned(self, cluster: ClusterRef, key: str) -> None:
        worker = self._workers.get(cluster)
        if worker is not None:
            worker.work.pruned(key)

    def _retire(self, worker: _Worker) -> None:
        """A cluster in which nothing is wanted any more is forgotten."""
        if self._goal.number == worker.work.number and not worker.work.services():
            with self._lock:
                self._workers.pop(worker.work.cluster, None)

    def _adopt(self, goal: Goal) -> None:
        with self._lock:
            for cluster in goal.clusters:
                if cluster not in self._workers:
                    self._workers[cluster] = _Worker(self._new_work(cluster))
            self._goal = goal
        still = 0.0 if goal.source.repository else STANDS_STILL * self._settings.pace.interval
        self._prune_due = self._clock.now() + still

    def _new_work(self, cluster: ClusterRef) -> ClusterWork:
        random = Random(self._random.random())
        pace = self._settings.pace
        allowed = Allowances(paths=self._settings.pruning.paths)
        means = Means(cluster, self._ecs_of, self._clock, pace, random, self._tell, allowed)
        return ClusterWork(means)

    def _tell(self, event: Event) -> None:
        with self._telling:
            self._sink(event)

    def _bug(self, where: str, error: Exception) -> None:
        self._bugs += 1
        self._tell(LoopFailed(self._clock.now(), where, type(error).__name__, frames(error)))
