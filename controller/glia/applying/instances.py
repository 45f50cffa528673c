"""Container instances that change their partition: how they are, and what is done to them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from glia.desired.labels import LABELLED_BY
from glia.errors import GliaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.applying.ecs import Ecs
    from glia.live import LiveInstance, LiveTask
    from glia.target import ClusterRef


@dataclass(slots=True)
class Instances:
    """Some instances of a cluster, named by their ARNs.

    Attributes:
        calls: what has been changed so far, by the names of the API calls.
        known: as ECS has shown them, and as the calls since have made them.
    """

    ecs: Ecs
    cluster: ClusterRef
    calls: list[str]
    known: dict[str, LiveInstance] = field(default_factory=dict)

    def look(self, arns: Iterable[str]) -> None:
        """See how they are now; what is gone has no partition any more."""
        wanted = list(arns)
        found = {each.arn: each for each in self.ecs.instances_at(self.cluster.name, wanted)}
        if gone := [arn for arn in wanted if arn not in found or found[arn].status == "INACTIVE"]:
            names = ", ".join(arn.rpartition("/")[2] for arn in gone)
            raise GliaError(f"{names} of {self.cluster} is gone; apply again")
        self.known |= found

    def tasks_on(self, arns: Iterable[str]) -> dict[str, Sequence[LiveTask]]:
        return {arn: self.ecs.tasks_on(self.cluster.name, arn) for arn in arns}

    def names(self, arns: Iterable[str]) -> str:
        return ", ".join(self.known[arn].ec2_instance_id for arn in arns)

    def put(self, arns: Sequence[str], attributes: Mapping[str, str]) -> None:
        self.ecs.put_attributes(self.cluster.name, arns, attributes)
        self.calls.append("PutAttributes")
        for arn in arns:
            known = self.known[arn]
            self.known[arn] = replace(known, attributes={**known.attributes, **attributes})

    def delete(self, arns: Sequence[str], name: str, *, stays: str) -> None:
        """Take an attribute away, and with it whose it was unless ``stays`` needs that too."""
        for needed in (True, False):
            some = [arn for arn in arns if (stays in self.known[arn].attributes) is needed]
            names = {name} if needed else {name, LABELLED_BY}
            if not some:
                continue
            self.ecs.delete_attributes(self.cluster.name, some, names)
            self.calls.append("DeleteAttributes")
            for arn in some:
                known = self.known[arn]
                left = {key: value for key, value in known.attributes.items() if key not in names}
                self.known[arn] = replace(known, attributes=left)

    def set_state(self, arns: Sequence[str], status: Literal["ACTIVE", "DRAINING"]) -> None:
        self.ecs.set_instance_state(self.cluster.name, arns, status)
        self.calls.append("UpdateContainerInstancesState")
        for arn in arns:
            self.known[arn] = replace(self.known[arn], status=status)
