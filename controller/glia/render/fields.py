"""Changes of fields, a line each: ``~ PATH: OLD -> NEW``.

Whatever the fields are called, a masked one shows neither its old nor its new value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from glia.diff import Absent, Masked
from glia.render.legible import folded, shortened, visible

if TYPE_CHECKING:
    from glia.diff import FieldChange

Sign: TypeAlias = Literal["+", "-", "~"]
ARROW = " -> "
MASK = "(sensitive)"
ELEMENT = re.compile(r"\[(?!\d+\]$).*\]$", re.DOTALL)  # of a set; lists have numbers
LEAST_ROOM = 40  # for values; a deep path may well leave none
# A text that would read as something else without quotes: a number, a constant, a mask, an edge.
MISLEADING = re.compile(
    r"|-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null|\".*\"|\(.*|\s.*|.*\s|.* -> .*", re.DOTALL
)


def sign(change: FieldChange) -> Sign:
    """Whether the field comes, goes or changes."""
    if isinstance(change.old, Absent):
        return "+"
    return "-" if isinstance(change.new, Absent) else "~"


def is_masked(change: FieldChange) -> bool:
    """Whether neither value may be shown."""
    return change.sensitive or isinstance(change.old, Masked) or isinstance(change.new, Masked)


def value_text(value: Any) -> str:
    """A value in one line: a text as it is where that cannot be taken for something else."""
    if isinstance(value, str) and value.isprintable() and not MISLEADING.fullmatch(value):
        return value
    return visible(json.dumps(value, ensure_ascii=False, sort_keys=True))


def field_line(change: FieldChange, width: int) -> str:
    """The change in one line, values shortened to the width and never the path."""
    mark = sign(change)
    head = f"{mark} {visible(change.path)}: "
    if is_masked(change):
        return f"{head}{MASK}, changed" if mark == "~" else f"{head}{MASK}"
    room = max(width - len(head), LEAST_ROOM)
    if mark == "~":
        return head + ARROW.join(_pair(change, room - len(ARROW)))
    value = change.new if mark == "+" else change.old
    if value is True and ELEMENT.search(change.path):
        return head.removesuffix(": ")  # the path names the element, and that it is there is all
    return head + folded(value_text(value), room)


def diff_lines(change: FieldChange, longest: int) -> list[str]:
    """The change as a unified diff has it; values of more characters are shortened."""
    mark, path = sign(change), visible(change.path)
    if is_masked(change):
        return [f"! {path}: {MASK}, changed" if mark == "~" else f"{mark} {path}: {MASK}"]
    if mark == "~":
        old, new = _pair(change, 2 * longest)
        return [f"- {path}: {old}", f"+ {path}: {new}"]
    value = value_text(change.new if mark == "+" else change.old)
    return [f"{mark} {path}: {folded(value, longest)}"]


def _pair(change: FieldChange, room: int) -> tuple[str, str]:
    """Old and new value in so many characters together, shortened around where they differ."""
    old, new = value_text(change.old), value_text(change.new)
    together = enumerate(zip(old, new, strict=False))
    differ = next((at for at, (one, other) in together if one != other), min(len(old), len(new)))
    half = room // 2
    return (
        shortened(old, max(half, room - len(new)), differ),
        shortened(new, max(half, room - len(old)), differ),
    )
