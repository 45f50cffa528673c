"""AWS's request quotas of ECS, per account and region, as far as Glia calls it.

Amazon ECS API reference, "Request throttling for the Amazon ECS API".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Limit:
    """How many calls at once, and how many more each second."""

    burst: float
    rate: float


CLASSES: Final[tuple[tuple[Limit, frozenset[str]], ...]] = (
    (Limit(20, 1), frozenset({"RegisterTaskDefinition"})),
    (Limit(50, 20), frozenset({"DescribeTaskDefinition"})),
    (Limit(50, 5), frozenset({"CreateService", "UpdateService", "DeleteService"})),
    (Limit(100, 20), frozenset({"DescribeServices", "ListServices"})),
    (Limit(50, 20), frozenset({"ListServiceDeployments"})),
    (Limit(50, 20), frozenset({"DescribeServiceRevisions"})),
    (
        Limit(100, 20),
        frozenset(
            {"DescribeContainerInstances", "DescribeTasks", "ListContainerInstances", "ListTasks"}
        ),
    ),
    (
        Limit(100, 40),
        frozenset({"PutAttributes", "DeleteAttributes", "UpdateContainerInstancesState"}),
    ),
    (Limit(50, 20), frozenset({"DescribeClusters"})),
    (Limit(20, 10), frozenset({"TagResource", "UntagResource"})),
)
CLASS_OF: Final = {
    action: index for index, (_, actions) in enumerate(CLASSES) for action in actions
}
"""Every operation of ECS that Glia calls, and the class whose bucket it draws on."""


def least_seconds(calls: Mapping[str, int]) -> float:
    """What AWS makes so many calls of each operation take, at best: its buckets full at first."""
    used: dict[int, int] = {}
    for operation, count in calls.items():
        if operation in CLASS_OF:
            index = CLASS_OF[operation]
            used[index] = used.get(index, 0) + count
    limits = ((CLASSES[index][0], count) for index, count in used.items())
    return max((max(0.0, (count - limit.burst) / limit.rate) for limit, count in limits), default=0)
