"""A change: one ECS service taken one step further, why, and what that costs its tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from glia.identity import lane_id
from glia.steps import Create, Delete, Replace, Retire, Scale, Update

if TYPE_CHECKING:
    from glia.desired.state import DesiredLane, DesiredService
    from glia.diff import FieldChange
    from glia.steps import Step

Cause: TypeAlias = Literal["git", "drift", "prune", "adopt", "repack"]


@dataclass(frozen=True, slots=True)
class Block:
    """A safety rule that keeps a change from being applied, and the way to allow it."""

    rule: str
    message: str
    allow_with: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change does to running tasks.

    Attributes:
        new_task_definition: a revision is registered.
        replaced_tasks: how many running ones are.
        at_once: how many of them may be down at the same time.
        surplus: how many may run in addition meanwhile.
        replicas: the count before and after; None where it stays.
        calls: the API calls that change something, in order.
    """

    new_task_definition: bool = False
    replaced_tasks: int = 0
    at_once: int = 0
    surplus: int = 0
    replicas: tuple[int, int] | None = None
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One service to create, update or replace.

    Attributes:
        fields: what differs, field by field; of a new service what it will have.
        depends_on: ids of changes that come first.
        stage: what tells it from other changes of the same lane; empty for most.
    """

    service: DesiredService
    lane: DesiredLane
    step: Step
    cause: Cause
    fields: tuple[FieldChange, ...]
    effect: Effect
    blocked_by: tuple[Block, ...] = ()
    depends_on: tuple[str, ...] = ()
    stage: str = ""

    @property
    def action(self) -> Literal["create", "update", "replace", "delete"]:
        match self.step:
            case Create():
                return "create"
            case Update() | Scale():
                return "update"
            case Replace():
                return "replace"
            case Delete() | Retire():
                return "delete"
            case _:
                assert_never(self.step)

    @property
    def key(self) -> str:
        return self.service.key

    @property
    def rules(self) -> tuple[str, ...]:
        """Of those that block it."""
        return tuple(sorted({each.rule for each in self.blocked_by}))

    @property
    def id(self) -> str:
        """The same for the same lane, in any order and on any day."""
        return lane_id(self.service, self.lane) + self.stage
