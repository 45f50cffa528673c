"""Lanes that give way to others: in which steps, and which replicas move for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.ecs.quotas import least_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.neuron.steps import LaneStep
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Move:
    """Replicas that change lanes so that others find room, or more chips are free in one piece.

    Attributes:
        key: of their service.
        source, target: the names of the lanes.
    """

    key: str
    source: str
    target: str
    replicas: int


@dataclass(frozen=True, slots=True)
class FreeRun:
    """The chips that are free in one piece on every instance of a partition."""

    partition: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Transition:
    """Lanes of a domain that change in steps: new ones have no room beside all old ones.

    Attributes:
        domain: the instance type, the cluster and the pool, for people.
        steps: in the order in which they can be made.
        turns: how often replicas are given up and new ones waited for.
        least: by key, the fewest replicas of a service that gives some up.
        below: by key, the turns during which it has fewer than ``maxUnavailable`` leaves.
        moves: of replicas that could have stayed; none where nothing is repacked.
        free_runs: where something is repacked.
        cures: keys of services that get the room for it.
    """

    cluster: ClusterRef
    domain: str
    steps: tuple[LaneStep, ...]
    turns: int
    least: Mapping[str, int]
    below: Mapping[str, int]
    moves: tuple[Move, ...] = ()
    free_runs: tuple[FreeRun, ...] = ()
    cures: tuple[str, ...] = ()

    @property
    def api_seconds(self) -> float:
        """What AWS's request quotas make its steps take, at best."""
        calls = {
            "create": ("RegisterTaskDefinition", "CreateService"),
            "scale": ("UpdateService",),
            "delete": ("DeleteService",),
        }
        made = Counter(call for step in self.steps for call in calls[step.action])
        return least_seconds(made)
