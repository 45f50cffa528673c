"""Text of others in Markdown that nothing comes alive of: only code spans and fenced blocks.

Inside of them a site makes no HTML, no links, no images, and notifies nobody who is mentioned
(CommonMark 0.31, 4.5 and 6.1; GitHub Flavored Markdown, 4.10 on tables).
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from glia.render.legible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

BACKTICKS = re.compile("`+")
# What a site would link by itself, in text that is not Markdown: mentions, issues, addresses.
LIVELY = re.compile(r"[^\w ,./-]|//|www\.", re.ASCII)


def fenced(lines: Iterable[str], language: str) -> str:
    """A block that no line of it can close; every line by itself, control characters visible."""
    content = [visible(line) for line in lines]
    fence = "`" * max(3, 1 + _longest_run("\n".join(content)))
    return "\n".join([f"{fence}{language}", *content, fence])


def code(text: str) -> str:
    """A code span for a table's cell or a sentence."""
    shown = visible(text) or " "
    # Parsers do not agree on a pipe behind a backslash; behind none they do.
    shown = re.sub(r"(?<=\\)\|", r"\\x7c", shown).replace("|", r"\|")
    ticks = "`" * (1 + _longest_run(shown))
    # One space at each end is not shown, and keeps backticks at the ends off the span's own.
    edge = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{edge}{shown}{edge}{ticks}"


def summary(text: str) -> str:
    """Text inside of ``<summary>``, where no Markdown is read: what could live is written out."""
    shown = LIVELY.sub(lambda found: "".join(f"\\x{ord(each):02x}" for each in found[0]), text)
    return f"<summary>{html.escape(shown)}</summary>"


def _longest_run(text: str) -> int:
    return max(map(len, BACKTICKS.findall(text)), default=0)
