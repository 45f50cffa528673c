"""Values of which a part is wrong: what is told of them already is not judged once more.

A rule reads a manifest as if all of it were right. Where it comes to read a field that is not,
``UnknownError`` ends it: whatever it would have said might only follow from the first error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.manifest.document import FieldPath

Model = TypeVar("Model")


class UnknownError(Exception):
    """Nobody knows what this field says."""


class _Mapping(dict[str, Any]):
    """A mapping with members that must not be read."""

    def __init__(self, content: dict[str, Any], unknown: frozenset[str]) -> None:
        super().__init__(content)
        self._unknown = unknown

    def __getitem__(self, name: str) -> Any:
        self._look(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._look(name)
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._look(*self._unknown)
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        self._look(name)
        return super().get(name, default)

    def items(self) -> Any:
        self._look(*self._unknown)
        return super().items()

    def __bool__(self) -> bool:
        """Something was written, though it may be nothing that ECS knows."""
        return bool(self._unknown) or len(self) > 0

    def _look(self, *names: object) -> None:
        if not self._unknown.isdisjoint(names):
            raise UnknownError


class _List(list[Any]):
    """A list with elements that must not be read; those before the first of them may be."""

    def __init__(self, content: list[Any], unknown: frozenset[int]) -> None:
        super().__init__(content)
        self._unknown = unknown

    def __iter__(self) -> Iterator[Any]:
        for index, element in enumerate(super().__iter__()):
            if index in self._unknown:
                raise UnknownError
            yield element


class _Model:
    """A model of the manifests with fields that must not be read."""

    def __init__(self, model: Any, unknown: frozenset[str]) -> None:
        self._model = model
        self._unknown = unknown

    def __getattr__(self, name: str) -> Any:
        if name in self._unknown:
            raise UnknownError
        return getattr(self._model, name)


def hide(content: Any, unknown: frozenset[FieldPath]) -> Any:
    """Mappings and lists as they are, but for these paths, which raise ``UnknownError``."""
    if not unknown:
        return content
    here = frozenset(path[0] for path in unknown if len(path) == 1)
    below: dict[str | int, set[FieldPath]] = {}
    for path in unknown:
        if len(path) > 1:
            below.setdefault(path[0], set()).add(path[1:])
    if isinstance(content, dict):
        copy = {name: hide(each, frozenset(below.get(name, ()))) for name, each in content.items()}
        return _Mapping(copy, frozenset(name for name in here if isinstance(name, str)))
    if isinstance(content, list):
        elements = [
            hide(each, frozenset(below.get(index, ()))) for index, each in enumerate(content)
        ]
        return _List(elements, frozenset(index for index in here if isinstance(index, int)))
    return content


def hide_fields(model: Model, unknown: frozenset[str]) -> Model:
    """The model, but for these fields, by their names in Python."""
    return cast("Model", _Model(model, unknown)) if unknown else model
