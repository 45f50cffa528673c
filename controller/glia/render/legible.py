"""Text of others, made safe to show: what a terminal would obey or hide is written out.

Names, values and ECS's words come from people and programs that Glia does not know. An escape
sequence among them could forge lines of a plan, a bidirectional mark could turn one around.
"""

from __future__ import annotations

from textwrap import wrap

ELLIPSIS = "..."
# What stays of a shortened text before the place that matters: more than the ellipsis takes.
CONTEXT = 8
NARROWEST = 20


def visible(text: str) -> str:
    """The text in one line, with control, format and bidirectional characters as escapes."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def wrapped(text: str, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """The text's own lines, each broken between words where it is wider than the width.

    A long word stays whole, because an ARN in two pieces cannot be copied. All lines but the
    first are indented by ``hanging`` in addition, so that none passes for another's first.
    """
    lines = [
        line
        for own in text.splitlines()
        for line in wrap(
            visible(own),
            max(width - len(indent + hanging), NARROWEST),
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]
    return [indent + (hanging if at else "") + line for at, line in enumerate(lines)]


def folded(text: str, room: int) -> str:
    """At most ``room`` characters of a text, of both ends: an image has its tag at the end."""
    if len(text) <= room:
        return text
    end = (room - len(ELLIPSIS)) // 2
    return text[: room - len(ELLIPSIS) - end] + ELLIPSIS + text[-end:]


def shortened(text: str, room: int, keep: int = 0) -> str:
    """At most ``room`` characters of a text, the one at index ``keep`` among them."""
    if len(text) <= room:
        return text
    start = max(0, min(keep - CONTEXT, len(text) - room))
    end = start + room
    before = ELLIPSIS if start else ""
    after = ELLIPSIS if end < len(text) else ""
    return before + text[start + len(before) : end - len(after)] + after
