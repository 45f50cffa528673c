"""What GitHub has answered: asked whether it still holds, it says so for nothing.

GitHub lets a token ask 5,000 times an hour, and does not count the answer that nothing has
changed (docs.github.com, "Best practices for using the REST API": conditional requests).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

KEPT: Final = 64
"""Pages of a hundred elements, of which each takes about two kilobytes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One page.

    Attributes:
        etag: by which GitHub knows it again.
        link: to the next one, as its header says it.
    """

    etag: str
    link: str
    data: bytes


class Answers:
    """The last ones, by address. One thread at a time."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Answer] = OrderedDict()

    def of(self, url: str) -> Answer | None:
        if url in self._kept:
            self._kept.move_to_end(url)
        return self._kept.get(url)

    def keep(self, url: str, etag: str, link: str, data: bytes) -> None:
        """Remember it; one without an etag cannot be asked about."""
        self._kept.pop(url, None)
        if etag:
            self._kept[url] = Answer(etag, link, data)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
