"""ECS's documentation, which its model holds as HTML, as plain text."""

from __future__ import annotations

import html
import re

# What starts a new paragraph; all other tags (a, b, code, i) stand inside a sentence.
_BREAK = re.compile(
    r"</?(?:p|ul|ol|li|dl|dt|dd|br|note|important|fullname|h\d|pre)\b[^>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?[a-zA-Z][^>]*>")


def plain(source: str) -> str:
    """The text of some HTML, a line for each paragraph that says something."""
    blocks = (html.unescape(_TAG.sub("", block)) for block in _BREAK.split(source))
    return "\n".join(text for block in blocks if (text := " ".join(block.split())))


def summary(source: str, *, at_most: int = 600) -> str:
    """The first paragraphs of some HTML, as many as fit; a first one that is too long is cut."""
    first, *others = plain(source).split("\n")
    if len(first) > at_most:
        return first[: at_most - 1].rpartition(" ")[0] + "…"
    kept = first
    for paragraph in others:
        if len(kept) + 1 + len(paragraph) > at_most:
            break
        kept += f"\n{paragraph}"
    return kept
