"""How a plan is carried out, as whoever asks for it wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.rollout import Rollout


@dataclass(frozen=True, slots=True)
class Manner:
    """How to apply.

    Attributes:
        wait: until everything has converged.
        timeout: seconds for all of it; None lets the progress deadlines decide.
        is_over: asked before each change; once it says so, no other is begun.
        goes_on: what makes a lane go on that is held behind another one.
        hand_over: takes every rollout that was started, where ``wait`` is not asked for.
    """

    wait: bool = True
    timeout: float | None = None
    is_over: Callable[[], bool] = lambda: False
    goes_on: str = "apply again to go on"
    hand_over: Callable[[Rollout], None] = lambda _: None
