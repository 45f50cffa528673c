"""Words that stand for secrets, each known by where it was put, and where they have come out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Form: TypeAlias = Literal["random", "words"]
LENGTH = 32
PIECE = 12
"""A word that was cut is still known by so much of it."""
_RUN = re.compile(f"[a-z0-9-]{{{PIECE},}}")
SYLLABLES = [first + second for first in "bdfghklmnprstvwz" for second in "aeiou"]


@dataclass
class Canaries:
    """Makes them of 32 characters: random ones, or such as a person thinks up, in words.

    They are the same in every run: of random ones a few would look like something else.
    """

    form: Form = "random"
    by_word: dict[str, str] = field(default_factory=dict)
    _chance: Random = field(default_factory=lambda: Random(7))

    def at(self, place: str) -> str:
        """A new one for this place."""
        word = self._random() if self.form == "random" else self._words()
        self.by_word[word] = place
        return word

    def seen_in(self, texts: Iterable[str]) -> set[str]:
        """The places whose canary stands in one of the texts, or a large piece of it."""
        pieces = {
            word[at : at + PIECE]: place
            for word, place in self.by_word.items()
            for at in range(LENGTH - PIECE + 1)
        }
        return {
            pieces[run[at : at + PIECE]]
            for text in texts
            for run in _RUN.findall(text)
            for at in range(len(run) - PIECE + 1)
            if run[at : at + PIECE] in pieces
        }

    def _random(self) -> str:
        first = self._chance.choice(ascii_lowercase)
        return first + "".join(self._chance.choices(ascii_lowercase + digits, k=LENGTH - 1))

    def _words(self) -> str:
        text = "-".join("".join(self._chance.choices(SYLLABLES, k=3)) for _ in range(5))
        return text[:LENGTH]
