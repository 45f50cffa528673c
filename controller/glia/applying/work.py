"""What the threads of one apply share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glia.applying.item import Site
from glia.outcome import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.applying.ecs import Ecs
    from glia.applying.item import Item
    from glia.applying.manner import Manner
    from glia.clock import Clock
    from glia.outcome import Cut, Outcome
    from glia.rollout import Rollout
    from glia.target import ClusterRef


@dataclass(slots=True)
class Work:
    """All that is to be done, and how far it has come.

    Attributes:
        begin: when it all began, on the clock.
        queue: what nobody has begun yet, by id, in the plan's order.
        outcomes: where everything stands, by id.
        rollouts: those that are waited for.
        crew: threads that may still begin something.
        cut: what has ended it early.
    """

    ecs_of: Callable[[ClusterRef], Ecs]
    clock: Clock
    manner: Manner
    tell: Callable[[Outcome], None]
    begin: float
    queue: dict[str, Item] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    rollouts: list[Rollout] = field(default_factory=list)
    crew: int = 0
    cut: Cut | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def site(self) -> Site:
        return Site(self.ecs_of, self.clock, self.is_over, self.manner.wait)

    def is_over(self) -> bool:
        """Whether nothing is to be begun any more."""
        return self.cut is not None or self.manner.is_over()

    def interrupt(self) -> None:
        """Nobody starts anything any more."""
        self.cut = State.INTERRUPTED

    def enqueue(self, item: Item) -> None:
        """Tell of an item, and put it into the queue unless it is not to be carried out."""
        outcome = item.first(self.begin)
        self.note(outcome)
        if not outcome.state.ended:
            self.queue[item.id] = item

    def follow(self, rollout: Rollout) -> None:
        """Wait for a rollout, too."""
        with self.lock:
            self.rollouts.append(rollout)

    def note(self, outcome: Outcome) -> None:
        """Remember where something stands, and tell it if that is news."""
        with self.lock:
            before = self.outcomes.get(outcome.id)
            self.outcomes[outcome.id] = outcome
            if before is None or _news(before) != _news(outcome):
                self.tell(outcome)


def _news(outcome: Outcome) -> tuple[object, ...]:
    return (outcome.state, outcome.ready, outcome.replicas, outcome.reason, outcome.message)
