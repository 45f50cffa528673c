"""Files with nothing odd in them, read in one loop: nearly all files, several times as fast.

It says nothing of what is odd. Whatever is, even if nobody would mind, is left to the reader
that explains it, ``glia.manifest.reader``; what is read here that one reads alike.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import Any

import yaml

from glia.manifest.document import Document
from glia.manifest.refusals import MAXIMUM_NESTING
from glia.manifest.scalars import MisreadError, plain_value

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml may be missing

# The same few texts make up a fleet's manifests: kept apart they are a tenth of its plan's memory.
_KEPT_TEXTS = 4096
_KEPT_LENGTH = 128
_known = lru_cache(maxsize=_KEPT_TEXTS)(plain_value)


def straight(source: bytes, file: str, first: int) -> tuple[Document, ...] | None:
    """All documents of a file, or of its part from line ``first`` on; None if anything is odd."""
    loader = Loader(source)
    try:
        return tuple(_documents(loader, file, first))
    except (_OddError, MisreadError, yaml.YAMLError, ValueError, OverflowError):
        return None
    finally:
        loader.dispose()


class _OddError(Exception):
    """Something that the other reader is to look at."""


def _documents(loader: Any, file: str, first: int) -> list[Document]:
    found: list[Document] = []
    index = line = -1
    root: Any = None
    for event in iter(loader.get_event, None):
        kind = event.__class__
        if kind is yaml.DocumentStartEvent:
            index += 1
            root, line = _node(loader)
            if isinstance(root, dict):
                found.append(Document(file, index, line + first, root, part=first))
            elif root is not None:
                raise _OddError
    return found


def _node(loader: Any) -> tuple[Any, int]:  # noqa: C901, PLR0912  (each event is a call less)
    """The value of the next node, and the line where it begins, from 0."""
    opened: list[tuple[Any, str | None]] = []  # what is around, and the key in it of what is next
    around: Any = None
    key: str | None = None
    line = -1
    for event in iter(loader.get_event, None):
        kind = event.__class__
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            value = around
            around, key = opened.pop()
        elif event.anchor is not None or event.tag is not None:  # an alias has an anchor
            raise _OddError
        elif kind is yaml.ScalarEvent:
            value = event.value
            if event.implicit[0]:
                value = _known(value) if len(value) <= _KEPT_LENGTH else plain_value(value)
        elif len(opened) >= MAXIMUM_NESTING:
            raise _OddError
        else:
            if around is None:
                line = event.start_mark.line
            opened.append((around, key))
            around, key = {} if kind is yaml.MappingStartEvent else [], None
            continue
        if around is None:
            return value, line
        if around.__class__ is list:
            around.append(value)
        elif key is not None:
            around[key] = value
            key = None
        elif value.__class__ is str and value not in around:
            key = sys.intern(value)
        else:
            raise _OddError
    raise _OddError
