"""Texts that were looked at once, and are to stay as they are."""

from __future__ import annotations

from pathlib import Path

CASES = Path(__file__).parents[1] / "cases" / "render"


def golden(name: str) -> str:
    """What the case file says, without the line end behind it."""
    return (CASES / name).read_text("utf-8").removesuffix("\n")
