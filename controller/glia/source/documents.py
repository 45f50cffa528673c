"""The documents of a stream of YAML, told apart without parsing it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# In YAML a line that begins so starts a document wherever it stands, in a block of text too.
_START = re.compile(rb"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
# Lines that may stand before a document's start and belong to it.
_PRELUDE = re.compile(rb"(?:[ \t]*(?:#[^\n]*)?\r?\n|%[^\n]*\n|\.\.\.[ \t]*\r?\n)*\Z")


def documents(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each part that begins where a document does, and the line where that is, from 1.

    Parts in order make the whole; a part may hold several documents where ``...`` ends one.
    """
    begin, line = 0, 1
    for start in _START.finditer(content):
        part = content[begin : start.start()]
        if _PRELUDE.match(part):
            continue
        yield line, part
        begin, line = start.start(), line + part.count(b"\n")
    yield line, content[begin:]
