"""One manifest as plain values, and how a person names a field in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from glia.errors import Location

if TYPE_CHECKING:
    from collections.abc import Sequence

FieldPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The bytes of one file, under the name that the user knows; none after the limit.

    Attributes:
        line: where they begin in what the user sees as the file, from 1: standard input comes
            in parts.
    """

    file: str
    content: bytes
    line: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """One mapping that a file holds.

    Attributes:
        file: as the user named it.
        index: which of the file's documents, from 0; empty ones count.
        line: where it begins in the file, from 1.
        body: mappings, lists, texts, numbers, truth values and nulls; keys are texts.
        flawed: the fields whose YAML is wrong. What stands there is a guess, good enough to
            look for what else is wrong, and never to be used.
        part: the line where its source begins, from 1.
    """

    file: str
    index: int
    line: int
    body: dict[str, Any]
    flawed: frozenset[FieldPath] = frozenset()
    part: int = 1

    @property
    def key(self) -> str:
        return key_of(self.body)

    def name_of(self, kind: str) -> str:
        """The name that a document of this kind tells; nothing for another kind."""
        found, _, name = self.key.partition("/")
        return name if found == kind else ""

    def is_flawed_at(self, path: FieldPath) -> bool:
        """Whether the field, one above it or one below it has been told to be wrong."""
        return any(path[: len(at)] == at[: len(path)] for at in self.flawed)


class Mark(Protocol):
    """PyYAML's place in a text, written in C or in Python; counts from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


def at(file: str, mark: Mark | None, first: int = 1) -> Location:
    """A mark's place in the file, of which the text begins at line ``first``."""
    return Location(file, mark.line + first, mark.column + 1) if mark else Location(file, first, 1)


def key_of(body: Any) -> str:
    """``Kind/name``, if the document tells both."""
    if not isinstance(body, dict):
        return ""
    kind, metadata = body.get("kind"), body.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return f"{kind}/{name}" if isinstance(kind, str) and isinstance(name, str) else ""


def render_path(path: Sequence[str | int]) -> str:
    """``spec.containers[0].labels["a/b"]``: a key that is no identifier is quoted."""
    return "".join(_part(part) for part in path).removeprefix(".")


def _part(part: str | int) -> str:
    if isinstance(part, str) and part.isascii() and part.isidentifier():
        return f".{part}"
    return f"[{json.dumps(part, ensure_ascii=False)}]"
