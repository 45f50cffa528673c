"""Colours of a terminal, or none: whoever calls knows about ``NO_COLOR`` and where text goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Colour: TypeAlias = Literal["red", "green", "yellow", "cyan", "dim", "bold", ""]

# Select Graphic Rendition (ECMA-48, 8.3.117).
CODES = {"red": 31, "green": 32, "yellow": 33, "cyan": 36, "dim": 2, "bold": 1}


@dataclass(frozen=True, slots=True)
class Paint:
    """Puts a colour on text that is ready: columns are counted before."""

    on: bool

    def __call__(self, text: str, colour: Colour) -> str:
        if not self.on or not colour or not text:
            return text
        return f"\x1b[{CODES[colour]}m{text}\x1b[0m"
