"""Cluster queries: the expressions of placement constraints and of list filters.

This module reads them and is the one to import from. The grammar stands in
``expression.lark``, the tree in ``expression_tree``, the evaluation in ``expression_match``.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, assert_never, cast

from glia.ecs.expression_match import InstanceView, matches
from glia.ecs.expression_tree import (
    And,
    Attribute,
    Comparison,
    Expression,
    ExpressionError,
    Not,
    Operator,
    Or,
    OrderedField,
    Subject,
    TextField,
    allowed_operators,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from lark import Lark, Token, UnexpectedInput

__all__ = [
    "MAXIMUM_DEPTH",
    "MAXIMUM_LENGTH",
    "And",
    "Attribute",
    "Comparison",
    "Expression",
    "ExpressionError",
    "InstanceView",
    "Not",
    "Operator",
    "Or",
    "OrderedField",
    "TextField",
    "matches",
    "parse",
]

MAXIMUM_LENGTH: Final = 2000
"""In characters (API reference, PlacementConstraint)."""

MAXIMUM_DEPTH: Final = 100
"""Levels of and, or and not inside one another. Glia's own limit: ECS names none."""

_FIELDS: Final[dict[str, Subject]] = {
    **{field.value: field for field in TextField},
    **{field.value: field for field in OrderedField},
}
_TERMINALS: Final = {
    "SUBJECT": "a subject such as attribute:NAME",
    "EXISTENCE": "exists",
    "RELATION": "an operator such as ==",
    "MEMBERSHIP": "in",
    "MATCH": "=~",
    "VALUE": "a value",
    "QUOTED": "a quoted text",
    "PATTERN": "a regular expression",
    "_AND": "and",
    "_OR": "or",
    "_NOT": "not",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "$END": "the end",
}


def parse(text: str) -> Expression:
    """The tree of a cluster query.

    Raises:
        ExpressionError: the text is empty, longer than ``MAXIMUM_LENGTH``, not in the
            language, or holds something that its subject does not take.
    """
    if not text.strip():
        raise ExpressionError("the expression is empty; write one such as task:group == database")
    if len(text) > MAXIMUM_LENGTH:
        raise ExpressionError(
            f"the expression has {len(text)} characters; ECS takes {MAXIMUM_LENGTH}",
            column=MAXIMUM_LENGTH + 1,
        )
    return _parse(text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Expression:
    from lark import UnexpectedInput  # noqa: PLC0415 -- most commands parse nothing

    try:
        expression = cast("Expression", _parser().parse(text))
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None
    _refuse_deep(expression)
    return expression


@cache
def _parser() -> Lark:
    from lark import Lark  # noqa: PLC0415 -- see _parse

    grammar = resources.files("glia.ecs").joinpath("expression.lark").read_text("utf-8")
    builder = cast("Any", _TreeBuilder())  # Lark asks for methods, its types for a base class
    return Lark(grammar, parser="lalr", transformer=builder)


class _TreeBuilder:
    """One method for each rule of the grammar, called with the rule's parts in order."""

    def any_of(self, operands: list[Expression]) -> Expression:
        return Or(tuple(operands))

    def all_of(self, operands: list[Expression]) -> Expression:
        return And(tuple(operands))

    def none_of(self, operands: list[Expression]) -> Expression:
        return Not(operands[0])

    def comparison(self, tokens: list[Token]) -> Expression:
        subject = _subject(tokens[0])
        operator = Operator.of(tokens[1])
        arguments = tuple(_unquoted(token) for token in tokens[2:])
        try:
            return Comparison(subject, operator, arguments)
        except ExpressionError as error:
            wrong = tokens[2 if operator in allowed_operators(subject) else 1]
            raise ExpressionError(error.message, _column(wrong)) from None


def _subject(token: Token) -> Subject:
    kind, colon, name = token.partition(":")
    if kind == "attribute" and colon:
        try:
            return Attribute(name)
        except ExpressionError as error:
            raise ExpressionError(error.message, _column(token)) from None
    try:
        return _FIELDS[token]
    except KeyError:
        known = ", ".join(["attribute:NAME", *_FIELDS])
        raise ExpressionError(
            f"{str(token)!r} is no subject; ECS knows {known}", _column(token)
        ) from None


def _unquoted(token: Token) -> str:
    return token[1:-1] if token.type == "QUOTED" else str(token)


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _syntax_error(text: str, error: UnexpectedInput) -> ExpressionError:
    token: Token | None = getattr(error, "token", None)
    at_end = token is not None and token.type == "$END"
    position = len(text) if at_end else error.pos_in_stream or 0
    found = repr(text[position : position + 20]) if position < len(text) else "the end"
    either = getattr(error, "allowed", None) or getattr(error, "expected", None)
    terminals: Collection[str] = either or ()
    expected = ", ".join(word for name, word in _TERMINALS.items() if name in terminals)
    return ExpressionError(f"found {found} instead of {expected}", position + 1)


def _refuse_deep(expression: Expression) -> None:
    """Keep whatever walks a tree by recursion away from Python's own limit."""
    level: list[Expression] = [expression]
    for _ in range(MAXIMUM_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
    if level:
        raise ExpressionError(f"and, or and not go deeper than {MAXIMUM_DEPTH} levels")


def _inside(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case And(operands) | Or(operands):
            return operands
        case Not(operand):
            return (operand,)
        case Comparison():
            return ()
        case _:
            assert_never(expression)
