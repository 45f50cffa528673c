"""What the work in one cluster is done with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from glia.applying.ecs import Ecs as Applier
from glia.observe import Reader
from glia.planning.allowances import NOTHING, Allowances

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from glia.clock import Clock
    from glia.events import Event
    from glia.reconciling.requeue import Pace
    from glia.target import ClusterRef


class Ecs(Applier, Reader, Protocol):
    """All that the loop asks of AWS in one account and region."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the work in one cluster is done with.

    Attributes:
        cluster: the ECS cluster.
        ecs_of: the gateway to it.
        clock: what everything waits on.
        pace: how often to look.
        random: jitter, this cluster's own.
        tell: takes every event.
        allowed: nothing but by a command, which it can name.
    """

    cluster: ClusterRef
    ecs_of: Callable[[ClusterRef], Ecs]
    clock: Clock
    pace: Pace
    random: Random
    tell: Callable[[Event], None]
    allowed: Allowances = NOTHING
