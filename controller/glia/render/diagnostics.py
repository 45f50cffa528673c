"""Diagnostics as text, a place first so that editors can jump there, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glia.errors import Diagnostic


def as_text(diagnostic: Diagnostic) -> str:
    """``FILE:LINE:COLUMN: error: PATH: MESSAGE`` and, below it, what helps."""
    head = [str(diagnostic.location) if diagnostic.location else "", diagnostic.severity]
    head += [diagnostic.path, diagnostic.message]
    lines = [": ".join(part for part in head if part)]
    help_ = {
        "expected": diagnostic.expected,
        "found": diagnostic.found,
        "remedy": diagnostic.remedy,
    }
    lines += [f"    {label + ':':9} {text}" for label, text in help_.items() if text]
    return "\n".join(lines)


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Every member, the same for every diagnostic; ``location`` may be null."""
    return asdict(diagnostic)
