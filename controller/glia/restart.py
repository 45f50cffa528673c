"""New tasks from the same manifest: for a rotated secret, or an image tag that has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from glia.assess import Watch
from glia.outcome import Outcome, State
from glia.rollout import Rollout, Watcher, look_at
from glia.target import ClusterRef, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from glia.clock import Clock
    from glia.live import LiveService
    from glia.owned import Owned

LOOK_EVERY_SECONDS = 5.0
DEADLINE_SECONDS = 1800.0


class Restarter(Watcher, Protocol):
    """What restarting asks of AWS."""

    def update_service(self, request: Mapping[str, Any]) -> LiveService: ...


def restart(
    owned: Iterable[Owned],
    ecs: Restarter,
    clock: Clock,
    tell: Callable[[Outcome], None],
    *,
    wait: bool,
) -> tuple[Outcome, ...]:
    """Replace all tasks by the services' own percentages, one lane of a service at a time."""
    return tuple(
        _restarted(each, service, ecs, clock, tell, wait=wait)
        for each in owned
        for service in sorted(each.services, key=lambda found: found.name)
    )


def _restarted(  # noqa: PLR0913  (what restart was given)
    owned: Owned,
    service: LiveService,
    ecs: Restarter,
    clock: Clock,
    tell: Callable[[Outcome], None],
    *,
    wait: bool,
) -> Outcome:
    request = {"cluster": owned.cluster, "service": service.name, "forceNewDeployment": True}
    updated = ecs.update_service(request)
    rollout = _rollout(owned, updated, clock.now())
    tell(rollout.outcome)
    if not wait:
        return rollout.outcome
    while not rollout.outcome.state.ended:
        clock.sleep(LOOK_EVERY_SECONDS)
        look_at([rollout], lambda _: ecs, clock.now)
        tell(rollout.outcome)
    return rollout.outcome


def _rollout(owned: Owned, service: LiveService, now: float) -> Rollout:
    primary = service.primary
    watch = Watch(
        definition=service.task_definition,
        deployment=primary.id if primary else "",
        started_at=now,
        progress_deadline=DEADLINE_SECONDS,
        progress_at=now,
    )
    outcome = Outcome(
        id=service.arn,
        key=owned.key,
        lane=service.name,
        action="restart",
        state=State.ROLLS,
        at=now,
        replicas=service.desired,
        calls=("UpdateService",),
    )
    # A restart that fails says nothing against the content: it is remembered by nothing.
    cluster = ClusterRef(Target(""), owned.cluster, "")
    return Rollout(cluster, service.name, "", watch, outcome)
