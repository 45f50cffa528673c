"""A service that goes over to other lanes in steps, because both have no room side by side."""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from glia.change import Change
from glia.diff import FieldChange
from glia.identity import service_id
from glia.plan import Settled
from glia.planning.deletion import deletion, former_lane
from glia.planning.effects import effect, starts_deployment
from glia.planning.readiness import is_ready
from glia.planning.sequence import awaited, sequenced
from glia.steps import Create, Scale, Update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.change import Cause
    from glia.desired.state import DesiredLane, DesiredService
    from glia.live import LiveService
    from glia.neuron.steps import LaneStep
    from glia.observed import Observed
    from glia.target import ClusterRef
    from glia.transition import Transition

FINALLY = " finally"


def step_id(cluster: ClusterRef, step: LaneStep) -> str:
    """A lane may be scaled several times: then the count tells which is meant."""
    stage = f" to {step.lane.count}" if step.action == "scale" else ""
    return service_id(cluster, step.lane.name) + stage


def stepped_lanes(service: DesiredService, transitions: Iterable[Transition]) -> frozenset[str]:
    """The names of the service's lanes that change in steps."""
    return frozenset(
        step.lane.name
        for each in transitions
        if each.cluster == service.cluster
        for step in each.steps
        if step.service == service.name
    )


def in_steps(
    service: DesiredService,
    changes: Sequence[Change],
    settled: Sequence[Settled],
    live: Mapping[str, LiveService],
    transitions: Iterable[Transition],
) -> tuple[Change, ...]:
    """The changes of a service in their order, where some of its lanes change in steps.

    What its lanes need beside another count comes before the steps where it is of a lane that
    keeps its count, and after them else: the percentages of a rollout are those of the count.
    """
    transition = _transition_of(service, transitions)
    if transition is None:
        return sequenced(changes, settled)
    lanes = stepped_lanes(service, [transition])
    bases = {each.lane.lane.name: each for each in changes if each.lane.lane.name in lanes}
    others = without_lanes(changes, lanes)
    if any(
        each.blocked_by or not isinstance(each.step, Create | Update) for each in bases.values()
    ):
        return sequenced([*others, *(each for each in bases.values() if each.blocked_by)], settled)
    first = sequenced(others, settled)
    before = (*awaited(settled), *(each.id for each in first if not each.blocked_by))
    steps = tuple(_steps(service, bases, live, transition, before))
    after = tuple(each.id for each in steps)
    taken_over = {each.lane.lane.name for each in steps if isinstance(each.step, Update)}
    last = sequenced(
        [made for name, each in bases.items() if name not in taken_over and (made := _rest(each))],
        (),
    )
    return (
        *first,
        *steps,
        *(replace(each, depends_on=(*after, *each.depends_on)) for each in last),
    )


def _transition_of(service: DesiredService, transitions: Iterable[Transition]) -> Transition | None:
    """A service is in one domain."""
    return next((each for each in transitions if stepped_lanes(service, [each])), None)


def without_lanes(changes: Iterable[Change], lanes: frozenset[str]) -> list[Change]:
    """The changes of other lanes."""
    return [each for each in changes if each.lane.lane.name not in lanes]


def watched(
    changes: Iterable[Change],
    settled: Iterable[Settled],
    lanes: frozenset[str],
    observed: Observed,
) -> Iterator[Settled]:
    """The settled lanes, and those that only get another count, if they are to be waited for.

    Whoever has scaled them may have ended while their replicas were loading.
    """
    for each in settled:
        yield replace(each, watched=not is_ready(each.live, observed))
    for change in changes:
        step = change.step
        if (
            change.lane.lane.name in lanes
            and isinstance(step, Update)
            and not starts_deployment(step)
            and not is_ready(step.service, observed)
        ):
            yield Settled(change.service, change.lane, step.service, watched=True)


def _steps(
    service: DesiredService,
    bases: Mapping[str, Change],
    live: Mapping[str, LiveService],
    transition: Transition,
    before: tuple[str, ...],
) -> Iterator[Change]:
    ids = [step_id(transition.cluster, step) for step in transition.steps]
    moved = {name for move in transition.moves for name in (move.source, move.target)}
    for step in transition.steps:
        if step.service != service.name:
            continue
        gives_up = (step.lane.count or 0) < step.before
        yield replace(
            _change(service, step, bases.get(step.lane.name), live),
            cause=_cause(step, moved),
            depends_on=(*(before if gives_up else ()), *(ids[need] for need in step.needs)),
        )


