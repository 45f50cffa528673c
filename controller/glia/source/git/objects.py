"""What reading needs of a repository, one that was fetched or one that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading


class Objects(Protocol):
    """An object store; ``stopped`` is set once nobody waits for what is read of it."""

    @property
    def stopped(self) -> threading.Event: ...

    def git(self, *arguments: str, stdin: bytes = b"", most: int = ...) -> bytes:
        """What a command says that looks at the store alone.

        Raises:
            SourceError: it says that it failed.
        """

    def fetch_blobs(self, oids: list[str]) -> None:
        """Bring contents that are missing.

        Raises:
            SourceError: they are not to be had.
        """
