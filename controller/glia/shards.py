"""Which of several loops keeps which ECS cluster."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.errors import UsageError

if TYPE_CHECKING:
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` loops; ``index`` counts from 0, as a StatefulSet's ordinals do."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """``0/3``, ``1/3``, ``2/3``."""
        index, _, count = text.partition("/")
        if index.isdecimal() and count.isdecimal() and int(index) < int(count):
            return cls(int(index), int(count))
        raise UsageError(f"--shard {text!r} is no shard; of three loops they are 0/3, 1/3 and 2/3")

    def keeps(self, cluster: ClusterRef) -> bool:
        """Whether the cluster is this one's: by its name and region, the same for ever.

        Not by account, role or owner: whether a manifest names them must move no cluster.
        """
        text = f"{cluster.target.region}/{cluster.name}"
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
        return number % self.count == self.index