def _cause(step: LaneStep, moved: set[str]) -> Cause:
    return "repack" if step.lane.name in moved else "git"


def _change(
    service: DesiredService,
    step: LaneStep,
    base: Change | None,
    live: Mapping[str, LiveService],
) -> Change:
    count = step.lane.count or 0
    fields = (FieldChange("replicas", step.before, count, sensitive=False),)
    if base is not None and isinstance(base.step, Create):
        if step.action == "create":
            request = {**base.step.request, "desiredCount": count}
            made = replace(base.step, request=request)
            return replace(base, step=made, effect=effect(base.lane, made))
        return _scale(service, base.lane, step)
    if step.action == "delete":
        gone = deletion(service, live[step.lane.name])
        what = replace(gone.effect, replicas=(step.before, 0))
        return replace(gone, fields=fields, effect=what)
    if base is not None and step.action == "create":
        return _taken_over(base, count)
    lane = base.lane if base is not None else _lane(service, step, live)
    return _scale(service, lane, step)


def _taken_over(base: Change, count: int) -> Change:
    """A lane without tasks that becomes one of the same name somewhere else."""
    assert isinstance(base.step, Update)  # noqa: S101  (in_steps has asked)
    made = replace(base.step, members={**base.step.members, "desiredCount": count})
    what = replace(
        effect(base.lane, made), replaced_tasks=0, at_once=0, surplus=0, replicas=(0, count)
    )
    return replace(base, step=made, effect=what)


def _lane(service: DesiredService, step: LaneStep, live: Mapping[str, LiveService]) -> DesiredLane:
    for lane in service.lanes:
        if lane.lane.name == step.lane.name:
            return lane
    return former_lane(live[step.lane.name])


def _scale(service: DesiredService, lane: DesiredLane, step: LaneStep) -> Change:
    return scaled(service, replace(lane, lane=step.lane), step.before, step.lane.count or 0)


def scaled(service: DesiredService, lane: DesiredLane, before: int, count: int) -> Change:
    """The change of nothing but a lane's count."""
    made = Scale(lane.lane.name, before, count)
    return Change(
        service=service,
        lane=lane,
        step=made,
        cause="git",
        fields=(FieldChange("replicas", made.before, made.count, sensitive=False),),
        effect=effect(lane, made),
        stage=f" to {made.count}",
    )


def _rest(base: Change) -> Change | None:
    """What of a change is left once the lane has its count; None where that is nothing."""
    step = base.step
    if not isinstance(step, Update):
        return None
    members = {name: value for name, value in step.members.items() if name != "desiredCount"}
    if not (members or step.definition or step.tags or step.remembers):
        return None
    rest = replace(step, members=members)
    fields = tuple(each for each in base.fields if each.path != "replicas")
    return replace(base, step=rest, fields=fields, effect=effect(base.lane, rest), stage=FINALLY)


def lined_up(changes: Sequence[Change], transitions: Sequence[Transition]) -> tuple[Change, ...]:
    """The changes of all services, each after those that come before it.

    Without the steps after one that is not made: a held service gives up no replica, so nobody
    gets their room.
    """
    if not transitions:
        return tuple(changes)
    steps = {step_id(each.cluster, step) for each in transitions for step in each.steps}
    left, last = list(changes), -1
    while len(left) != last:
        last = len(left)
        missing = steps - {each.id for each in left}
        left = [each for each in left if missing.isdisjoint(each.depends_on)]
    places = {each.id: place for place, each in enumerate(left)}
    before = {
        place: [places[needed] for needed in each.depends_on if needed in places]
        for place, each in enumerate(left)
    }
    return tuple(left[place] for place in _topological(before))


def _topological(before: Mapping[int, Sequence[int]]) -> Iterator[int]:
    """The numbers in their order, but each after those before it."""
    waits = {number: len(set(needed)) for number, needed in before.items()}
    after: dict[int, list[int]] = {}
    for number, needed in before.items():
        for each in set(needed):
            after.setdefault(each, []).append(number)
    free = [number for number, count in waits.items() if not count]
    while free:
        number = heappop(free)
        yield number
        for each in after.get(number, ()):
            waits[each] -= 1
            if not waits[each]:
                heappush(free, each)
