"""Carry out a plan: its items in their order, several at once, and wait until all has converged.

One failed change does not stop the others. An interruption lets calls in flight end, starts no
other, and says of every change how far it came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.applying.crew import work_off
from glia.applying.relabelling import Relabelling
from glia.applying.separating import Separating
from glia.applying.submission import Submission
from glia.applying.waiting import take_over, wait
from glia.applying.work import Work
from glia.outcome import Applied, deferred, left
from glia.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glia.applying.ecs import Ecs
    from glia.applying.item import Item, Site
    from glia.applying.manner import Manner
    from glia.clock import Clock
    from glia.outcome import Outcome
    from glia.plan import Plan
    from glia.target import ClusterRef

# One thread waits for all rollouts; the others make changes. RegisterTaskDefinition is limited
# to one a second, so more would only queue.
SUBMITTERS = 7


def apply(
    plan: Plan,
    ecs_of: Callable[[ClusterRef], Ecs],
    clock: Clock,
    tell: Callable[[Outcome], None],
    manner: Manner,
) -> Applied:
    """What came of the plan's labels, separations and changes, and of what was rolling already."""
    work = Work(ecs_of, clock, manner, tell, clock.now())
    for item in _items(plan, work.site):
        work.enqueue(item)
    for settled in plan.settled:
        if settled.rolling or settled.watched:
            take_over(settled, work)
    work.crew = min(SUBMITTERS, len(work.queue))
    jobs: list[Callable[[], None]] = [lambda: work_off(work)] * work.crew
    if manner.wait:
        jobs.insert(0, lambda: wait(work))
    in_parallel(clock, lambda job: job(), jobs)
    for outcome in tuple(work.outcomes.values()):
        if work.cut is not None:
            work.note(left(outcome, work.cut, clock.now()))
        elif not outcome.state.ended:
            work.note(deferred(outcome, clock.now()))
    return Applied(tuple(work.outcomes.values()), work.cut)


def _items(plan: Plan, site: Site) -> Iterator[Item]:
    """All that the plan wants done: first what its changes may have to wait for."""
    yield from (Relabelling(each, site) for each in plan.labellings)
    yield from (Separating(each, site) for each in plan.separations)
    yield from (Submission(each, site, plan.source.commit) for each in plan.changes)
