"""What came of a plan: one outcome per change, and what is told on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from glia.errors import is_transient
from glia.plan import NOT_READY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.errors import GliaError


class State(Enum):
    """How far a change has come.

    ``ENDED`` ones stay so; the others are on the way.
    """

    WAITS = "waits"
    CHANGES = "changes"
    ROLLS = "rolls"
    DONE = "done"
    SUBMITTED = "submitted"
    """Changed in ECS; whether it converges was not waited for."""
    FAILED = "failed"
    """ECS or the way to it refused a call."""
    ROLLED_BACK = "rolled back"
    STALLED = "stalled"
    """Crash-looping, unplaceable, or without progress for longer than its deadline."""
    TIMED_OUT = "timed out"
    BLOCKED = "blocked"
    HELD = "held"
    """Not begun: a lane of the same service before it has not become Ready."""
    NOT_STARTED = "not started"
    """Interrupted, or out of time, before anything was done."""
    INTERRUPTED = "interrupted"
    """Changed in ECS, and interrupted while it was waited for."""

    @property
    def ended(self) -> bool:
        return self not in {State.WAITS, State.CHANGES, State.ROLLS}


Cut: TypeAlias = Literal[State.INTERRUPTED, State.TIMED_OUT]
"""What ended the waiting before everything had come to its end."""

CUT_REASONS: Final[Mapping[Cut, str]] = {
    State.INTERRUPTED: "Interrupted",
    State.TIMED_OUT: "TimedOut",
}
# Reasons of outcomes that failed for what AWS answered, or did not, and not for the content.
FROM_AWS: Final = frozenset({"Refused", "Unreadable"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where one change stands, at a moment.

    Attributes:
        id: the change's, or the settled lane's.
        key: its service's.
        lane: the name of the ECS service.
        ready: replicas of the new revision that are.
        replicas: how many there are to be.
        reason: a word for programs, as conditions have it: ``RolledBack``, ``Unplaceable``.
        message: ECS's and the runtime's own words where there are any.
        calls: what has been changed, by the names of the API calls.
        transient: it failed, and the same may succeed later by itself.
    """

    id: str
    key: str
    lane: str
    action: str
    state: State
    at: float
    ready: int = 0
    replicas: int = 0
    reason: str = ""
    message: str = ""
    calls: tuple[str, ...] = ()
    transient: bool = False

    @property
    def is_without_replicas(self) -> bool:
        """Whether instances change, or where a service's tasks may be: nothing rolls out."""
        return self.action in {"label", "unlabel", "release", "separate"}

    @property
    def refused(self) -> bool:
        """Whether it failed by AWS, which says nothing against what was to be applied."""
        return self.state is State.FAILED and self.reason in FROM_AWS


@dataclass(frozen=True, slots=True)
class Applied:
    """All outcomes; iterating gives them one by one.

    Attributes:
        cut: what ended the waiting early; None where everything came to its end.
    """

    outcomes: tuple[Outcome, ...]
    cut: Cut | None = None

    def __iter__(self) -> Iterator[Outcome]:
        return iter(self.outcomes)


def refused(outcome: Outcome, error: GliaError) -> Outcome:
    """What becomes of a change one of whose calls AWS did not take."""
    return replace(
        outcome,
        state=State.FAILED,
        reason="Refused",
        message=str(error),
        transient=is_transient(error),
    )


def left(outcome: Outcome, cut: Cut, now: float) -> Outcome:
    """What becomes of a change once nobody waits any more; one that has ended stays as it is.

    An open one was changed in ECS and is not waited for, or it was not even begun.
    """
    if outcome.state.ended:
        return outcome
    if outcome.state is State.ROLLS or outcome.calls:
        return replace(outcome, state=cut, at=now)
    return replace(outcome, state=State.NOT_STARTED, at=now, reason=CUT_REASONS[cut])


def deferred(outcome: Outcome, now: float) -> Outcome:
    """A change that is left to a later apply because this one is to begin no other."""
    return replace(outcome, state=State.NOT_STARTED, at=now, reason="Deferred")


def in_the_way(outcome: Outcome) -> bool:
    """Whether what comes after this change has to stay undone."""
    return outcome.state.ended and outcome.state is not State.DONE


def held_behind(outcome: Outcome, before: Outcome, now: float, remedy: str) -> Outcome:
    """A lane that is not begun because one before it has not converged."""
    message = f"waits for {before.lane}, which is {before.state.value}; {remedy}"
    reason = "LaneNotReady" if before.key == outcome.key else NOT_READY
    return replace(outcome, state=State.HELD, at=now, reason=reason, message=message)
