"""The table of defaults compiled into functions that bring a value to its canonical form.

Compiled because it runs for every service of a fleet on every pass: a task definition of
4 KB takes a tenth of a millisecond. A function that reads a value returns None where the
value says nothing beyond the defaults: it is then absent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from glia.ecs.canonical_forms import form_of, plain
from glia.ecs.canonical_keys import Key, key_by, told_apart
from glia.ecs.defaults import ABSENT, Row, Special, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from glia.ecs.defaults import Default

Read: TypeAlias = "Callable[[Any], Any]"
Members: TypeAlias = dict[str, Any]

_STEP = re.compile(r"(\w+)(\[(\w*)\]|\{\})?")


@dataclass(frozen=True, slots=True)
class Node:
    """A member of the table.

    Attributes:
        default: its row's; ABSENT where a structure or a set has no row of its own.
        members: of a structure, or of the structures in a set.
        keyed: whether it is a set of structures, so that its value is a mapping of elements.
        read: to the canonical form; None for a scalar that has one spelling only.
        filled: what the structure is where nothing of it is given, made anew each time.
    """

    default: Default
    members: Mapping[str, Node]
    keyed: bool
    read: Read | None
    filled: Callable[[], Members]


@dataclass(slots=True)
class _Branch:
    mark: str = ""
    key: str = ""
    default: Default = ABSENT
    below: dict[str, _Branch] = field(default_factory=dict)


def compiled(
    rows: Iterable[Row], answers: Iterable[str], finish: Mapping[str, Callable[[Members], object]]
) -> Node:
    """The tree of a table.

    Args:
        rows: the members.
        answers: top-level members that are ECS's answers only.
        finish: for structures at a path: fills in what depends on other members.
    """
    root = _Branch()
    for row in rows:
        at = root
        for step in names(row.path):
            name, mark, key = _STEP.fullmatch(step).groups()  # type: ignore[union-attr]  # the test of the table reads every path
            at = at.below.setdefault(name, _Branch())
            at.mark, at.key = mark or at.mark, key or at.key
        at.default = row.default
    root.below.update({name: _Branch(default=Special.NEVER) for name in answers})
    return _node(root, "", finish)


def _node(branch: _Branch, path: str, finish: Mapping[str, Callable[[Members], object]]) -> Node:
    members = {
        name: _node(below, f"{path}.{name}".lstrip("."), finish)
        for name, below in branch.below.items()
    }
    read, filled = (
        _structure(members, finish.get(path, _dropped)) if members else (form_of(path), dict)
    )
    keyed = bool(branch.key)
    if branch.default is Special.NEVER:
        read = _dropped
    elif keyed and read is not None:
        read = _keyed(read, filled(), key_by(branch.key))
    elif branch.mark == "{}":
        read = _scalars
    elif branch.mark:
        read = _ordered(read or _as_it_is)
    return Node(branch.default, members, keyed, read, filled)


def _dropped(_: Any) -> None:
    """What is not compared."""


def _as_it_is(value: Any) -> Any:
    return value


def _structure(
    members: Mapping[str, Node], finish: Callable[[Members], object]
) -> tuple[Read, Callable[[], Members]]:
    readers = {name: node.read for name, node in members.items()}
    fixed, fills = _defaults(members)

    def filled() -> Members:
        return {**fixed, **{name: fill() for name, fill in fills}}

    nothing = filled()

    def read(given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        made = fixed.copy()
        for name, value in given.items():
            if not value and (value is None or value in ([], {})):
                continue
            reader = readers.get(name, plain)
            content = value if reader is None else reader(value)
            if content is not None:
                made[name] = content
        for name, fill in fills:
            if name not in made:
                made[name] = fill()
        if made == nothing:
            return None
        finish(made)
        return made

    return read, filled


def _defaults(
    members: Mapping[str, Node],
) -> tuple[Members, list[tuple[str, Callable[[], Any]]]]:
    """The scalar defaults of a structure, and how to make those that must not be shared."""
    fixed: Members = {}
    fills: list[tuple[str, Callable[[], Any]]] = []
    for name, node in members.items():
        match node.default:
            case Special():
                pass
            case dict():
                fills.append((name, node.filled))
            case tuple() as scalars:
                fills.append((name, partial(_scalars, scalars)))
            case scalar:
                fixed[name] = scalar
    return fixed, fills


def _scalars(given: Any) -> Any:
    """A set of scalars: each that is in it, with True."""
    return {str(each): True for each in given if each is not None} or None


def _ordered(element: Read) -> Read:
    def read(given: Any) -> Any:
        return [each for each in map(element, given) if each is not None] or None

    return read


def _keyed(element: Read, nothing: Members, key: Key) -> Read:
    """A set of structures as a mapping; one that its key says whole is True."""
    of, says = key.of, key.says

    def read(given: Any) -> Any:
        if isinstance(given, dict):  # canonical already
            return {name: _whole(element(each), nothing) for name, each in given.items()} or None
        elements = [each for each in map(element, given) if each is not None]
        told = {of(each): each for each in elements}
        if len(told) < len(elements):
            told = told_apart(elements, key)
        else:
            for each in elements:
                for member in says:
                    each.pop(member, None)
        return {name: _whole(each, nothing) for name, each in told.items()} or None

    return read


def _whole(element: Any, nothing: Members) -> Any:
    return True if element is None or element == nothing else element
