"""What the queue of an apply holds: one thing to be done in ECS, of whatever kind.

A kind is one class. It says how it is told while it waits, makes its calls, and knows what their
end means: that it is done, or that a rollout has begun.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.applying.ecs import Ecs
    from glia.clock import Clock
    from glia.outcome import Outcome
    from glia.rollout import Rollout
    from glia.target import ClusterRef


class CutOff(Exception):  # noqa: N818 -- nothing is wrong
    """The end of all waiting came first; ``calls`` says what was done before."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where items are carried out.

    Attributes:
        ecs_of: the ECS that a cluster is in.
        is_over: whether to stop waiting.
        waits: whether what takes its time is waited for.
    """

    ecs_of: Callable[[ClusterRef], Ecs]
    clock: Clock
    is_over: Callable[[], bool]
    waits: bool = True


class Item(Protocol):
    """Something to be done, call by call.

    Attributes:
        calls: what has been changed so far, by the names of the API calls.
    """

    calls: list[str]

    @property
    def id(self) -> str:
        """As in the plan, and in its outcome."""
        ...

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Ids of the items that have to be done first."""
        ...

    def first(self, now: float) -> Outcome:
        """How it stands before anything is done; one that has ended is never carried out."""
        ...

    def run(self, begun: Outcome) -> Outcome | Rollout:
        """Make every call; how it has ended, or the rollout that is its end.

        Raises:
            GliaError: a call was refused; ``calls`` says what was done before.
            CutOff: it waited for something in ECS, and is to wait no longer.
        """
        ...
