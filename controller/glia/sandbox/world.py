"""The world of the sandbox: every account and region, one lock, one line of time.

Whatever happens by itself happens in ``advance``: timers in the order in which they are due,
and between them the scheduler's passes over the services that something has happened to.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glia.sandbox.arns import Ids, Place
from glia.sandbox.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.clock import Clock
    from glia.sandbox.records import (
        CapacityProvider,
        Cluster,
        Family,
        Service,
    )
    from glia.sandbox.wire_types import Json


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds of the sandbox's clock.

    ECS publishes ``healthy`` (a service without health checks, DeploymentConfiguration's
    ``minimumHealthyPercent``), ``deregistration`` (target groups' default) and ``stopped_kept``
    (at least an hour); the others are round numbers of a quiet region.
    """

    scheduler: float = 1.0
    provisioning: float = 1.0
    eni: float = 5.0
    pull: float = 2.0
    start: float = 1.0
    healthy: float = 40.0
    target_healthy: float = 30.0
    target_unhealthy: float = 60.0
    deregistration: float = 300.0
    stopped_kept: float = 3600.0
    instance_launch: float = 60.0
    instance_idle: float = 300.0


@dataclass(eq=False, slots=True)
class Region:
    """What one account has in one region."""

    place: Place
    clusters: dict[str, Cluster] = field(default_factory=dict)
    families: dict[str, Family] = field(default_factory=dict)
    providers: dict[str, CapacityProvider] = field(default_factory=dict)
    settings: dict[tuple[str, str], str] = field(default_factory=dict)
    answers: dict[tuple[str, str], Json] = field(default_factory=dict)
    """What RunTask has answered, by client token."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that reached the sandbox, for tests that count them."""

    operation: str
    place: Place
    params: Json
    at: float


class World:
    """Everything that the sandbox knows. Whoever reads or changes it holds ``lock``."""

    def __init__(
        self,
        clock: Clock,
        scheduler: Callable[[World], None],
        pace: Pace | None = None,
        *,
        memory_reserve: float = 0.05,
        seed: int = 0,
    ) -> None:
        self.clock = clock
        self._scheduler = scheduler
        self.pace = pace or Pace()
        self.memory_reserve = memory_reserve
        self.lock = threading.RLock()
        self.ids = Ids(seed)
        self.timers = Timers()
        self.now = clock.now()
        self.regions: dict[Place, Region] = {}
        self.calls: deque[Call] = deque(maxlen=100_000)
        self._pass_due = math.inf

    def region(self, place: Place) -> Region:
        if place not in self.regions:
            self.regions[place] = Region(place)
        return self.regions[place]

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something that many seconds from now."""
        self.timers.at(self.now + seconds, action)

    def see(self, service: Service) -> None:
        """Have the scheduler look at a service in its next pass."""
        service.cluster.to_see[service] = None
        self._arm()

    def stir(self, cluster: Cluster) -> None:
        """Tasks have started or ended: have the scheduler look at whom that may concern."""
        cluster.stirred = True
        self._arm()

    def _arm(self) -> None:
        if self._pass_due == math.inf:
            step = self.pace.scheduler
            self._pass_due = (math.floor(self.now / step) + 1) * step

    def room_appeared(self, cluster: Cluster) -> None:
        """Have the scheduler look again at the services that found no place."""
        self.stir(cluster)
        for service in cluster.starved:
            self.see(service)
        cluster.starved.clear()

    def advance(self, to: float | None = None) -> None:
        """Play everything that happens until then; the clock's time if none is given."""
        with self.lock:
            to = self.clock.now() if to is None else to
            while (due := min(self.timers.next_due, self._pass_due)) <= to:
                self.now = max(self.now, due)
                if self.timers.next_due <= due:
                    self.timers.pop()()
                else:
                    self._pass_due = math.inf
                    self._scheduler(self)
            self.now = max(self.now, to)
