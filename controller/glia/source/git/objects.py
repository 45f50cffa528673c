"""What reading needs of a repository, one that was fetched or one that is there."""

from __future__ import annotations

from typing import Protocol


class Objects(Protocol):
    """An object store."""

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
