"""Which manifests a plan is of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """Which manifests a plan is of.

    Attributes:
        base: the ref that they are compared with, if with any.
        head: the ref that they are read of; the disk's where it is None.
    """

    paths: tuple[str, ...]
    base: str | None = None
    head: str | None = None
