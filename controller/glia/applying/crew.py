"""The threads that take items out of the queue, each in its turn, and carry them out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.applying.item import CutOff
from glia.errors import GliaError
from glia.outcome import Outcome, State, held_behind, in_the_way, left, refused
from glia.rollout import LOOK_EVERY_SECONDS

if TYPE_CHECKING:
    from glia.applying.item import Item
    from glia.applying.work import Work
    from glia.rollout import Rollout


def work_off(work: Work) -> None:
    """What one thread of the crew does, until nothing is left in the queue or all is over."""
    try:
        while not work.is_over():
            item = _next(work)
            if item is not None:
                _carry_out(item, work)
            elif work.queue:
                work.clock.sleep(LOOK_EVERY_SECONDS)
            else:
                return
    except KeyboardInterrupt:
        work.interrupt()
    except BaseException:
        work.interrupt()  # or the others would wait for ever for what has come to no end
        raise
    finally:
        with work.lock:
            work.crew -= 1


def _next(work: Work) -> Item | None:
    """The first item whose predecessors are done; those that now never will be are told."""
    with work.lock:
        waiting = list(work.queue.values())
    for item in waiting:
        before = [work.outcomes[each] for each in item.depends_on if each in work.outcomes]
        failed = next((each for each in before if in_the_way(each)), None)
        if failed is None and not all(each.state is State.DONE for each in before):
            continue
        with work.lock:
            if work.queue.pop(item.id, None) is None:
                continue  # another thread was faster
        if failed is None:
            return item
        _hold(item, failed, work)
    return None


def _hold(item: Item, behind: Outcome, work: Work) -> None:
    """One lane that did not converge holds the lanes after it."""
    remedy = work.manner.goes_on
    work.note(held_behind(work.outcomes[item.id], behind, work.clock.now(), remedy))


def _carry_out(item: Item, work: Work) -> None:
    begun = replace(work.outcomes[item.id], state=State.CHANGES, at=work.clock.now())
    work.note(begun)
    try:
        end = item.run(begun)
    except GliaError as error:
        changed = replace(begun, at=work.clock.now(), calls=tuple(item.calls))
        work.note(refused(changed, error))
    except (KeyboardInterrupt, CutOff) as cut:
        if isinstance(cut, KeyboardInterrupt):
            work.interrupt()
        changed = replace(begun, calls=tuple(item.calls))
        work.note(left(changed, work.cut or State.TIMED_OUT, work.clock.now()))
    else:
        if isinstance(end, Outcome):
            work.note(end)
        elif work.manner.wait:
            work.note(end.outcome)
            work.follow(end)
        else:
            _hand_over(end, begun, work)


def _hand_over(rollout: Rollout, begun: Outcome, work: Work) -> None:
    """Nobody waits here: whoever takes the rollout does."""
    work.manner.hand_over(rollout)
    outcome = replace(begun, at=rollout.outcome.at, calls=rollout.outcome.calls)
    if rollout.flaw:
        error = GliaError(f"changed, not waited for; but {rollout.flaw}")
        work.note(refused(outcome, error))
    else:
        work.note(replace(outcome, state=State.SUBMITTED))
