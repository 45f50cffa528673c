"""What the arguments of a cluster query mean, read from their text.

Every function here raises ``ValueError`` with a sentence about the text. The date formats are
those of "Create expressions to define container instances for Amazon ECS tasks" in the Amazon
ECS Developer Guide.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_VERSION = re.compile(r"\d+(\.\d+)*", re.ASCII)
_COUNT = re.compile(r"\d+", re.ASCII)
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_CHARACTER_CLASS = re.compile(r"\[\^?\]?([^\]]*)\]?")
_SET_OPERATION = re.compile(r"\[|&&|--|\|\||~~")
_ONLY_PYTHON = re.compile(r"\(\?[P(#]")


def moment(text: str) -> float:
    """Epoch seconds of a date; UTC where it names no zone, midnight where it names no time."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"{text!r} is no date: write 2018-06-18 or 2018-06-18T22:28:28Z")
    try:
        date = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no date: {error}") from None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()


def count(text: str) -> int:
    if not _COUNT.fullmatch(text):
        raise ValueError(f"{text!r} is no number of tasks: write a whole number such as 1")
    return int(text)


def version(text: str) -> tuple[int, ...]:
    """The parts of a version as numbers; ``1.14`` and ``1.14.0`` are the same version."""
    if not _VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is no agent version: write numbers and dots such as 1.14.5")
    parts = [int(part) for part in text.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


def pattern(text: str) -> re.Pattern[str]:
    r"""A regular expression in the part of Java's syntax that Python reads the same way.

    ECS takes ``java.util.regex.Pattern``. What only one of the two knows (``\p{Alpha}``,
    ``[a-z&&[^x]]``, ``(?P<name>...)``) is refused rather than understood differently.
    """
    unescaped = _ESCAPE.sub("x", text)
    for characters in _CHARACTER_CLASS.findall(unescaped):
        if _SET_OPERATION.search(characters):
            raise ValueError(f"{text!r} combines character classes, which Glia cannot evaluate")
    if _ONLY_PYTHON.search(_CHARACTER_CLASS.sub("x", unescaped)):
        raise ValueError(f"{text!r} is no regular expression of Java's, which ECS takes")
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is no regular expression that Glia knows: {error}") from None
