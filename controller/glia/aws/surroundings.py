"""What a service refers to outside ECS: roles, target groups, instance types."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from glia.aws import reading
from glia.aws.failures import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.aws.calls import Calls
    from glia.live import Presence
    from glia.neuron.catalogue import InstanceType

REMEMBERED: Final = 300.0
"""Seconds for which a look holds: a role that was missing may have been made since."""
ABSENT: Final = frozenset({"NoSuchEntity", "NoSuchEntityException", "TargetGroupNotFound"})


class Surroundings:
    """Looks that are remembered for a while: many services share one role."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, Presence]] = {}
        self._types: dict[str, InstanceType | None] = {}

    def role(self, arn: str) -> Presence:
        request = {"RoleName": arn.rsplit("/", 1)[-1]}
        return self._presence(arn, "iam", "GetRole", request)

    def target_group(self, arn: str) -> Presence:
        return self._presence(arn, "elbv2", "DescribeTargetGroups", {"TargetGroupArns": [arn]})

    def _presence(self, arn: str, of: str, operation: str, request: Mapping[str, Any]) -> Presence:
        now = self._calls.clock.now()
        with self._lock:
            at, seen = self._seen.get(arn, (float("-inf"), "unknown"))
        if now - at < REMEMBERED:
            return seen
        found = self._look(of, operation, request)
        with self._lock:
            kept = {at: seen for at, seen in self._seen.items() if now - seen[0] < REMEMBERED}
            self._seen = {**kept, arn: (now, found)}
        return found

    def _look(self, of: str, operation: str, request: Mapping[str, Any]) -> Presence:
        try:
            self._calls.read(operation, request, of=of)
        except AwsError as error:
            return "missing" if error.code in ABSENT else "unknown"
        return "there"

    def instance_type(self, name: str) -> InstanceType | None:
        """What EC2 says of a type: it does not change, so it is asked once."""
        if name not in self._types:
            self._types[name] = self._instance_type(name)
        return self._types[name]

    def _instance_type(self, name: str) -> InstanceType | None:
        try:
            answer = self._calls.read("DescribeInstanceTypes", {"InstanceTypes": [name]}, of="ec2")
        except AwsError as error:
            if error.code == "InvalidInstanceType":
                return None
            raise
        return next(map(reading.instance_type, answer["InstanceTypes"]), None)
