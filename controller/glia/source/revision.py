"""A revision: one state of the manifests, whole, and where it is from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from glia.plan import Source

if TYPE_CHECKING:
    from glia.source.files import Found

Relation: TypeAlias = Literal["same", "descendant", "ancestor", "unrelated"]
"""What a new commit is to an old one. ``unrelated`` also where history cannot tell."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a source held at one time. Never half of one commit and half of another.

    Attributes:
        commit: all its digits; of a directory, ``sha256:`` and a hash of what was read.
        repository: its address without credentials; empty for a directory.
        path: in the repository; of directories, those that were named.
        found: the files, and what is wrong with some of them.
        follows: it comes after one that was used before, or is that one. Of the first in a new
            state directory nobody knows whether it is older than what was applied.
        fetched_at: when the source last said that this is its state, in seconds of its clock.
    """

    commit: str
    repository: str
    path: str
    found: Found
    fetched_at: float
    follows: bool = True

    @property
    def source(self) -> Source:
        """The same as a plan tells it."""
        return Source(self.repository, self.commit if self.repository else "", self.path)
