"""What the user has allowed beyond the safety rules."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowances:
    """Flags of the command line.

    Attributes:
        adopt: keys of services to take over.
        downtime: whether a service that cannot be changed in place may be replaced, and more
            of its replicas may be down than it says.
        repack: whether replicas may move to make room.
        prune: whether services without a manifest are deleted, whatever their clusters say.
        deletes: how many manifests' services may be, where that is more than the limit.
        grace: seconds between the two steps of that; None leaves it to the clusters.
        paths: the manifests beside them, as a command names them; none where nobody did.
    """

    adopt: frozenset[str] = frozenset()
    downtime: bool = False
    repack: bool = False
    prune: bool = False
    deletes: int = 0
    grace: float | None = None
    paths: tuple[str, ...] = ()

    def command(self, *options: str) -> str:
        """``glia apply`` of the same manifests, with the options that allow more, for a shell."""
        return shlex.join(("glia", "apply", *options, *self.paths))


NOTHING = Allowances()
