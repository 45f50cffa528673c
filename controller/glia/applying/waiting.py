"""The one thread that waits for all rollouts: those that were begun, and those found rolling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.identity import lane_id
from glia.outcome import Outcome, State
from glia.rollout import LOOK_EVERY_SECONDS, found_rollout, look_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.applying.work import Work
    from glia.plan import Settled
    from glia.rollout import Rollout


def take_over(settled: Settled, work: Work) -> None:
    """A rollout that an earlier run, or somebody else, has started."""
    outcome = Outcome(
        id=lane_id(settled.service, settled.lane),
        key=settled.service.key,
        lane=settled.lane.lane.name,
        action="wait",
        state=State.ROLLS if work.manner.wait else State.SUBMITTED,
        at=work.begin,
        replicas=settled.live.desired,
    )
    work.note(outcome)
    if work.manner.wait:
        work.follow(found_rollout(settled, work.begin, outcome))


def wait(work: Work) -> None:
    """Until every rollout has ended and the crew begins nothing any more."""
    try:
        while work.cut is None:
            with work.lock:
                busy = work.crew > 0
                rolling = [each for each in work.rollouts if not each.outcome.state.ended]
            if not busy and not rolling:
                return
            late = _is_late(work)
            _look_at(rolling, work, last=late)
            if late:
                work.cut = work.cut or State.TIMED_OUT
                return
            work.clock.sleep(LOOK_EVERY_SECONDS)
    except KeyboardInterrupt:
        work.interrupt()


def _look_at(rolling: Sequence[Rollout], work: Work, *, last: bool) -> None:
    try:
        look_at(rolling, work.ecs_of, work.clock.now, last=last)
    finally:  # what an interrupted look has judged is judged
        for each in rolling:
            work.note(each.outcome)


def _is_late(work: Work) -> bool:
    timeout = work.manner.timeout
    return timeout is not None and work.clock.now() - work.begin >= timeout
