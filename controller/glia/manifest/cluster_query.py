"""What can be said of a user's cluster query before any instance is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from glia.ecs.expression import (
    And,
    Attribute,
    Comparison,
    Expression,
    ExpressionError,
    InstanceView,
    Not,
    Operator,
    Or,
    matches,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

EITHER: Final = frozenset({True, False})
PATTERNS = {Operator.MATCHES, Operator.NOT_MATCHES}
LONGEST_MATCHED = 24  # every instance type's name is shorter


def error_of(text: str) -> ExpressionError | None:
    """Why the text is no cluster query; None if it is one."""
    try:
        parse(text)
    except ExpressionError as error:
        return error
    return None


def may_match(text: str, known: Mapping[str, str]) -> bool:
    """Whether an instance with these attributes can satisfy it; what is no query might."""
    try:
        expression = parse(text)
    except ExpressionError:
        return True
    return True in _outcomes(expression, known)


def _outcomes(expression: Expression, known: Mapping[str, str]) -> frozenset[bool]:
    """What a cluster query may come to on an instance of which only some attributes are known."""
    match expression:
        case Comparison(subject=Attribute(name), operator=operator) if name in known:
            if operator in PATTERNS and len(known[name]) > LONGEST_MATCHED:
                return EITHER  # a hostile pattern takes time exponential in the length
            return frozenset({matches(expression, _instance(known))})
        case Comparison():
            return EITHER
        case Not(operand):
            return frozenset(not outcome for outcome in _outcomes(operand, known))
        case And(operands):
            return _joined([_outcomes(operand, known) for operand in operands], decisive=False)
        case Or(operands):
            return _joined([_outcomes(operand, known) for operand in operands], decisive=True)
        case _:
            assert_never(expression)


def _joined(parts: list[frozenset[bool]], *, decisive: bool) -> frozenset[bool]:
    """One decisive part decides the whole; the other outcome needs all parts."""
    found = {decisive} if any(decisive in part for part in parts) else set()
    if all((not decisive) in part for part in parts):
        found.add(not decisive)
    return frozenset(found)


def _instance(attributes: Mapping[str, str]) -> InstanceView:
    return InstanceView(
        attributes,
        agent_connected=True,
        agent_version="",
        ec2_instance_id="",
        registered_at=0,
        running_tasks_count=0,
        task_groups=(),
    )
