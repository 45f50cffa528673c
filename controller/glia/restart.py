"""New tasks from the same manifest: for a rotated secret, or an image tag that has moved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from glia.errors import GliaError
from glia.outcome import Applied, Outcome, State, held_behind, in_the_way, left
from glia.rollout import LOOK_EVERY_SECONDS, Rollout, Watcher, look_at
from glia.target import ClusterRef, Target
from glia.watch import watch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from glia.clock import Clock
    from glia.live import LiveService
    from glia.owned import Owned

DEADLINE_SECONDS = 1800.0


class Restarter(Watcher, Protocol):
    """What restarting asks of AWS."""

    def update_service(self, request: Mapping[str, Any]) -> LiveService: ...


@dataclass(slots=True)
class _Work:
    ecs: Restarter
    clock: Clock
    tell: Callable[[Outcome], None]
    wait: bool
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def note(self, outcome: Outcome) -> None:
        self.outcomes[outcome.id] = outcome
        self.tell(outcome)


def restart(
    owned: Iterable[Owned],
    ecs: Restarter,
    clock: Clock,
    tell: Callable[[Outcome], None],
    *,
    wait: bool,
) -> Applied:
    """Replace all tasks by the services' own percentages, one lane of a service at a time.

    A lane that is refused or does not become Ready holds those after it, and no other service.
    """
    work = _Work(ecs, clock, tell, wait)
    todo = [(each, sorted(each.services, key=lambda found: found.name)) for each in owned]
    for each, services in todo:
        for service in services:
            work.note(_first(each, service, clock.now()))
    try:
        for each, services in todo:
            _restart_lanes(each.cluster, services, work)
    except KeyboardInterrupt:
        for outcome in tuple(work.outcomes.values()):
            work.note(left(outcome, State.INTERRUPTED, clock.now()))
        return Applied(tuple(work.outcomes.values()), State.INTERRUPTED)
    return Applied(tuple(work.outcomes.values()))


def _first(owned: Owned, service: LiveService, now: float) -> Outcome:
    return Outcome(
        id=service.arn,
        key=owned.key,
        lane=service.name,
        action="restart",
        state=State.WAITS,
        at=now,
        replicas=service.desired,
    )


def _restart_lanes(cluster: str, services: Sequence[LiveService], work: _Work) -> None:
    before: Outcome | None = None
    for service in services:
        waiting = work.outcomes[service.arn]
        if before is not None and work.wait and in_the_way(before):
            work.note(held_behind(waiting, before, work.clock.now(), "restart again to go on"))
            continue
        _restart(cluster, service, waiting, work)
        before = work.outcomes[service.arn]


def _restart(cluster: str, service: LiveService, waiting: Outcome, work: _Work) -> None:
    begun = replace(waiting, state=State.CHANGES, at=work.clock.now())
    work.note(begun)
    request = {"cluster": cluster, "service": service.name, "forceNewDeployment": True}
    try:
        updated = work.ecs.update_service(request)
    except GliaError as error:
        refused = replace(begun, state=State.FAILED, reason="Refused", message=str(error))
        work.note(replace(refused, at=work.clock.now()))
        return
    state = State.ROLLS if work.wait else State.SUBMITTED
    now = work.clock.now()
    work.note(replace(begun, state=state, at=now, calls=("UpdateService",)))
    if work.wait:
        _wait(_rollout(cluster, updated, work.outcomes[begun.id], now), work)


def _wait(rollout: Rollout, work: _Work) -> None:
    while not rollout.outcome.state.ended:
        work.clock.sleep(LOOK_EVERY_SECONDS)
        look_at([rollout], lambda _: work.ecs, work.clock.now)
        work.note(rollout.outcome)


def _rollout(cluster: str, service: LiveService, outcome: Outcome, now: float) -> Rollout:
    watch = replace(watch_of(service, now, DEADLINE_SECONDS), sighted=True)
    # A restart that fails says nothing against the content: it is remembered by nothing.
    return Rollout(ClusterRef(Target(""), cluster, ""), service.name, "", watch, outcome)
