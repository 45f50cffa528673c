"""Amazon Resource Names as ECS writes them (long format), and the ids inside them."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """An account in a region: ECS keeps every such place apart."""

    account: str
    region: str

    @classmethod
    def of(cls, arn: str) -> Place:
        """The place of a resource of ECS."""
        _, _, _, region, account, _ = arn.split(":", 5)
        return cls(account, region)

    @property
    def partition(self) -> str:
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, resource: str, service: str = "ecs") -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def role_arn(self, name: str) -> str:
        """A role's ARN has no region. A service may name its role without one."""
        if name.startswith("arn:"):
            return name
        return f"arn:{self.partition}:iam::{self.account}:role/{name}"


class Ids:
    """Ids of the lengths that ECS uses; seeded, so that a run can be repeated."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def hexadecimal(self, digits: int = 32) -> str:
        """Tasks and container instances: 32 digits. EC2 instances: 17."""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def uuid(self) -> str:
        """Containers, attachments and service events."""
        digits = self.hexadecimal()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def revision(self) -> str:
        """Service revisions, and with ``ecs-svc/`` before it deployments: 19 digits."""
        return str(self._random.randrange(10**18, 10**19))

    def deployment(self) -> str:
        """Service deployments: 21 characters."""
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        return "".join(self._random.choices(alphabet, k=21))


def last_part(name_or_arn: str) -> str:
    """``inference`` of ``inference`` and of ``arn:aws:ecs:...:cluster/inference``."""
    return name_or_arn.rsplit("/", 1)[-1]
