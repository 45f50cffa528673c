"""AWS's request throttling: a token bucket for each class of actions, account and region.

Figures: Amazon ECS API reference, "Request throttling for the Amazon ECS API".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.sandbox.ecs_error import EcsError

if TYPE_CHECKING:
    from glia.sandbox.arns import Place


@dataclass(frozen=True, slots=True)
class Quota:
    """How many calls at once, and how many more each second."""

    burst: int
    refill: int


CLASSES: dict[str, tuple[Quota, tuple[str, ...]]] = {
    "task definition modify": (
        Quota(20, 1),
        ("RegisterTaskDefinition", "DeregisterTaskDefinition"),
    ),
    "task definition read": (
        Quota(50, 20),
        ("DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"),
    ),
    "task definition deletion": (Quota(5, 1), ("DeleteTaskDefinitions",)),
    "service modify": (Quota(50, 5), ("CreateService", "UpdateService", "DeleteService")),
    "service read": (Quota(100, 20), ("DescribeServices", "ListServices")),
    "service deployment": (
        Quota(50, 20),
        ("DescribeServiceDeployments", "ListServiceDeployments", "StopServiceDeployment"),
    ),
    "service revision": (Quota(50, 20), ("DescribeServiceRevisions",)),
    "cluster resource read": (
        Quota(100, 20),
        (
            "DescribeContainerInstances",
            "DescribeTasks",
            "ListAttributes",
            "ListContainerInstances",
            "ListTasks",
        ),
    ),
    "cluster resource modify": (
        Quota(100, 40),
        (
            "DeleteAttributes",
            "DeregisterContainerInstance",
            "PutAttributes",
            "RegisterContainerInstance",
            "RunTask",
            "StartTask",
            "StopTask",
            "UpdateContainerInstancesState",
        ),
    ),
    "cluster read": (Quota(50, 20), ("DescribeClusters", "ListClusters")),
    "cluster modify": (
        Quota(20, 1),
        (
            "CreateCluster",
            "DeleteCluster",
            "PutClusterCapacityProviders",
            "UpdateCluster",
            "UpdateClusterSettings",
        ),
    ),
    "tag modify": (Quota(20, 10), ("TagResource", "UntagResource")),
    "tag read": (Quota(50, 20), ("ListTagsForResource",)),
    "capacity provider modify": (
        Quota(10, 1),
        ("CreateCapacityProvider", "DeleteCapacityProvider", "UpdateCapacityProvider"),
    ),
    "capacity provider read": (Quota(50, 20), ("DescribeCapacityProviders",)),
}
CLASS_OF = {action: name for name, (_, actions) in CLASSES.items() for action in actions}


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Throttle:
    """The buckets of all accounts and regions."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[Place, str], _Bucket] = {}

    def admit(self, operation: str, place: Place, now: float) -> None:
        """Take a token, or raise ThrottlingException."""
        name = CLASS_OF.get(operation)
        if name is None:
            return
        quota = CLASSES[name][0]
        bucket = self._buckets.setdefault((place, name), _Bucket(quota.burst, now))
        bucket.tokens = min(quota.burst, bucket.tokens + (now - bucket.at) * quota.refill)
        bucket.at = now
        if bucket.tokens < 1:
            raise EcsError("ThrottlingException", "Rate exceeded")
        bucket.tokens -= 1
