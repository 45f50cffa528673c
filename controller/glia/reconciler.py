"""The loop: what git says, compared with what ECS holds, again and again.

It decides nothing by itself: ``make_plan`` does. Here is when to look, at what, and what happens
at the same time. Each ECS cluster has its own thread while there is something to do in it, and
so has the source: whoever does not answer delays nobody else.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Final

from glia.errors import GliaError, is_transient
from glia.events import FetchFailed, FetchRecovered, LoopFailed, RevisionFetched
from glia.frames import frames
from glia.loop_status import LoopStatus, SourceState
from glia.planning.allowances import NOTHING, Allowances
from glia.reconciling.cluster_work import ClusterWork
from glia.reconciling.desired_source import DOUBTS, SourceMemory
from glia.reconciling.goal import NOTHING_WANTED, Goal, goal_of, of_the_first, sifted
from glia.reconciling.means import Means
from glia.reconciling.prune_work import PruneWork
from glia.reconciling.requeue import Pace, backoff, jittered
from glia.shards import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glia.clock import Clock
    from glia.events import Event
    from glia.manifest.load import Loaded
    from glia.neuron.catalogue import InstanceType
    from glia.planning.scope import SourceEvidence
    from glia.reconciling.desired_source import Desired, Revision
    from glia.reconciling.means import Ecs
    from glia.target import ClusterRef

TICK_SECONDS: Final = 1.0
"""How late the loop may notice that something is due."""
HINTS_APART: Final = 5.0
"""Seconds between two fetches at least, however many hints come."""
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
        look_up: Callable[[Loaded], Mapping[str, InstanceType]],
        clock: Clock,
        tell: Callable[[Event], None],
        settings: Settings | None = None,
        random: Random | None = None,
    ) -> None:
        self._source, self._ecs_of, self._look_up = source, ecs_of, look_up
        self._clock, self._settings = clock, settings or Settings()
        self._random = random or Random()
        self._sink, self._telling = tell, threading.Lock()
        self._lock = threading.Lock()
        self._goal = NOTHING_WANTED
        self._memory = SourceMemory()
        self._workers: dict[ClusterRef, _Worker] = {}
        keeps = self._settings.shard.keeps
        self._pruning = PruneWork(ecs_of, clock, self._tell, self._settings.pruning, keeps)
        self._prune_due, self._prunes = 0.0, False
        self._threads: set[threading.Thread] = set()
        self._last = clock.now()
        self._bugs = 0
        self._ends = False

    def run(self) -> None:
        """For ever, until the clock is interrupted."""
        while True:
            self.step()
            self._clock.sleep(TICK_SECONDS)

    def once(self) -> LoopStatus:
        """Every cluster compared and changed once; what rolls then is not waited for."""
        self._fetch()
        for worker in list(self._workers.values()):
            self._start(worker)
        if self._pruning.is_on(self._goal):
            self._thread("prune", self._prune)
        while self._threads:
            self._clock.sleep(TICK_SECONDS)
        return self.status()

    def step(self) -> None:
        """Start whatever is due and not under way. It never waits."""
        now = self._clock.now()
        if now < self._last:  # the clock was set back, and everything due would be far away
            self._all_due(now)
        self._last = now
        if self._memory.busy_since is None and self._is_source_due(now):
            self._memory.hinted = False
            self._memory.asked_at = self._memory.busy_since = now
            self._thread("source", self._fetch)
        if now >= self._prune_due and not self._prunes and self._pruning.is_on(self._goal):
            self._prunes = True
            self._thread("prune", self._prune)
        for worker in list(self._workers.values()):
            if worker.busy_since is None and worker.work.is_due(self._goal, now):
                self._start(worker)

    def hint(self) -> None:
        """Somebody says that the source has moved: ask it soon. Many hints are one question."""
        self._memory.hinted = True

    def _is_source_due(self, now: float) -> bool:
        memory = self._memory
        return now >= memory.due or (memory.hinted and now - memory.asked_at >= HINTS_APART)

    def finish(self, seconds: float) -> bool:
        """Wait for what is under way, all of it together, in real time; whether it has ended."""
        self._ends = True
        self._source.stop()
        end = monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, end - monotonic()))
        return not any(thread.is_alive() for thread in list(self._threads))

    def status(self) -> LoopStatus:
        """How everything is."""
        with self._lock:
            goal, memory = self._goal, self._memory
            workers = [self._workers[ref] for ref in sorted(self._workers)]
            return LoopStatus(
                at=self._clock.now(),
                source=SourceState(
                    goal.commit,
                    goal.source.repository,
                    goal.source.path,
                    memory.heard_at,
                    memory.failures,
                    memory.failure,
                    memory.due,
                    memory.busy_since,
                    memory.answers,
                    memory.refusals,
                ),
                clusters=tuple(each.work.state(each.busy_since) for each in workers),
                services=tuple(state for each in workers for state in each.work.services()),
                diagnostics=goal.wanted.diagnostics,
                bugs=self._bugs + sum(each.work.bugs for each in workers),
                stepped_at=self._last,
                prune_blocked=self._pruning.blocked,
            )

    def _all_due(self, now: float) -> None:
        self._memory.due = min(self._memory.due, now)
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
            self._pruning.run(goal, self._evidence, lambda: self._goal.number != goal.number)
        finally:
            self._prunes = False

    def _evidence(self, known: SourceEvidence) -> SourceEvidence:
        """While the source is away, or goes back, nobody knows what is gone."""
        memory = self._memory
        if not memory.failures:
            return known
        return replace(known, revision=DOUBTS.get(memory.reason, "unread"), detail=memory.failure)

    def _retire(self, worker: _Worker) -> None:
        """A cluster in which nothing is wanted any more is forgotten."""
        if self._goal.number == worker.work.number and not worker.work.services():
            with self._lock:
                self._workers.pop(worker.work.cluster, None)

    def _fetch(self) -> None:
        pace, memory = self._settings.pace, self._memory
        try:
            revision = self._source.fetch()
        except GliaError as error:
            if self._ends:
                return
            self._not_fetched(error)
            if (last := self._source.last) is not None:
                self._take(last, recovered=False)
        except Exception as error:  # noqa: BLE001  (the loop outlives every bug)
            self._not_fetched(error)
            self._bug("source", error)
        else:
            recovered = bool(memory.failures)
            memory.answers += 1
            memory.failures, memory.failure, memory.reason = 0, "", ""
            memory.heard_at = self._clock.now()
            memory.due = memory.heard_at + jittered(pace.interval, self._random)
            self._take(revision, recovered=recovered)
        finally:
            memory.busy_since = None

    def _not_fetched(self, error: Exception) -> None:
        """What was wanted last goes on to be wanted."""
        pace, memory, now = self._settings.pace, self._memory, self._clock.now()
        memory.failures += 1
        memory.refusals += 1
        reason = str(getattr(error, "reason", type(error).__name__))
        memory.failure = str(error) if isinstance(error, GliaError) else reason
        passes = isinstance(error, GliaError) and is_transient(error)
        wait = (
            backoff(memory.failures, pace, self._random)
            if passes
            else jittered(pace.interval, self._random)
        )
        memory.due = now + wait
        if memory.reason != reason:
            memory.reason = reason
            self._tell(FetchFailed(now, reason, memory.failure, self._goal.commit))

    def _take(self, revision: Revision, *, recovered: bool) -> None:
        """Make it what is wanted, unless it is that already."""
        known = self._goal
        if revision.commit == known.commit and not known.wanted.unknown_types:
            if recovered:
                self._tell(FetchRecovered(self._clock.now(), known.commit))
            return
        try:
            wanted = sifted(revision.found, self._look_up, self._bug)
        except Exception as error:  # noqa: BLE001  (the last good revision stays)
            self._not_fetched(error)
            self._bug("source", error)
            return
        unknown, allowed = known.wanted.unknown_types, self._settings.pruning
        if revision.commit == known.commit and wanted.unknown_types == unknown:
            return
        goal = goal_of(
            wanted if revision.follows else of_the_first(wanted, allowed.command("--prune")),
            known.number + 1,
            revision.commit,
            revision.source,
            self._settings.shard.keeps,
        )
        self._adopt(goal)

    def _adopt(self, goal: Goal) -> None:
        services = sum(len(each.files) for each in goal.clusters.values())
        self._tell(
            RevisionFetched(
                self._clock.now(),
                goal.commit,
                goal.source.repository,
                goal.source.path,
                services,
                goal.wanted.diagnostics,
            )
        )
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
