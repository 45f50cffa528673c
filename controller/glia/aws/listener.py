"""Who wants to know of calls to AWS: how they end, and how long they wait for their turn."""

from __future__ import annotations

from typing import Protocol


class Listener(Protocol):
    """Called in the thread that calls AWS, so it must not block."""

    def called(self, operation: str, code: str) -> None:
        """A call has come back; ``code`` is AWS's own word for a failure, or ``ok``."""

    def waited(self, bucket: str, seconds: float) -> None:
        """A call has waited for its turn in the bucket that goes by its first operation's name."""


class Nobody:
    """Listens to nothing."""

    def called(self, operation: str, code: str) -> None: ...

    def waited(self, bucket: str, seconds: float) -> None: ...
