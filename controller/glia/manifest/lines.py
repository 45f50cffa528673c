"""Where the fields of a document stand: found by reading its file again.

Lines are wanted only of what is wrong; keeping them for everything would cost a fifth more
time and half more memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from glia.manifest.document import at
from glia.manifest.refusals import MAXIMUM_NESTING
from glia.manifest.straight import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glia.errors import Location
    from glia.manifest.document import FieldPath, Mark


def locate_all(
    source: bytes, file: str, index: int, paths: Iterable[FieldPath], first: int = 1
) -> dict[FieldPath, Location]:
    """Where each path's last key stands, or its last element begins.

    A path that does not exist is where its nearest ancestor is; the empty one is where the
    document begins. The source begins at line ``first`` of its file.
    """
    asked = tuple(paths)
    wanted = {path[:length] for path in asked for length in range(len(path) + 1)}
    found: dict[FieldPath, Mark | None] = {}
    try:
        for path, mark in _fields(source, index):
            if path in wanted:
                found.setdefault(path, mark)
    except (yaml.YAMLError, ValueError, OverflowError):
        pass  # a later document is broken; what stands before it is found
    return {path: at(file, found.get(_nearest(path, found)), first) for path in asked}


def _nearest(path: FieldPath, found: dict[FieldPath, Mark | None]) -> FieldPath:
    lengths = range(len(path), 0, -1)
    return next((path[:length] for length in lengths if path[:length] in found), ())


def _fields(source: bytes, index: int) -> Iterator[tuple[FieldPath, Mark | None]]:
    """Every field of one document in the order of the file."""
    # The innermost part is None before a mapping's key and counts up in a list.
    path: list[str | int | None] = []
    for event in _events(source, index):
        if isinstance(event, yaml.CollectionEndEvent):
            path.pop()
            _advance(path)
        elif path and path[-1] is None and isinstance(event, yaml.ScalarEvent):
            path[-1] = event.value
            yield _known(path), event.start_mark
        elif isinstance(event, yaml.NodeEvent):
            if not path or isinstance(path[-1], int):
                yield _known(path), event.start_mark
            if isinstance(event, yaml.CollectionStartEvent):
                path.append(None if isinstance(event, yaml.MappingStartEvent) else 0)
            else:
                _advance(path)


def _events(source: bytes, index: int) -> Iterator[yaml.Event]:
    """What one document is made of, until it ends or is nested too deep.

    Deep nesting takes the parser quadratic time, in documents before this one too.
    """
    number, depth = -1, 0
    for event in yaml.parse(source, Loader=Loader):
        number += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if number > index or depth > MAXIMUM_NESTING + 1:
            return
        if number == index:
            yield event


def _known(path: list[str | int | None]) -> FieldPath:
    return tuple(part for part in path if part is not None)


def _advance(path: list[str | int | None]) -> None:
    """A value is over: a list's next element comes, or a mapping's next key."""
    if path:
        path[-1] = path[-1] + 1 if isinstance(path[-1], int) else None
