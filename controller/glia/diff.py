"""Two canonical values -> what differs, leaf by leaf, with nothing in it that may be secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from glia.ecs.canonical_path import Place, place
from glia.ecs.secrecy import hides

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.ecs.defaults import Kind

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """No value on this side; None would be a value."""

    def __repr__(self) -> str:
        return "(absent)"


@dataclass(frozen=True, slots=True)
class Masked:
    """A value that is not shown. It holds nothing, so that all masked values are equal."""

    def __repr__(self) -> str:
        return "(sensitive)"


ABSENT: Final = Absent()
MASKED: Final = Masked()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One scalar that differs; an empty list or mapping, and an element of a set, count as one.

    Attributes:
        path: for people: ``taskDefinition.containerDefinitions[server].image``.
        old, new: plain JSON, ABSENT or MASKED.
        sensitive: whether what is there on either side is masked.
    """

    path: str
    old: Any
    new: Any
    sensitive: bool


def differences(
    old: Mapping[str, Any], new: Mapping[str, Any], root: Kind = "taskDefinition"
) -> tuple[FieldChange, ...]:
    """What differs between two canonical forms, in the order of ECS's members.

    Only for pairs that are not equal: it takes a thousand times as long as ``==``.

    Args:
        old: in canonical form, like new.
        new: what takes its place.
        root: what the values are; their paths begin with it.
    """
    # A fifth of a second that only a plan with changes needs.
    from deepdiff import DeepDiff  # noqa: PLC0415

    # Positions are compared as they stand: with shifted ones a path would have two meanings.
    found = DeepDiff(old, new, view="tree", zip_ordered_iterables=True)
    places = {
        tuple(level.path(output_format="list")) for levels in found.values() for level in levels
    }
    changed = {leaf for path in places for side in (old, new) for leaf in _leaves_at(side, path)}
    # What was an empty list is no longer one when it gets its first element.
    changed |= {path[:length] for path in places for length in range(len(path))}
    return _listed(root, old, new, changed)


def flattened(new: Mapping[str, Any], root: Kind = "taskDefinition") -> tuple[FieldChange, ...]:
    """A canonical form as if all of it were new."""
    return _listed(root, {}, new, set(_leaves(new, ())))


def _listed(
    root: Kind, old: Mapping[str, Any], new: Mapping[str, Any], paths: set[Path]
) -> tuple[FieldChange, ...]:
    placed: list[tuple[Place, Path]] = sorted((place(root, path), path) for path in paths if path)
    return tuple(
        _change(where.text, path, old, new)
        for where, path in placed
        if _scalar_at(old, path) != _scalar_at(new, path)
    )


def _change(text: str, path: Path, old: Any, new: Any) -> FieldChange:
    before, after = _scalar_at(old, path), _scalar_at(new, path)
    sensitive = _hides(old, path, before) or _hides(new, path, after)
    return FieldChange(
        text,
        MASKED if sensitive and before is not ABSENT else before,
        MASKED if sensitive and after is not ABSENT else after,
        sensitive,
    )


def _hides(side: Any, path: Path, value: Any) -> bool:
    if value is ABSENT:
        return False
    last = path[-1]
    before = _at(side, (*path[:-1], last - 1)) if isinstance(last, int) and last > 0 else None
    return hides(path, value, before)


def _leaves_at(value: Any, path: Path) -> Iterator[Path]:
    found = _at(value, path)
    return iter(()) if found is ABSENT else _leaves(found, path)


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    match value:
        case dict() if value:
            for name, content in value.items():
                yield from _leaves(content, (*path, name))
        case list() if value:
            for number, content in enumerate(value):
                yield from _leaves(content, (*path, number))
        case _:
            yield path


def _scalar_at(value: Any, path: Path) -> Any:
    """The scalar or the empty container there; ABSENT where there is more below, or nothing."""
    found = _at(value, path)
    return ABSENT if found and isinstance(found, dict | list) else found


def _at(value: Any, path: Path) -> Any:
    for step in path:
        match value, step:
            case dict(), str() if step in value:
                value = value[step]
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                return ABSENT
    return value
