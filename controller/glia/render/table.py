"""Columns of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.render.legible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = "  "


def padded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """The cells of rows of equal length, each as wide as the widest of its column."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return [[f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)] for row in shown]


def joined(cells: Sequence[str]) -> str:
    """Cells as a line; they may have got a colour meanwhile."""
    return GAP.join(cells).rstrip()
