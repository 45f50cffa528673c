"""What the user has allowed beyond the safety rules."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowances:
    """Flags of the command line.

    Attributes:
        adopt: keys of services to take over.
        downtime: whether a service that cannot be changed in place may be replaced.
    """

    adopt: frozenset[str] = frozenset()
    downtime: bool = False


NOTHING = Allowances()
