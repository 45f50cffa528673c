"""Service throttle logic: repeated failures to start are retried ever more slowly.

ECS publishes the longest wait, 15 minutes, and not the steps (developer guide, "service
throttle logic"). Tasks that have been running are not throttled.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glia.sandbox import events

if TYPE_CHECKING:
    from glia.sandbox.records import Service
    from glia.sandbox.world import World

FIRST_WAIT = 5.0
LONGEST_WAIT = 900.0
FREE_FAILURES = 3


def is_throttled(world: World, service: Service) -> bool:
    """Whether the service has to wait before it may start another task."""
    if service.failures_in_a_row <= FREE_FAILURES:
        return False
    if service.failures_in_a_row > service.failures_paid:
        service.failures_paid = service.failures_in_a_row
        wait = FIRST_WAIT * 2 ** min(service.failures_in_a_row - FREE_FAILURES, 16)
        service.retry_at = world.now + min(wait, LONGEST_WAIT)
        world.timers.at(service.retry_at, partial(world.see, service))
        events.unable_to_start(world, service)
    return world.now < service.retry_at
