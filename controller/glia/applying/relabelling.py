"""Instances into a partition, and out of one, so that no task is ever on the wrong side.

An instance that becomes a part of a partition is marked, drained, labelled when no task is left
on it, made ACTIVE again, and the mark is taken away. Between any two calls Glia may be killed.
So each step follows from what ECS shows of the instance alone, and whoever comes next goes on
from there: the mark tells Glia's draining from somebody else's, which nothing here ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from glia.applying.instances import Instances
from glia.applying.item import CutOff
from glia.desired.labels import (
    LABELLED_BY,
    LABELLING,
    attribute_value,
    is_labelled_by,
    labelling_of,
    partition_in,
)
from glia.desired.service import PARTITION
from glia.errors import GliaError
from glia.outcome import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.applying.item import Site
    from glia.live import LiveInstance, LiveTask
    from glia.steps import Labelling

SETTLE_SECONDS = 5.0
"""After draining: what ECS was placing when it was told shows on the instance by then."""
LOOK_EVERY_SECONDS = 10.0
# Tasks that leave have their target group's delay and their own stop timeout.
DEADLINE_SECONDS = 900.0


class Step(Enum):
    """What an instance needs next; ``EMPTY`` is to wait until no task is on it."""

    TAKE = "take"
    MARK = "mark"
    DRAIN = "drain"
    EMPTY = "empty"
    ACTIVATE = "activate"
    UNMARK = "unmark"
    DONE = "done"


def next_step(labelling: Labelling, instance: LiveInstance) -> Step:
    """From what the instance is like now, whoever has brought it there.

    Raises:
        GliaError: somebody else drains it.
    """
    owner, attributes = labelling.cluster.owner, instance.attributes
    mark, there = labelling_of(owner, attributes), partition_in(attributes)
    if labelling.action == "unlabel" and there == labelling.partition:
        return Step.EMPTY if is_labelled_by(owner, attributes) else Step.DONE
    if labelling.action != "label" or there == labelling.partition:
        if not mark:
            return Step.DONE
        return Step.ACTIVATE if instance.status == "DRAINING" else Step.UNMARK
    if instance.arn in labelling.occupied:
        return Step.TAKE
    if instance.status == "DRAINING":
        if not mark:
            raise GliaError(f"{instance.ec2_instance_id} is being drained by somebody else")
        return Step.EMPTY if mark == labelling.partition else Step.ACTIVATE
    return Step.DRAIN if mark == labelling.partition else Step.MARK


@dataclass(slots=True)
class Relabelling:
    """A labelling that waits for its turn, and is carried out.

    Attributes:
        calls: what has been changed so far, by the names of the API calls.
    """

    labelling: Labelling
    site: Site
    calls: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.labelling.id

    @property
    def depends_on(self) -> tuple[str, ...]:
        return self.labelling.depends_on

    def first(self, now: float) -> Outcome:
        labelling = self.labelling
        return Outcome(
            id=labelling.id,
            key=str(labelling.cluster),
            lane=f"partition {labelling.partition or 'default'}",
            action=labelling.action,
            state=State.WAITS,
            at=now,
            message=f"{len(labelling.instances)} {labelling.instance_type}",
        )

    def run(self, begun: Outcome) -> Outcome:
        cluster = self.labelling.cluster
        instances = Instances(self.site.ecs_of(cluster), cluster, self.calls)
        _Way(self.labelling, self.site, instances).walk()
        now = self.site.clock.now()
        return replace(begun, state=State.DONE, at=now, calls=tuple(self.calls))


@dataclass(slots=True)
class _Way:
    """The instances of a labelling on their way to its end.

    Attributes:
        drained: those that were set DRAINING here.
        until: when tasks have to have left, by the site's clock.
    """

    labelling: Labelling
    site: Site
    instances: Instances
    drained: set[str] = field(default_factory=set)
    until: float = 0.0

    def walk(self) -> None:
        """Take every instance to its end.

        Raises:
            GliaError: a call was refused, or tasks do not leave: such instances are back in
                the partition that they were in.
            CutOff: it waited for tasks to leave, and is to wait no longer; the same.
        """
        self.instances.look(self.labelling.instances)
        self.until = self.site.clock.now() + DEADLINE_SECONDS
        failures = []
        while wanted := self._open():
            if any(step is not Step.EMPTY for step in wanted.values()):
                self._go_on(wanted)
            else:
                failures += self._wait(wanted)
        if failures:
            raise GliaError("; ".join(failures))

    def _open(self) -> dict[str, Step]:
        """What each instance needs that is not at its end."""
        known = self.instances.known
        found = {arn: next_step(self.labelling, each) for arn, each in known.items()}
        if fought := sorted(self.drained & {arn for arn in found if found[arn] is Step.DRAIN}):
            raise GliaError(f"somebody else has set {self.instances.names(fought)} ACTIVE")
        return {arn: step for arn, step in found.items() if step is not Step.DONE}

    def _go_on(self, wanted: Mapping[str, Step]) -> None:
        """Take all steps that wait for nothing, each for all that need it."""
        for step in Step:
            if arns := [arn for arn in wanted if wanted[arn] is step]:
                self._take(step, arns)

    def _take(self, step: Step, arns: Sequence[str]) -> None:
        partition = self.labelling.partition
        owned = {LABELLED_BY: attribute_value(self.labelling.cluster.owner)}
        match step:
            case Step.TAKE:
                self.instances.put(arns, {PARTITION: partition, **owned})
            case Step.MARK:
                self.instances.put(arns, {**owned, LABELLING: partition})
            case Step.DRAIN:
                self.instances.set_state(arns, "DRAINING")
                self.drained.update(arns)
                self.site.clock.sleep(SETTLE_SECONDS)
            case Step.ACTIVATE:
                self.instances.set_state(arns, "ACTIVE")
            case Step.UNMARK:
                self.instances.delete(arns, LABELLING, stays=PARTITION)

    def _wait(self, arns: Iterable[str]) -> list[str]:
        """Label those that tasks have left; what failed with those that they do not leave."""
        holding = self.instances.tasks_on(arns)
        if empty := [arn for arn, tasks in holding.items() if not tasks]:
            self._move(empty)
        failures = self._given_up(holding)
        if self.site.is_over():
            self._undo([arn for arn in self._open() if holding.get(arn)])
            raise CutOff
        if not empty and self._open():
            self.site.clock.sleep(LOOK_EVERY_SECONDS)
        return failures

    def _move(self, arns: Sequence[str]) -> None:
        """No task is on them: the label comes, or goes."""
        if self.labelling.action == "unlabel":
            self.instances.delete(arns, PARTITION, stays=LABELLING)
            return
        self.instances.look(arns)
        still = self._open()
        if ready := [arn for arn in arns if still.get(arn) is Step.EMPTY]:
            self.instances.put(ready, {PARTITION: self.labelling.partition})

    def _given_up(self, holding: Mapping[str, Sequence[LiveTask]]) -> list[str]:
        """Instances that tasks do not leave: ECS moves those of services, and no others."""
        late = self.site.clock.now() >= self.until
        stuck = [
            arn
            for arn, tasks in holding.items()
            if tasks and (late or not all(each.service for each in tasks))
        ]
        if not stuck:
            return []
        self._undo(stuck)
        groups = ", ".join(sorted({each.group for arn in stuck for each in holding[arn]}))
        for arn in stuck:
            del self.instances.known[arn]
        return [f"{groups} came to an instance and did not leave; apply again for another one"]

    def _undo(self, arns: Sequence[str]) -> None:
        """Back into the partition that they were in."""
        if self.labelling.action != "label" or not arns:
            return
        self.instances.set_state(arns, "ACTIVE")
        self.instances.delete(arns, LABELLING, stays=PARTITION)
