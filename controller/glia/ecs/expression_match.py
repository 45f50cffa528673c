"""Which container instances a cluster query selects.

ECS publishes what the operators are called and little about what they do. What is assumed
here, and not verified against ECS:

* text is compared with upper and lower case distinct;
* where the instance has no value (no such attribute, an attribute without a value, an agent
  version that is no version) every comparison is false, and ``!=``, ``!in``, ``!~`` and
  ``!exists`` are true: they are the negations of ``==``, ``in``, ``=~`` and ``exists``;
* an attribute without a value exists;
* ``=~`` matches the whole text: each of ECS's examples ends in ``.*``;
* ``agentConnected`` is ``true`` or ``false``;
* ``task:group`` holds where it holds for any one task on the instance.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, assert_never

from glia.ecs import expression_argument
from glia.ecs.expression_tree import (
    NEGATIONS,
    And,
    Attribute,
    Comparison,
    Expression,
    Not,
    Operator,
    Or,
    OrderedField,
    TextField,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

_RELATIONS: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQUALS: operator.eq,
    Operator.GREATER_THAN: operator.gt,
    Operator.GREATER_THAN_EQUAL: operator.ge,
    Operator.LESS_THAN: operator.lt,
    Operator.LESS_THAN_EQUAL: operator.le,
}


@dataclass(frozen=True, slots=True)
class InstanceView:
    """What a cluster query can ask of a container instance.

    Attributes:
        attributes: by name; None where an attribute has no value.
        registered_at: in epoch seconds.
        task_groups: the groups of the tasks on the instance.
    """

    attributes: Mapping[str, str | None]
    agent_connected: bool
    agent_version: str
    ec2_instance_id: str
    registered_at: float
    running_tasks_count: int
    task_groups: Collection[str]


def matches(expression: Expression, subject: InstanceView) -> bool:
    """Whether a cluster query selects the instance."""
    match expression:
        case Comparison():
            return _holds(expression, subject)
        case And(operands):
            return all(matches(operand, subject) for operand in operands)
        case Or(operands):
            return any(matches(operand, subject) for operand in operands)
        case Not(operand):
            return not matches(operand, subject)
        case _:
            assert_never(expression)


def _holds(comparison: Comparison, instance: InstanceView) -> bool:
    positive = NEGATIONS.get(comparison.operator, comparison.operator)
    field = comparison.subject
    if isinstance(field, OrderedField):
        measure = _measure(field, instance)
        relation = _RELATIONS[positive]
        held = measure is not None and relation(measure, comparison.operand)
    elif positive is Operator.EXISTS:
        held = _exists(field, instance)
    else:
        held = _is_among(comparison, _texts(field, instance))
    return held is (positive is comparison.operator)


def _measure(field: OrderedField, instance: InstanceView) -> float | tuple[int, ...] | None:
    match field:
        case OrderedField.AGENT_VERSION:
            return _version(instance.agent_version)
        case OrderedField.REGISTERED_AT:
            return instance.registered_at
        case OrderedField.RUNNING_TASKS_COUNT:
            return instance.running_tasks_count
        case _:
            assert_never(field)


@lru_cache(maxsize=256)
def _version(text: str) -> tuple[int, ...] | None:
    try:
        return expression_argument.version(text)
    except ValueError:
        return None


def _exists(field: Attribute | TextField, instance: InstanceView) -> bool:
    if isinstance(field, Attribute):
        return field.name in instance.attributes
    return bool(_texts(field, instance))


def _texts(field: Attribute | TextField, instance: InstanceView) -> Collection[str]:
    match field:
        case Attribute(name):
            value = instance.attributes.get(name)
            return () if value is None else (value,)
        case TextField.AGENT_CONNECTED:
            return ("true" if instance.agent_connected else "false",)
        case TextField.EC2_INSTANCE_ID:
            return (instance.ec2_instance_id,)
        case TextField.TASK_GROUP:
            return instance.task_groups
        case _:
            assert_never(field)


def _is_among(comparison: Comparison, texts: Collection[str]) -> bool:
    operand = comparison.operand
    if isinstance(operand, re.Pattern):
        return any(operand.fullmatch(text) for text in texts)
    return isinstance(operand, frozenset) and not operand.isdisjoint(texts)
