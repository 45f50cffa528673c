"""What a plain scalar means, and which ones do not mean what they show.

Readings are YAML 1.1's, by PyYAML's own table. A scalar whose value would be written
differently, or that YAML 1.2 reads as something else (kustomize does), is refused: nobody
sees that ``no`` is a truth value or ``012`` is ten, and every text can be quoted.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from typing import Any, TypeAlias

import yaml

Scalar: TypeAlias = str | int | float | bool | None

_TAG = "tag:yaml.org,2002:"
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = yaml.SafeLoader.yaml_implicit_resolvers
_AS_THEY_STAND: dict[str, bool | None] = {"": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"(0|-?[1-9][0-9]*)\Z")
_BITS_64 = range(-(2**63), 2**63)

# Texts by YAML 1.1, numbers by YAML 1.2.
_NUMBER_ELSEWHERE = re.compile(r"[-+]?(0o[0-7]+|(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)\Z")


class MisreadError(Exception):
    """A plain scalar's text and value differ.

    Attributes:
        reading: what YAML makes of it, to follow "is": ``read as false``.
        expected: how to write what may have been meant.
        code: the rule's name.
    """

    def __init__(self, reading: str, expected: str, code: str = "ambiguous-value") -> None:
        super().__init__(reading)
        self.reading = reading
        self.expected = expected
        self.code = code


def plain_value(text: str) -> Scalar:
    """The value of an unquoted scalar.

    Raises:
        MisreadError: it would not be what it looks like.
    """
    if text in _AS_THEY_STAND:
        return _AS_THEY_STAND[text]
    resolvers = _RESOLVERS.get(text[:1])
    if resolvers is None:
        return text
    for tag, pattern in resolvers:
        if pattern.match(text):
            return _number(text, tag.removeprefix(_TAG))
    if _NUMBER_ELSEWHERE.match(text):
        raise MisreadError("a text for some readers of YAML and a number for others", _quoted(text))
    return text


def quote(text: str) -> str:
    """The text as it would stand in double quotes, cut where nobody would read on."""
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    return json.dumps(shown, ensure_ascii=False)


def _quoted(text: str) -> str:
    return f"{quote(text)} for the text"


def _number(text: str, kind: str) -> int | float:
    match kind:
        case "int" if _INTEGER.match(text):
            # Long digits are never converted: that takes quadratic time.
            if len(text) <= 20 and int(text) in _BITS_64:
                return int(text)
            raise MisreadError("a number of more than 64 bits", _quoted(text), "number-too-large")
        case "float" if repr(value := _float(text)) == text:
            return value
    raise _misread(text, kind)


def _float(text: str) -> float:
    """The number, or not a number where Python writes it otherwise (``1:30.5``)."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _misread(text: str, kind: str) -> MisreadError:
    if kind == "timestamp":
        return MisreadError("read as a date", _quoted(text))
    if kind in {"merge", "value"}:
        return MisreadError("a keyword of YAML", _quoted(text))
    value = _constructed(text)
    if value is None and kind != "null":
        return MisreadError("read as a number", _quoted(text))
    written = json.dumps(value)
    if isinstance(value, float) and ("e" in written or not math.isfinite(value)):
        return MisreadError(f"read as the number {value}", _quoted(text))
    noun = "the number " if kind in {"int", "float"} else ""
    return MisreadError(
        f"read as {noun}{written}", f"{_quoted(text)}, {written} for {noun or 'the value'}".strip()
    )


def _constructed(text: str) -> Any:
    """What PyYAML makes of it; nothing where that fails (``0x_``) or is too long to show."""
    with contextlib.suppress(ValueError):
        if len(text) <= 40:
            return yaml.safe_load(text)
    return None
