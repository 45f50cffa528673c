"""Diagnostics as text, a place first so that editors can jump there, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from glia.render.legible import visible

if TYPE_CHECKING:
    from glia.errors import Diagnostic


def as_text(diagnostic: Diagnostic) -> str:
    """``FILE:LINE:COLUMN: error: PATH: MESSAGE`` and, below it, what helps."""
    help_ = {
        "expected": diagnostic.expected,
        "found": diagnostic.found,
        "remedy": diagnostic.remedy,
    }
    below = [f"    {label + ':':9} {visible(text)}" for label, text in help_.items() if text]
    return "\n".join([head(diagnostic), *below])


def head(diagnostic: Diagnostic) -> str:
    """The first of those lines; what stands in no file is named by its key."""
    place = str(diagnostic.location) if diagnostic.location else diagnostic.key
    parts = [place, diagnostic.severity]
    parts += [diagnostic.path, diagnostic.message]
    return visible(": ".join(part for part in parts if part))


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Every member, the same for every diagnostic; ``location`` may be null."""
    return asdict(diagnostic)
