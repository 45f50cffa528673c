"""Whether a value has one of ECS's shapes, and everything that keeps it from having it.

The rules are those of the installed service model, stricter than botocore's own check, which
leaves enums and upper limits to ECS and takes true for an integer. Nothing is converted: what
a manifest says is what ECS gets.

A walk over tables of our own rather than pydantic: that stops at the first element too many,
cannot print a huge integer, and knows neither order nor secrets, so each of its errors would
have to be worked out again from the model. It would save some 20 of 30 microseconds on 2 KB,
whose YAML takes 500 to read, and its import costs more than a thousand documents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from glia.ecs import shape_fault
from glia.ecs.secrecy import is_secret
from glia.ecs.service_model import ServiceModel, Shape, service_model
from glia.ecs.shape_fault import Path, ShapeFault
from glia.ecs.shape_words import quoted, range_words, type_words

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ShapeFault", "faults"]

# The first type is the one that YAML gives, and is compared without a call.
TYPES: Mapping[str, tuple[type, ...]] = {
    "blob": (str, bytes),
    "boolean": (bool,),
    "double": (float, int),
    "float": (float, int),
    "integer": (int,),
    "list": (list,),
    "long": (int,),
    "map": (dict,),
    "string": (str,),
    "structure": (dict,),
    "timestamp": (str, int, float),
}


@dataclass(slots=True, eq=False)
class Rule:
    """One shape, ready to check with.

    Attributes:
        free: its type is all there is to check.
        element: the rule of a list's elements or of a map's values.
    """

    shape: Shape
    types: tuple[type, ...]
    free: bool
    enum: frozenset[str]
    members: dict[str, Rule] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    element: Rule | None = None
    key: Rule | None = None

    @property
    def words(self) -> str:
        return type_words(self.shape, self.element.shape if self.element else None)


@dataclass(frozen=True, slots=True)
class Check:
    """One run over one value, which gathers what is wrong with it."""

    model: ServiceModel
    root: str
    without: frozenset[str]
    found: list[ShapeFault] = field(default_factory=list)

    def is_secret(self, path: Path) -> bool:
        return is_secret(self.model, self.root, path)


def faults(
    shape: str, value: Any, *, without: frozenset[str] = frozenset()
) -> tuple[ShapeFault, ...]:
    """Everything that is wrong with a value of this shape, in the order of the document.

    A missing member comes before the faults of its neighbours: its place is where the
    mapping starts.

    Args:
        shape: a name of the model's, ``RegisterTaskDefinitionRequest``.
        value: what the manifest says: dict, list, str, int, float, bool, None.
        without: members of the shape itself that are not to be written here.

    Raises:
        ServiceModelError: there is no model to check against.
    """
    check = Check(service_model(), shape, without)
    _check(_root(shape, without), value, (), check)
    return tuple(check.found)


@lru_cache(maxsize=64)
def _root(shape: str, without: frozenset[str]) -> Rule:
    if not without:
        return _compile(service_model(), shape, {})
    # The members' rules are shared; only the outermost table is another one.
    whole = _root(shape, frozenset())
    return Rule(
        whole.shape,
        whole.types,
        whole.free,
        whole.enum,
        {name: rule for name, rule in whole.members.items() if name not in without},
        tuple(name for name in whole.required if name not in without),
    )


def _compile(model: ServiceModel, name: str, known: dict[str, Rule]) -> Rule:
    if name in known:
        return known[name]
    shape = model.shapes[name]
    rule = known[name] = Rule(
        shape,
        (object,) if shape.document else TYPES[shape.kind],
        _is_free(shape),
        frozenset(shape.enum),
        required=shape.required,
    )
    rule.members = {
        each: _compile(model, member.shape, known) for each, member in shape.members.items()
    }
    rule.element = _compile(model, shape.element, known) if shape.element else None
    rule.key = _compile(model, shape.key, known) if shape.key else None
    return rule


def _is_free(shape: Shape) -> bool:
    limited = shape.enum or shape.least is not None or shape.most is not None
    return not limited and shape.kind in {"boolean", "integer", "long", "string"}


def _check(rule: Rule, value: Any, path: Path, check: Check) -> None:
    shape = rule.shape
    if shape.document:
        return
    if not _has_type(rule, value):
        check.found.append(_wrong_type(rule, value, path, check))
        return
    if rule.enum and value not in rule.enum:
        secret = check.is_secret(path)
        check.found.append(shape_fault.not_allowed(path, value, shape.enum, secret=secret))
    if shape.least is not None or shape.most is not None:
        _check_range(shape, value, path, check)
    if shape.kind == "structure":
        _check_members(rule, value, path, check)
    elif rule.element is not None:
        _check_elements(rule, rule.element, value, path, check)


def _has_type(rule: Rule, value: Any) -> bool:
    # To Python true is an integer, to ECS it is not; and JSON has no word for infinity.
    if isinstance(value, bool):
        return rule.types[0] is bool
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, rule.types)


def _wrong_type(rule: Rule, value: Any, path: Path, check: Check) -> ShapeFault:
    if rule.shape.kind == "list" and rule.element is not None:
        return shape_fault.not_a_list(path, rule.words, value, rule.element.shape)
    # A text where a mapping belongs may hold what the mapping would have hidden.
    secret = rule.types[0] is dict or check.is_secret(path)
    return shape_fault.wrong_type(path, rule.shape.kind, rule.words, value, secret=secret)


def _check_range(shape: Shape, value: Any, path: Path, check: Check) -> None:
    size = len(value) if isinstance(value, str | list | dict) else value
    too_small = shape.least is not None and size < shape.least
    if too_small or (shape.most is not None and size > shape.most):
        secret = check.is_secret(path)
        check.found.append(shape_fault.out_of_range(path, value, range_words(shape), secret=secret))


def _check_members(rule: Rule, value: Mapping[str, Any], path: Path, check: Check) -> None:
    members = rule.members
    for name in rule.required:
        if name not in value:
            check.found.append(shape_fault.missing((*path, name), members[name].words))
    if rule.shape.union and len(value) != 1:
        check.found.append(shape_fault.not_one_member(path, value, members))
    for name, content in value.items():
        member = members.get(name)
        if member is None:
            check.found.append(_unknown(rule, value, (*path, name), check))
        elif not member.free or content.__class__ is not member.types[0]:
            _check(member, content, (*path, name), check)


def _unknown(rule: Rule, value: Mapping[str, Any], path: Path, check: Check) -> ShapeFault:
    if path[-1] in check.without and len(path) == 1:
        message = f"{quoted(path[-1])} is not written here"
    else:
        where = rule.shape.name.removesuffix("Request")
        message = f"{check.model.source} does not know {quoted(path[-1])} in {where}"
    return shape_fault.unknown(path, value, rule.members, message)


def _check_elements(
    rule: Rule, element: Rule, value: dict[str, Any] | list[Any], path: Path, check: Check
) -> None:
    if rule.key is not None:
        for key in value:
            if not rule.key.free or key.__class__ is not str:
                _check(rule.key, key, (*path, key), check)
    expected = element.types[0] if element.free else None
    for key, content in value.items() if isinstance(value, dict) else enumerate(value):
        if content.__class__ is not expected:
            _check(element, content, (*path, key), check)
