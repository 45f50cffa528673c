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
        follows: whether it is known to come after what was used before.
    """

    @property
    def commit(self) -> str: ...

    @property
    def found(self) -> Files: ...

    @property
    def source(self) -> Origin: ...

    @property
    def follows(self) -> bool: ...


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
    """What is known of the source.

    Attributes:
        due: when it is asked again.
        hinted: somebody says that it has moved.
        asked_at: when it was asked last.
        answers, refusals: how often it has answered, or not, since the start.
    """

    due: float = 0.0
    hinted: bool = False
    asked_at: float = 0.0
    busy_since: float | None = None
    answers: int = 0
    refusals: int = 0
    heard_at: float = 0.0
    failures: int = 0
    failure: str = ""
    reason: str = ""
