"""What the loop asks of where its manifests come from, and what it remembers of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.plan import Source as Origin
    from glia.planning.scope import Revision as Doubt
    from glia.wanted import Files

DOUBTS: Final[Mapping[str, Doubt]] = {
    "Unverified": "unverified",
    "NonFastForward": "diverged",
    "RolledBack": "diverged",
}
"""What pruning is to think of a source, by the reason for which it gave no revision."""


class Revision(Protocol):
    """One state of the manifests.

    Attributes:
        commit: tells it from every other.
        source: the same as a plan tells it.
    """

    @property
    def commit(self) -> str: ...

    @property
    def found(self) -> Files: ...

    @property
    def source(self) -> Origin: ...


class Desired(Protocol):
    """Where the manifests come from."""

    @property
    def last(self) -> Revision | None:
        """The last good revision, of an earlier process too if the source remembers it."""

    def fetch(self) -> Revision:
        """The state that they are in now.

        Raises:
            GliaError: they cannot be had; ``transient`` and ``reason`` tell which kind it is.
        """

    def stop(self) -> None:
        """Nobody waits for a ``fetch`` any more."""


@dataclass(slots=True)
class SourceMemory:
    """What is known of the source; ``due`` is when it is asked again."""

    due: float = 0.0
    busy: bool = False
    heard_at: float = 0.0
    failures: int = 0
    failure: str = ""
    reason: str = ""
