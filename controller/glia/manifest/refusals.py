"""What the reader says of YAML that it understands and does not accept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from glia.manifest.scalars import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

    import yaml

    from glia.manifest.scalars import MisreadError

MAXIMUM_NESTING = 32
MAXIMUM_ERRORS = 100

_YAMLS_OWN = "tag:yaml.org,2002:"
_QUOTE = "put a text in quotes"
_WRITE_OUT = "write the value out in each place, or let kustomize repeat it"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A diagnostic's words, before its place is known."""

    code: str
    message: str
    expected: str
    found: str
    remedy: str = ""


def properties(event: yaml.NodeEvent) -> Iterator[Refusal]:
    """Of what stands before a value: an anchor, a tag, or both.

    Their names are not shown: a password without quotes may begin with any of these signs.
    """
    if event.anchor is not None:
        yield Refusal(
            code="anchor",
            message="anchors are not read here",
            expected="the value alone",
            found="&...",
            remedy=_WRITE_OUT,
        )
    tag: str | None = getattr(event, "tag", None)
    if tag is not None:
        yield Refusal(
            code="tag",
            message="tags are not read here",
            expected="the value alone",
            found=tag.replace(_YAMLS_OWN, "!!")[:40] if tag.startswith(_YAMLS_OWN) else "!...",
            remedy="delete the tag; put a text in quotes",
        )


def alias() -> Refusal:
    return Refusal(
        code="alias",
        message="aliases are not read here",
        expected="the value itself",
        found="*...",
        remedy=_WRITE_OUT,
    )


def misread_value(text: str, error: MisreadError) -> Refusal:
    shown = quote(text)[1:-1]
    return Refusal(
        code=error.code,
        message=f"{shown} is {error.reading}",
        expected=error.expected,
        found=shown,
        remedy=_QUOTE,
    )


def misread_secret(error: MisreadError) -> Refusal:
    """The same of a value that nobody should read, a password for example."""
    return Refusal(
        code=error.code,
        message="this value is read as something else than its text",
        expected="the text in quotes",
        found="a value without quotes",
        remedy=_QUOTE,
    )


def misread_key(text: str, error: MisreadError) -> Refusal:
    shown = quote(text)[1:-1]
    if text == "<<":
        return Refusal(
            code="merge-key",
            message="merge keys are not read here",
            expected="the keys themselves",
            found=shown,
            remedy=_WRITE_OUT,
        )
    return Refusal(
        code="key-not-text",
        message=f"a key must be a text, and {shown} is {error.reading}",
        expected=quote(text),
        found=shown,
        remedy=_QUOTE,
    )


def key_not_text(value: Any) -> Refusal:
    """Of a key that is what it looks like: a number, ``true``, ``null``, a collection."""
    if isinstance(value, dict | list):
        found = _noun(value)
        expected = 'a text; one that begins with "{" or "[" stands in quotes'
    else:
        found = json.dumps(value)
        expected = quote(found)
    return Refusal(
        code="key-not-text",
        message=f"a key must be a text, and this is {found}",
        expected=expected,
        found=found,
        remedy=_QUOTE,
    )


def duplicate_key(key: str, first_line: int) -> Refusal:
    return Refusal(
        code="duplicate-key",
        message=f"the key {quote(key)} stands in line {first_line} already",
        expected="each key once",
        found=f"a second {quote(key)}",
        remedy="delete one of the two",
    )


def nested_too_deep() -> Refusal:
    return Refusal(
        code="nested-too-deep",
        message="collections are nested too deep, and nothing after this was read",
        expected=f"at most {MAXIMUM_NESTING} levels",
        found="more",
    )


def too_many() -> Refusal:
    return Refusal(
        code="too-many-errors",
        message="nothing after this was read",
        expected="manifests",
        found=f"{MAXIMUM_ERRORS} errors",
        remedy="correct these first",
    )


def not_a_mapping(root: Any) -> Refusal:
    return Refusal(
        code="not-a-mapping",
        message="a manifest must be a mapping",
        expected="keys and values, beginning with apiVersion and kind",
        found=_noun(root) if isinstance(root, list | str) else json.dumps(root)[:40],
    )


def _noun(collection: Any) -> str:
    if isinstance(collection, str):
        return "a text"
    return "a list" if isinstance(collection, list) else "a mapping"
