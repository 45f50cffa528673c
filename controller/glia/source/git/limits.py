"""What one fetch may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may take.

    Attributes:
        seconds: for one run of git; then its whole process group is killed.
        stall_seconds: with less than a thousand bytes a second, until a transfer is given up.
        files: that are read of one revision.
        size: bytes of all of them.
    """

    seconds: float = 120
    stall_seconds: int = 20
    files: int = 20_000
    size: int = 64 * 1024 * 1024


USUAL: Final = Limits()
