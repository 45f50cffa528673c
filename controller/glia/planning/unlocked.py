"""The first rollout of a service that was there before Glia: its old tasks have no lock.

ECS counts a task's room free as soon as it is to stop, and without a host port nothing lets a
new task wait for the chip that the old one still holds: it fails, and the circuit breaker trips.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.errors import Diagnostic
from glia.neuron.locks import lock_port
from glia.planning.effects import effect
from glia.planning.stepping import scaled
from glia.steps import Scale, Update
from glia.tags import ADOPTED
from glia.task_size import task_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glia.change import Change
    from glia.observed import Observed
    from glia.planning.allowances import Allowances


def stopped_first(
    changes: Iterable[Change], observed: Observed, allowed: Allowances
) -> Iterator[Change]:
    """The same, each without its replicas before new ones come, where so many may be down.

    Whoever was killed in between leaves none, but some may be stopping still.
    """
    for change in changes:
        step = change.step
        if (
            not isinstance(step, Update)
            or not _clashes(change, observed)
            or step.service.desired > _most_down(change, step, allowed)
        ):
            yield change
            continue
        before, after = step.service.desired, step.members.get("desiredCount", step.service.desired)
        gone = scaled(change.service, change.lane, before, 0)
        made = replace(step, members={**step.members, "desiredCount": after})
        what = effect(change.lane, made)
        what = replace(what, replaced_tasks=0, at_once=0, surplus=0, replicas=(0, after))
        gone = replace(
            gone,
            step=Scale(change.lane.lane.name, before, 0, ends=True),
            fields=gone.fields if before else (),
            cause=change.cause,
            depends_on=change.depends_on,
        )
        yield gone
        yield replace(change, step=made, effect=what, depends_on=(gone.id,))


def clashes(
    changes: Iterable[Change], observed: Observed, allowed: Allowances
) -> Iterator[Diagnostic]:
    """Where replicas may not all be down first."""
    for change in changes:
        step = change.step
        if not isinstance(step, Update) or not _clashes(change, observed):
            continue
        count, most = step.service.desired, _most_down(change, step, allowed)
        if count > most:
            yield Diagnostic(
                severity="warning",
                code="chips-unlocked",
                message=f"the tasks of service {step.service.name} were there before Glia and "
                "have no host port for their chips: a new one may fail as long as the old one is "
                "stopping, and too many failures roll the deployment back",
                location=change.service.location,
                expected=f"all {count} replicas down before new ones come",
                found=f"at most {most} may be",
                remedy=f"--allow-downtime stops all {count} first; or rollout.maxUnavailable: "
                f"{count} for this change",
                key=f"NeuronService/{change.service.name}",
            )


def _most_down(change: Change, step: Update, allowed: Allowances) -> int:
    """Of the replicas that are wanted now, how many need not be there."""
    everything = step.service.desired if allowed.downtime else 0
    return max(everything, change.service.rollout.max_unavailable)


def _clashes(change: Change, observed: Observed) -> bool:
    """Whether tasks without the locks of their chips make way for tasks that have them."""
    step = change.step
    if not isinstance(step, Update) or step.definition is None or change.blocked_by:
        return False
    live = step.service
    running = observed.definitions.get(live.task_definition)
    if running is None or change.lane.lane.count is None:
        return False
    if not step.members.get("desiredCount", live.desired):
        return False
    if ADOPTED not in live.tags and ADOPTED not in step.tags:
        return False
    locks = {lock_port(device) for device in change.lane.lane.device_ids}
    locks &= task_size(change.lane.task_definition).ports
    return not locks <= task_size(running.members).ports
