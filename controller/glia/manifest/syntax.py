"""What keeps a file from being parsed at all, in plain words."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from glia.errors import Diagnostic, Location
from glia.manifest.document import at
from glia.manifest.refusals import MAXIMUM_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import yaml

MAXIMUM_BYTES = 256 * 1024

# YAML's printable characters without U+FEFF, which is invisible wherever it stands. Compiled by
# those who need it: that takes as long as a hundred manifests take to look through.
_UNPRINTABLE = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_PRINTABLE_ASCII = bytes([9, 10, 13, *range(0x20, 0x7F)])
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAG_DIRECTIVE = re.compile("^%TAG.*", re.MULTILINE)

_COLON = "put a text that has a colon and a space in it in quotes, and check the indentation"
_FORM = re.compile(r"[\w.-]+:(?=\s|$)|[^\w\s]{1,3}|the end of the (?:line|file)$")
_DASH = "begin a list in a line of its own, each element with a dash and a space"
_ESCAPE = "write a backslash as two, or use single quotes"
_INDENT = "indent it like its neighbours, and close every quote above it"
_KEY = "write a key, a colon, a space and the value"
_OPEN = "put a text that begins with it in quotes"
_TAB = "indent with spaces"

# A part of the problem as libyaml or PyYAML names it, what to say, what to do.
_PROBLEMS = (
    ("tab character", "a tab indents this line", _TAB),
    ("cannot start any token", "no value begins with this character", _OPEN),
    ("' or '", "the bracket opened in line {line} is not closed", "close it, or add a comma"),
    ("mapping values are not allowed", "a second colon, or a key out of place", _COLON),
    ("find expected ':'", "this line has no key and colon", _KEY),
    ("find expected '-' indicator", "this is no element of the list of line {line}", _INDENT),
    ("find expected key", "this is no key of the mapping of line {line}", _INDENT),
    ("expected <block end>", "this does not belong to what line {line} begins", _INDENT),
    ("sequence entries are not allowed", "a list cannot begin here", _DASH),
    ("unexpected end of stream", "the quote opened in line {line} is not closed", "close it"),
    ("unexpected document", "the quote opened in line {line} is not closed", "close it"),
    ("escape c", "a backslash with this after it means nothing", _ESCAPE),
    ("node content", "a value is missing here", "write it, or quote what stands here"),
    ("undefined tag handle", "tags are not read here", "delete the tag"),
    ("<document start>", "this does not belong to the document above it", _INDENT),
)


def text_problems(source: bytes, file: str, first: int = 1) -> tuple[Diagnostic, ...]:
    """Why the bytes are no text that a parser should see; nothing if they are."""
    if len(source) > MAXIMUM_BYTES:
        return (_too_large(file, first),)
    if not source.translate(None, _PRINTABLE_ASCII) and b"%TAG" not in source:
        return ()
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        return (_not_utf8(source, file, error.start, first),)
    problems: list[Diagnostic] = []
    if re.search(_UNPRINTABLE, text):
        problems += islice(_characters(text, file, first), MAXIMUM_ERRORS)
    if "%TAG" in text:
        problems += islice(_directives(text, file, first), MAXIMUM_ERRORS)
    return tuple(problems)


def _too_large(file: str, first: int) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code="file-too-large",
        message="this is too large to be read",
        location=Location(file, first, 1),
        expected=f"at most {MAXIMUM_BYTES // 1024} KiB a file, or a document of standard input",
        found="more",
        remedy="split it: a directory is read whole",
    )


def _not_utf8(source: bytes, file: str, start: int, first: int) -> Diagnostic:
    lines = _BREAK.split(source[:start].decode("utf-8"))
    return Diagnostic(
        severity="error",
        code="invalid-encoding",
        message="the file is not UTF-8",
        location=Location(file, len(lines) - 1 + first, len(lines[-1]) + 1),
        expected="UTF-8 without a byte order mark",
        found=f"the byte 0x{source[start]:02x}",
        remedy="save the file as UTF-8",
    )


def _characters(text: str, file: str, first: int) -> Iterator[Diagnostic]:
    for number, line in enumerate(_BREAK.split(text), first):
        for match in re.finditer(_UNPRINTABLE, line):
            mark = match[0] == "\ufeff"
            yield Diagnostic(
                severity="error",
                code="invalid-character",
                message="a byte order mark stands here"
                if mark
                else "a character that cannot be printed stands here",
                location=Location(file, number, match.start() + 1),
                expected="printable text",
                found=f"U+{ord(match[0]):04X}",
                remedy="save the file as UTF-8 without a byte order mark"
                if mark
                else "delete it, or write it as an escape in double quotes",
            )


def _directives(text: str, file: str, first: int) -> Iterator[Diagnostic]:
    """Tags are refused anyway, and libyaml takes quadratic time over many directives."""
    for match in _TAG_DIRECTIVE.finditer(text):
        yield Diagnostic(
            severity="error",
            code="tag",
            message="tags are not read here",
            location=Location(file, len(_BREAK.split(text[: match.start()])) - 1 + first, 1),
            expected="no tag",
            found="%TAG",
            remedy="delete it",
        )


def syntax_problem(
    error: yaml.MarkedYAMLError, source: bytes, file: str, first: int = 1
) -> Diagnostic:
    """The parser's problem as its author understands it."""
    problem = error.problem or "not YAML"
    mark = error.problem_mark
    if mark is None or "find expected ':'" in problem:
        mark = error.context_mark  # libyaml notices in the next line
    location = at(file, mark, first)
    standing = _standing_at(source, at(file, mark))
    if standing.startswith("\t"):
        problem = "tab character"
    message, remedy = next(
        ((says, do) for part, says, do in _PROBLEMS if part in problem), (problem, "")
    )
    return Diagnostic(
        severity="error",
        code="yaml-syntax",
        message=message.format(line=at(file, error.context_mark, first).line),
        location=location,
        found="a tab" if standing.startswith("\t") else _form_of(standing),
        remedy=remedy,
    )


def no_character(file: str, first: int = 1) -> Diagnostic:
    """What PyYAML without libyaml notices as Python does, and does not say where."""
    return Diagnostic(
        severity="error",
        code="yaml-syntax",
        message="an escape in double quotes is no character",
        location=Location(file, first, 1),
        remedy=_ESCAPE,
    )


def _form_of(standing: str) -> str:
    """A key or the marks that stand there: what follows may be part of any value."""
    found = _FORM.match(standing)
    return found[0] if found else "a text"


def _standing_at(source: bytes, location: Location) -> str:
    lines = _BREAK.split(source.decode("utf-8"))
    rest = "".join(lines[location.line - 1 : location.line])[location.column - 1 :]
    if rest.strip() or location.line < len(lines):
        return rest.rstrip()[:40] or "the end of the line"
    return "the end of the file"
