"""In which order a service's lanes change: never more replicas down at once than it allows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.identity import lane_id
from glia.planning.effects import starts_deployment
from glia.planning.updating import is_rolling
from glia.steps import Update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from glia.change import Change
    from glia.plan import Settled


def sequenced(
    changes: Sequence[Change],
    settled: Sequence[Settled],
) -> tuple[Change, ...]:
    """The changes of one service, each after those that have to be Ready before it begins.

    Lanes without a ready replica go first and cost nothing, so that a fix reaches a service
    that does not run. What is still rolling counts against the budget like a change.
    """
    rolling = list(awaited(settled))
    rolling += [each.id for each in changes if _waits_for_a_rollout(each)]
    free, costly = _parted(changes)
    made = [replace(each, depends_on=()) for each in free]
    before = tuple(rolling)
    for wave in _waves(costly):
        made += (replace(each, depends_on=before) for each in wave)
        before = tuple(each.id for each in wave)
    return tuple(made)


def with_gone(
    changes: Sequence[Change],
    settled: Sequence[Settled],
    gone: Sequence[Change],
    *,
    frees_first: bool = False,
) -> tuple[Change, ...]:
    """Lanes that go do so last, when all others are Ready, or first to make room."""
    if gone and frees_first:
        first = tuple(each.id for each in gone)
        return (*gone, *(replace(each, depends_on=(*first, *each.depends_on)) for each in changes))
    last = (*awaited(settled), *(each.id for each in changes if not each.blocked_by))
    return (*changes, *(replace(each, depends_on=last) for each in gone))


def awaited(settled: Iterable[Settled]) -> tuple[str, ...]:
    """The ids of lanes that an earlier run, or somebody else, has set rolling."""
    return tuple(
        lane_id(each.service, each.lane) for each in settled if each.rolling or each.watched
    )


def _waits_for_a_rollout(change: Change) -> bool:
    """A change that starts no deployment, of a lane whose last one has not ended."""
    step = change.step
    return (
        not change.blocked_by
        and isinstance(step, Update)
        and not starts_deployment(step)
        and is_rolling(step.service)
    )


def _parted(changes: Iterable[Change]) -> tuple[list[Change], list[Change]]:
    free: list[Change] = []
    costly: list[Change] = []
    for change in changes:
        (costly if _takes_down(change) else free).append(change)
    return free, costly


def _takes_down(change: Change) -> bool:
    """Whether a replica that serves now stops serving for a while."""
    step = change.step
    return (
        not change.blocked_by
        and isinstance(step, Update)
        and starts_deployment(step)
        and step.service.running > 0
    )


def _waves(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """As many lanes together as the budget of the whole service allows, and at least one."""
    wave: list[Change] = []
    down = 0
    for change in changes:
        cost = change.effect.at_once or change.effect.surplus or 1
        if wave and down + cost > change.service.rollout.max_unavailable:
            yield wave
            wave, down = [], 0
        wave.append(change)
        down += cost
    if wave:
        yield wave
