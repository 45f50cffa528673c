"""YAML to values, strictly: one pass over the parser's events, all errors of a file at once.

PyYAML's own composer and constructor recurse, and an interpreter dies of 100,000 brackets;
here a list is the stack. No line is kept of what is right: ``glia.manifest.lines`` reads a
file again when somebody asks. Files with nothing odd in them do not come to this reader:
``glia.manifest.straight`` reads them faster.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from glia.ecs.secrecy import may_be_secret
from glia.errors import Diagnostic
from glia.manifest import refusals
from glia.manifest.document import Document, at, key_of, render_path
from glia.manifest.refusals import (
    MAXIMUM_ERRORS,
    MAXIMUM_NESTING,
    misread_key,
    misread_secret,
    misread_value,
)
from glia.manifest.scalars import MisreadError, plain_value
from glia.manifest.straight import Loader, straight
from glia.manifest.syntax import no_character, syntax_problem, text_problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.manifest.document import FieldPath, Mark
    from glia.manifest.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file holds: its documents, those with errors included, and all errors by place."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]


def read(source: bytes, file: str, first: int = 1) -> Reading:
    """All documents of a file, or of its part from line ``first`` on.

    Whatever the bytes are, errors are values.
    """
    problems = text_problems(source, file, first)
    if problems:
        return Reading((), problems)
    documents = straight(source, file, first)
    return explained(source, file, first) if documents is None else Reading(documents, ())


def explained(source: bytes, file: str, first: int = 1) -> Reading:
    """The same of text that a parser may see, with the reasons for whatever is refused."""
    reader = _Reader(file, first)
    try:
        reader.consume(source)
    except _EnoughError:
        pass
    except yaml.MarkedYAMLError as error:
        reader.diagnostics.append(syntax_problem(error, source, file, first))
    except (ValueError, OverflowError):
        # PyYAML without libyaml, of an escape beyond Unicode.
        reader.diagnostics.append(no_character(file, first))
    reader.name_diagnostics()
    return Reading(tuple(reader.documents), tuple(sorted(reader.diagnostics, key=_place)))


def _place(diagnostic: Diagnostic) -> tuple[int, int]:
    location = diagnostic.location
    return (location.line, location.column) if location else (0, 0)


class _EnoughError(Exception):
    """Reading on would tell nothing more, or cost too much."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet.

    Attributes:
        mark: where it begins.
        key: the one whose value comes next; None before a key, and always in a list.
        firsts: where each key of a mapping stands first.
    """

    content: Any
    mark: Mark | None
    key: str | None = None
    firsts: dict[str, Mark | None] = field(default_factory=dict)


class _Reader:
    """Builds values from events; the methods named ``_on_`` each take one kind of event."""

    def __init__(self, file: str, first: int) -> None:
        self.documents: list[Document] = []
        self.diagnostics: list[Diagnostic] = []
        self._file = file
        self._first = first
        self._named = 0
        self._index = -1
        self._flawed: set[FieldPath] = set()
        self._stack: list[_Open] = []
        self._root: Any = None
        self._root_mark: Mark | None = None
        self._handlers: dict[type[yaml.Event], Callable[[Any], None]] = {
            yaml.ScalarEvent: self._on_scalar,
            yaml.MappingStartEvent: self._on_mapping,
            yaml.SequenceStartEvent: self._on_sequence,
            yaml.MappingEndEvent: self._on_end,
            yaml.SequenceEndEvent: self._on_end,
            yaml.AliasEvent: self._on_alias,
            yaml.DocumentStartEvent: self._on_document,
            yaml.DocumentEndEvent: self._on_document_end,
            yaml.StreamStartEvent: self._on_stream,
            yaml.StreamEndEvent: self._on_stream,
        }

    def consume(self, source: bytes) -> None:
        for event in yaml.parse(source, Loader=Loader):
            self._handlers[type(event)](event)

    def _refuse(self, refusal: Refusal, mark: Mark | None) -> None:
        self._note(refusal, mark)
        self._flawed.add(self._path())
        if len(self.diagnostics) == MAXIMUM_ERRORS:
            self._note(refusals.too_many(), mark)
            raise _EnoughError

    def _note(self, refusal: Refusal, mark: Mark | None) -> None:
        self.diagnostics.append(
            Diagnostic(
                severity="error",
                code=refusal.code,
                message=refusal.message,
                location=at(self._file, mark, self._first),
                path=render_path(self._path()),
                expected=refusal.expected,
                found=refusal.found,
                remedy=refusal.remedy,
            )
        )

    def _path(self) -> FieldPath:
        parts = (
            len(level.content) if isinstance(level.content, list) else level.key
            for level in self._stack
        )
        return tuple(part for part in parts if part is not None)

    def _on_stream(self, event: yaml.Event) -> None:
        """A stream's ends say nothing."""

    def _on_document(self, event: yaml.DocumentStartEvent) -> None:
        self._index += 1
        self._flawed = set()
        self._root_mark = event.start_mark

    def _on_document_end(self, _: yaml.DocumentEndEvent) -> None:
        root = self._root
        if isinstance(root, dict):
            line = at(self._file, self._root_mark, self._first).line
            flawed = frozenset(self._flawed)
            self.documents.append(
                Document(self._file, self._index, line, root, flawed, self._first)
            )
        elif root is not None and not self._flawed:
            self._refuse(refusals.not_a_mapping(root), self._root_mark)
        self.name_diagnostics()
        self._root = None

    def name_diagnostics(self) -> None:
        """What was told of the document before it told its own name gets that name."""
        root = self._stack[0].content if self._stack else self._root
        key = key_of(root)
        self.diagnostics[self._named :] = [
            replace(each, key=key) for each in self.diagnostics[self._named :]
        ]
        self._named = len(self.diagnostics)

    def _on_scalar(self, event: yaml.ScalarEvent) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        value: Any = event.value
        if event.implicit[0]:
            try:
                value = plain_value(value)
            except MisreadError as error:
                self._refuse(self._misread(value, error), event.start_mark)
        self._put(value, event.start_mark)

    def _misread(self, text: str, error: MisreadError) -> Refusal:
        if self._in_key_place():
            return misread_key(text, error)
        return misread_secret(error) if may_be_secret(self._path()) else misread_value(text, error)

    def _on_mapping(self, event: yaml.MappingStartEvent) -> None:
        self._begin(event, {})

    def _on_sequence(self, event: yaml.SequenceStartEvent) -> None:
        self._begin(event, [])

    def _begin(self, event: yaml.CollectionStartEvent, content: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            self._refuse_properties(event)
        if len(self._stack) >= MAXIMUM_NESTING:
            self._refuse(refusals.nested_too_deep(), event.start_mark)
            raise _EnoughError
        self._stack.append(_Open(content, event.start_mark))

    def _on_end(self, _: yaml.CollectionEndEvent) -> None:
        ended = self._stack.pop()
        self._put(ended.content, ended.mark)

    def _on_alias(self, event: yaml.AliasEvent) -> None:
        self._refuse(refusals.alias(), event.start_mark)
        self._put(f"*{event.anchor}", event.start_mark)

    def _put(self, value: Any, mark: Mark | None) -> None:
        """A whole value belongs to the innermost collection, or is a mapping's next key."""
        if not self._stack:
            self._root, self._root_mark = value, mark
            return
        top = self._stack[-1]
        if type(top.content) is list:
            top.content.append(value)
        elif top.key is None:
            self._put_key(top, value, mark)
        else:
            top.content[top.key] = value
            top.key = None

    def _put_key(self, top: _Open, value: Any, mark: Mark | None) -> None:
        if not isinstance(value, str):
            self._refuse(refusals.key_not_text(value), mark)
            top.key = ""
            return
        top.key = value
        if top.firsts.setdefault(value, mark) is not mark:
            first = at(self._file, top.firsts[value], self._first)
            self._refuse(refusals.duplicate_key(value, first.line), mark)

    def _refuse_properties(self, event: yaml.NodeEvent) -> None:
        for refusal in refusals.properties(event):
            self._refuse(refusal, event.start_mark)

    def _in_key_place(self) -> bool:
        top = self._stack[-1] if self._stack else None
        return top is not None and type(top.content) is dict and top.key is None
