"""What came of a plan: one outcome per change, and what is told on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
    """Interrupted before anything was done."""
    INTERRUPTED = "interrupted"
    """Changed in ECS, and interrupted while it was waited for."""

    @property
    def ended(self) -> bool:
        return self not in {State.WAITS, State.CHANGES, State.ROLLS}


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
