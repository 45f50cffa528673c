"""Steps from lane to lane, and the order that they have to keep."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from glia.neuron.lanes import Lane

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.neuron.walkers import Walker

StepAction: TypeAlias = Literal["create", "scale", "delete"]


@dataclass(frozen=True, slots=True)
class LaneStep:
    """A lane that is made, scaled or deleted.

    Attributes:
        lane: with the count that it has afterwards.
        before: its count until then.
        needs: positions of earlier steps. Of these, new replicas have to be Ready, and those
            given up gone.
    """

    service: str
    lane: Lane
    before: int
    action: StepAction
    needs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """The steps, in an order in which they can be made.

    Attributes:
        turns: how often replicas are given up and others waited for.
        least: the fewest replicas of each service that gives some up.
        below: of each service that falls below what it may, during how many turns.
    """

    steps: tuple[LaneStep, ...]
    turns: int
    least: Mapping[str, int]
    below: Mapping[str, int]


@dataclass(slots=True)
class Trail:
    """The steps so far, and what each of them comes after, directly or not."""

    steps: list[LaneStep] = field(default_factory=list)
    before: list[int] = field(default_factory=list)  # as bit masks
    of_lane: dict[Walker, int] = field(default_factory=dict)
    grown: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    shrunk: dict[Walker, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, walker: Walker, count: int, after: Iterable[int]) -> None:
        """A lane goes from that count to the one that it has now."""
        known = {*after, *([self.of_lane[walker]] if walker in self.of_lane else [])}
        implied, needs = 0, []
        for position in sorted(known, reverse=True):
            if not implied >> position & 1:
                needs.append(position)
                implied |= self.before[position] | 1 << position
        place = len(self.steps)
        self.steps.append(_step(walker, count, tuple(sorted(needs))))
        self.before.append(implied)
        self.of_lane[walker] = place
        if walker.count > count:
            self.grown[walker.service].append(place)
        else:
            self.shrunk[walker].append(place)


def _step(walker: Walker, before: int, needs: tuple[int, ...]) -> LaneStep:
    action: StepAction = "scale"
    if not walker.lives and not before:
        action = "create"
    elif not walker.stays and not walker.count:
        action = "delete"
    lane = Lane(walker.name, walker.device_ids, walker.count, walker.partition)
    return LaneStep(walker.service, lane, before, action, needs)
