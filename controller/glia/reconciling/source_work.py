"""The source's part of the loop: when to ask for the manifests, and what they make wanted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from glia.errors import GliaError, is_transient
from glia.events import FetchFailed, FetchRecovered, RevisionFetched
from glia.loop_status import SourceState
from glia.reconciling.desired_source import DOUBTS, SourceMemory
from glia.reconciling.goal import NOTHING_WANTED, Goal, goal_of, of_the_first, sifted
from glia.reconciling.requeue import backoff, jittered

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from glia.clock import Clock
    from glia.events import Event
    from glia.planning.scope import SourceEvidence
    from glia.reconciling.desired_source import Desired, Revision
    from glia.reconciling.requeue import Pace
    from glia.target import ClusterRef
    from glia.wanted import Files, LookUp

HINTS_APART: Final = 5.0
"""Seconds between two fetches at least, however many hints come."""


@dataclass(slots=True)
class SourceWork:
    """Asks for the manifests, one question at a time; what was wanted last stays wanted meanwhile.

    Attributes:
        source: where they come from.
        look_up: what EC2 says of instance types that the catalogue lacks.
        keeps: whether a cluster is this loop's.
        prune: the command that prunes what is wanted by the first revision of all.
        adopt: takes what is wanted from now on.
        bug: takes an exception that nobody has expected, and where it was met.
        goal: what was wanted last.
    """

    source: Desired
    look_up: LookUp
    clock: Clock
    tell: Callable[[Event], None]
    pace: Pace
    random: Random
    keeps: Callable[[ClusterRef], bool]
    prune: str
    adopt: Callable[[Goal], None]
    bug: Callable[[str, Exception], None]
    goal: Goal = NOTHING_WANTED
    _memory: SourceMemory = field(default_factory=SourceMemory)
    _found: Files | None = None
    _ends: bool = False

    def is_due(self, now: float) -> bool:
        """Whether to ask now."""
        memory = self._memory
        hinted = memory.hinted and now - memory.asked_at >= HINTS_APART
        return memory.busy_since is None and (now >= memory.due or hinted)

    def begin(self, now: float) -> None:
        """Somebody is about to ask."""
        self._memory.hinted = False
        self._memory.asked_at = self._memory.busy_since = now

    def make_due(self, now: float) -> None:
        """Ask as soon as can be, whatever was planned."""
        self._memory.due = min(self._memory.due, now)

    def hint(self) -> None:
        """Somebody says that it has moved: ask it soon. Many hints are one question."""
        self._memory.hinted = True

    def stop(self) -> None:
        """Nobody waits for an answer any more."""
        self._ends = True
        self.source.stop()

    def state(self, goal: Goal) -> SourceState:
        """How it is, beside what is pursued of it."""
        memory = self._memory
        return SourceState(
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
        )

    def run(self) -> None:
        """Ask once; whatever comes of it is told."""
        pace, memory = self.pace, self._memory
        try:
            revision = self.source.fetch()
        except GliaError as error:
            if self._ends:
                return
            self._not_fetched(error)
            if (last := self.source.last) is not None:
                self._take(last, recovered=False)
        except Exception as error:  # noqa: BLE001  (the loop outlives every bug)
            self._not_fetched(error)
            self.bug("source", error)
        else:
            recovered = bool(memory.failures)
            memory.answers += 1
            memory.failures, memory.failure, memory.reason = 0, "", ""
            memory.heard_at = self.clock.now()
            memory.due = memory.heard_at + jittered(pace.interval, self.random)
            self._take(revision, recovered=recovered)
        finally:
            memory.busy_since = None

    def _not_fetched(self, error: Exception) -> None:
        """What was wanted last goes on to be wanted."""
        pace, memory, now = self.pace, self._memory, self.clock.now()
        memory.failures += 1
        memory.refusals += 1
        reason = str(getattr(error, "reason", type(error).__name__))
        memory.failure = str(error) if isinstance(error, GliaError) else reason
        passes = isinstance(error, GliaError) and is_transient(error)
        wait = (
            backoff(memory.failures, pace, self.random)
            if passes
            else jittered(pace.interval, self.random)
        )
        memory.due = now + wait
        if memory.reason != reason:
            memory.reason = reason
            self.tell(FetchFailed(now, reason, memory.failure, self.goal.commit))

    def _take(self, revision: Revision, *, recovered: bool) -> None:
        """Make it what is wanted, unless it is that already.

        A commit that is read again may come to more: a kustomization was late the first time.
        """
        known = self.goal
        same = revision.commit == known.commit and revision.found == self._found
        if same and not known.wanted.unknown_types:
            if recovered:
                self.tell(FetchRecovered(self.clock.now(), known.commit))
            return
        try:
            wanted = sifted(revision.found, self.look_up, self.bug)
        except Exception as error:  # noqa: BLE001  (the last good revision stays)
            self._not_fetched(error)
            self.bug("source", error)
            return
        unknown = known.wanted.unknown_types
        if same and wanted.unknown_types == unknown:
            return
        self._found = revision.found
        self.goal = goal_of(
            wanted if revision.follows else of_the_first(wanted, self.prune),
            known.number + 1,
            revision.commit,
            revision.source,
            self.keeps,
        )
        self._told()
        self.adopt(self.goal)

    def _told(self) -> None:
        goal = self.goal
        services = sum(len(each.files) for each in goal.clusters.values())
        self.tell(
            RevisionFetched(
                self.clock.now(),
                goal.commit,
                goal.source.repository,
                goal.source.path,
                services,
                goal.wanted.diagnostics,
            )
        )

    def evidence(self, known: SourceEvidence) -> SourceEvidence:
        """While the source is away, or goes back, nobody knows what is gone."""
        memory = self._memory
        if not memory.failures:
            return known
        return replace(known, revision=DOUBTS.get(memory.reason, "unread"), detail=memory.failure)
