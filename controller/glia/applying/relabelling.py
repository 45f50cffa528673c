"""Instances into a partition, and out of one, so that no task is ever on the wrong side.

An instance that becomes a part of a partition is marked, drained, labelled when no task is left
on it, made ACTIVE again, and the mark is taken away. Between any two calls Glia may be killed.
So each step follows from what ECS shows of the instance alone, and whoever comes next goes on
from there: the mark tells Glia's draining from somebody else's, which nothing here ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Literal

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

    from glia.applying.ecs import Ecs
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
    """A labelling on its way.

    Attributes:
        calls: what has been changed so far, by the names of the API calls.
    """

    labelling: Labelling
    site: Site
    calls: list[str] = field(default_factory=list)
    _known: dict[str, LiveInstance] = field(default_factory=dict)
    _drained: set[str] = field(default_factory=set)

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
        self._relabel()
        now = self.site.clock.now()
        return replace(begun, state=State.DONE, at=now, calls=tuple(self.calls))

    def _relabel(self) -> None:
        """Take every instance to its end.

        Raises:
            GliaError: a call was refused, or tasks do not leave: such instances are back in
                the partition that they were in.
            CutOff: it waited for tasks to leave, and is to wait no longer; the same.
        """
        self._look(self.labelling.instances)
        until = self.site.clock.now() + DEADLINE_SECONDS
        failures = []
        while open_ones := self._open():
            ready = {arn: step for arn, step in open_ones.items() if step is not Step.EMPTY}
            for step in Step:
                if arns := [arn for arn, wanted in ready.items() if wanted is step]:
                    self._take(step, arns)
            if ready:
                continue
            holding = {arn: self._ecs.tasks_on(self._cluster, arn) for arn in open_ones}
            if empty := [arn for arn, tasks in holding.items() if not tasks]:
                self._move(empty)
            failures += self._given_up(holding, late=self.site.clock.now() >= until)
            if self.site.is_over():
                self._undo([arn for arn in self._open() if holding.get(arn)])
                raise CutOff
            if not empty and self._open():
                self.site.clock.sleep(LOOK_EVERY_SECONDS)
        if failures:
            raise GliaError("; ".join(failures))

    @property
    def _ecs(self) -> Ecs:
        return self.site.ecs_of(self.labelling.cluster)

    @property
    def _cluster(self) -> str:
        return self.labelling.cluster.name

    def _open(self) -> dict[str, Step]:
        found = {arn: next_step(self.labelling, each) for arn, each in self._known.items()}
        if fought := sorted(self._drained & {arn for arn in found if found[arn] is Step.DRAIN}):
            raise GliaError(f"somebody else has set {self._names(fought)} ACTIVE")
        return {arn: step for arn, step in found.items() if step is not Step.DONE}

    def _look(self, arns: Iterable[str]) -> None:
        """See how they are now; what is gone has no partition any more."""
        wanted = list(arns)
        found = {each.arn: each for each in self._ecs.instances_at(self._cluster, wanted)}
        if gone := [arn for arn in wanted if arn not in found or found[arn].status == "INACTIVE"]:
            names = ", ".join(arn.rpartition("/")[2] for arn in gone)
            raise GliaError(f"{names} of {self.labelling.cluster} is gone; apply again")
        self._known |= found

    def _take(self, step: Step, arns: Sequence[str]) -> None:
        partition = self.labelling.partition
        owned = {LABELLED_BY: attribute_value(self.labelling.cluster.owner)}
        match step:
            case Step.TAKE:
                self._put(arns, {PARTITION: partition, **owned})
            case Step.MARK:
                self._put(arns, {**owned, LABELLING: partition})
            case Step.DRAIN:
                self._set_state(arns, "DRAINING")
                self._drained.update(arns)
                self.site.clock.sleep(SETTLE_SECONDS)
            case Step.ACTIVATE:
                self._set_state(arns, "ACTIVE")
            case Step.UNMARK:
                self._delete(arns, LABELLING, stays=PARTITION)

    def _move(self, arns: Sequence[str]) -> None:
        """No task is on them: the label comes, or goes."""
        if self.labelling.action == "unlabel":
            self._delete(arns, PARTITION, stays=LABELLING)
            return
        self._look(arns)
        still = self._open()
        if ready := [arn for arn in arns if still.get(arn) is Step.EMPTY]:
            self._put(ready, {PARTITION: self.labelling.partition})

    def _given_up(self, holding: Mapping[str, Sequence[LiveTask]], *, late: bool) -> list[str]:
        """Instances that tasks do not leave: ECS moves those of services, and no others."""
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
            del self._known[arn]
        return [f"{groups} came to an instance and did not leave; apply again for another one"]

    def _undo(self, arns: Sequence[str]) -> None:
        """Back into the partition that they were in."""
        if self.labelling.action != "label" or not arns:
            return
        self._set_state(arns, "ACTIVE")
        self._delete(arns, LABELLING, stays=PARTITION)

    def _put(self, arns: Sequence[str], attributes: Mapping[str, str]) -> None:
        self._ecs.put_attributes(self._cluster, arns, attributes)
        self.calls.append("PutAttributes")
        for arn in arns:
            known = self._known[arn]
            self._known[arn] = replace(known, attributes={**known.attributes, **attributes})

    def _delete(self, arns: Sequence[str], name: str, *, stays: str) -> None:
        """Take an attribute away, and with it whose it was unless ``stays`` needs that too."""
        for needed in (True, False):
            some = [arn for arn in arns if (stays in self._known[arn].attributes) is needed]
            names = {name} if needed else {name, LABELLED_BY}
            if not some:
                continue
            self._ecs.delete_attributes(self._cluster, some, names)
            self.calls.append("DeleteAttributes")
            for arn in some:
                known = self._known[arn]
                left = {key: value for key, value in known.attributes.items() if key not in names}
                self._known[arn] = replace(known, attributes=left)

    def _set_state(self, arns: Sequence[str], status: Literal["ACTIVE", "DRAINING"]) -> None:
        self._ecs.set_instance_state(self._cluster, arns, status)
        self.calls.append("UpdateContainerInstancesState")
        for arn in arns:
            self._known[arn] = replace(self._known[arn], status=status)

    def _names(self, arns: Iterable[str]) -> str:
        return ", ".join(self._known[arn].ec2_instance_id for arn in arns)
