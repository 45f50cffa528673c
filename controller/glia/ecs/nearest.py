"""The known word that was probably meant by one that is not known."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Nothing that ECS knows is longer; comparing takes time with the product of the lengths.
LONGEST = 80


def nearest(word: str, known: Iterable[str]) -> str:
    """The word of those known that is written almost like this one, or an empty text.

    A word that differs only in case or in its joints (``task_role_arn``) comes first: that is
    another tool's dialect, not a slip of the finger.
    """
    if len(word) > LONGEST:
        return ""
    bare = {_bare(each): each for each in known}
    close = difflib.get_close_matches(_bare(word), bare, n=1, cutoff=0.7)
    return bare[close[0]] if close else ""


def _bare(word: str) -> str:
    return word.replace("_", "").replace("-", "").replace(" ", "").lower()
