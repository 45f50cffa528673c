"""What can be wrong with a value that should have one of ECS's shapes, in words.

Each function makes one kind of fault. None of them is given more than it may show: whether
a value is secret is decided before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from glia.ecs.nearest import nearest
from glia.ecs.secret_text import is_random
from glia.ecs.shape_words import cure, kind_of, one_of, quoted, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from glia.ecs.service_model import Shape

Path: TypeAlias = tuple[str | int, ...]
Code: TypeAlias = Literal[
    "unknown-field",
    "wrong-type",
    "missing-field",
    "not-allowed",
    "out-of-range",
    "contradiction",
    "never-works",
    "may-not-work",
]

# More names than this are no help in an error message.
SHORT_LIST = 12


@dataclass(frozen=True, slots=True)
class ShapeFault:
    """One thing that keeps a value from being of a shape.

    Attributes:
        path: where it is, from the value's root; of a missing member, where it should be.
        message: what is wrong, in a sentence without a full stop.
        expected: what would be right.
        found: what is there, at most some 60 characters; of what may be secret only the type.
        remedy: what to do, where that is more than writing what was expected.
        meant: of an unknown field the known one that was probably meant.
        severity: a warning keeps nothing from being used.
    """

    path: Path
    code: Code
    message: str
    expected: str = ""
    found: str = ""
    remedy: str = ""
    meant: str = ""
    severity: Literal["error", "warning"] = "error"


def unknown(
    path: Path, value: Mapping[str, Any], known: Collection[str], message: str
) -> ShapeFault:
    meant = nearest(str(path[-1]), known)
    if meant in value:
        remedy = f"take it out: '{meant}' is there already"
    elif meant:
        remedy = f"write '{meant}'"
    else:
        remedy = "take it out, or upgrade boto3 if ECS has learnt it since"
    expected = one_of(known) if len(known) <= SHORT_LIST else ""
    found = quoted(path[-1])
    return ShapeFault(path, "unknown-field", message, expected, found, remedy, meant)


def missing(path: Path, expected: str) -> ShapeFault:
    return ShapeFault(path, "missing-field", f"'{path[-1]}' is missing", expected)


def wrong_type(path: Path, kind: str, expected: str, value: Any, *, secret: bool) -> ShapeFault:
    """A value of another kind; what a list or mapping holds is never shown."""
    secret = secret or (isinstance(value, str) and is_random(value))
    found = kind_of(value) if secret else shown(value)
    message = f"{name_of(path)} has to be {expected}"
    remedy = cure(kind, value, secret=secret)
    return ShapeFault(path, "wrong-type", message, expected, found, remedy)


def not_a_list(path: Path, expected: str, value: Any, element: Shape) -> ShapeFault:
    """Where a list belongs; a text in its place may be a whole command line, secrets and all."""
    pair = [name for name in element.members if name in {"name", "key", "value", "valueFrom"}]
    if isinstance(value, dict) and len(pair) == len(element.members) == 2:
        remedy = f"write each pair as '- {{{pair[0]}: ..., {pair[1]}: ...}}'"
    elif isinstance(value, dict):
        remedy = "put '- ' before its first line and indent the others as far"
    elif value is None:
        remedy = cure("list", value, secret=True)
    else:
        remedy = "write each element on a line of its own, after '- '"
    message = f"{name_of(path)} has to be {expected}"
    return ShapeFault(path, "wrong-type", message, expected, kind_of(value), remedy)


def not_allowed(path: Path, value: str, enum: tuple[str, ...], *, secret: bool) -> ShapeFault:
    secret = secret or is_random(value)
    found = kind_of(value) if secret else shown(value)
    meant = "" if secret else nearest(value, enum)
    message = f"{name_of(path)} does not take {'this value' if secret else found}"
    remedy = f"write {meant}" if meant else ""
    return ShapeFault(path, "not-allowed", message, one_of(enum), found, remedy)


def out_of_range(path: Path, value: Any, expected: str, *, secret: bool) -> ShapeFault:
    match value:
        case str():
            found, what = f"{len(value)} characters", "have"
        case list():
            found, what = f"{len(value)} elements", "have"
        case dict():
            found, what = f"{len(value)} entries", "have"
        case _:
            found, what = kind_of(value) if secret else shown(value), "be"
    message = f"{name_of(path)} has to {what} {expected}"
    return ShapeFault(path, "out-of-range", message, expected, found)


def not_one_member(path: Path, value: Mapping[str, Any], known: Collection[str]) -> ShapeFault:
    message = f"{name_of(path)} has to have exactly one member"
    found = f"{len(value)} members"
    return ShapeFault(path, "out-of-range", message, f"one of {one_of(known)}", found)


def name_of(path: Path) -> str:
    """The last part of a path as a sentence's subject."""
    match path:
        case ():
            return "this"
        case (*_, str(name)):
            return quoted(name)
        case (*_, str(name), int(index)):
            return f"element {index} of {quoted(name)}"
        case _:
            return f"element {path[-1]}"
