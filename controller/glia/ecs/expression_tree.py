"""The cluster query language as a tree: what a placement constraint or a filter asks for.

Subjects, operators and which of them go together: "Create expressions to define container
instances for Amazon ECS tasks" in the Amazon ECS Developer Guide. It lists no operators for
``attribute:NAME`` and ``task:group``; here they take all but the ordering ones.

``str`` of a tree is its canonical text and parses back to an equal tree. It puts every ``and``
inside an ``or`` into parentheses, so that it means the same whichever binds closer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeAlias, assert_never

from glia.ecs import expression_argument
from glia.errors import GliaError


class ExpressionError(GliaError):
    """A cluster query that ECS would refuse or that cannot mean anything.

    Attributes:
        message: what is wrong, without the place.
        column: the character of the whole text at which it is wrong, the first being 1.
    """

    def __init__(self, message: str, column: int = 1) -> None:
        super().__init__(f"column {column}: {message}")
        self.message = message
        self.column = column


class Operator(Enum):
    """How a subject is held against the argument; the value is the canonical spelling."""

    EQUALS = "=="
    NOT_EQUALS = "!="
    GREATER_THAN = ">"
    GREATER_THAN_EQUAL = ">="
    LESS_THAN = "<"
    LESS_THAN_EQUAL = "<="
    EXISTS = "exists"
    NOT_EXISTS = "!exists"
    IN = "in"
    NOT_IN = "!in"
    MATCHES = "=~"
    NOT_MATCHES = "!~"

    @classmethod
    def of(cls, spelling: str) -> Operator:
        """The operator of a symbol (``!=``) or of its alias (``not_equals``)."""
        aliases = cls.__members__
        return aliases[spelling.upper()] if spelling.upper() in aliases else cls(spelling)


NEGATIONS: Final = {
    Operator.NOT_EQUALS: Operator.EQUALS,
    Operator.NOT_EXISTS: Operator.EXISTS,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_MATCHES: Operator.MATCHES,
}
"""The operators that hold exactly where another one does not, with that other one."""

_EQUALITY = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
_ORDER = frozenset(
    {
        Operator.GREATER_THAN,
        Operator.GREATER_THAN_EQUAL,
        Operator.LESS_THAN,
        Operator.LESS_THAN_EQUAL,
    }
)
_EXISTENCE = frozenset({Operator.EXISTS, Operator.NOT_EXISTS})
_MEMBERSHIP = frozenset({Operator.IN, Operator.NOT_IN})
_MATCH = frozenset({Operator.MATCHES, Operator.NOT_MATCHES})

_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_.\\/-]{1,128}")  # API reference, Attribute
_PLAIN = re.compile(r"[A-Za-z0-9_.:/@+-]+")
_PLAIN_PATTERN = re.compile(r"(\\[A-Za-z.]|[A-Za-z0-9_.:/@*+?-])+")


@dataclass(frozen=True, slots=True)
class Attribute:
    """``attribute:NAME``: one of ECS's own attributes or a custom one."""

    name: str

    def __post_init__(self) -> None:
        if not _ATTRIBUTE_NAME.fullmatch(self.name):
            raise ExpressionError(
                f"{self.name!r} is no attribute name: "
                "write up to 128 letters, digits, and any of _ - . / \\",
            )

    def __str__(self) -> str:
        return f"attribute:{self.name}"


class TextField(Enum):
    """The subjects that are text."""

    AGENT_CONNECTED = "agentConnected"
    EC2_INSTANCE_ID = "ec2InstanceId"
    TASK_GROUP = "task:group"

    def __str__(self) -> str:
        return self.value


class OrderedField(Enum):
    """The subjects that come before or after one another."""

    AGENT_VERSION = "agentVersion"
    REGISTERED_AT = "registeredAt"
    RUNNING_TASKS_COUNT = "runningTasksCount"

    def __str__(self) -> str:
        return self.value


Subject: TypeAlias = Attribute | TextField | OrderedField
Operand: TypeAlias = frozenset[str] | re.Pattern[str] | float | tuple[int, ...] | None


def allowed_operators(subject: Subject) -> frozenset[Operator]:
    match subject:
        case OrderedField():
            return _EQUALITY | _ORDER
        case Attribute() | TextField.TASK_GROUP:
            return _EQUALITY | _MEMBERSHIP | _MATCH | _EXISTENCE
        case TextField.AGENT_CONNECTED | TextField.EC2_INSTANCE_ID:
            return _EQUALITY | _MEMBERSHIP | _MATCH
        case _:
            assert_never(subject)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A subject held against its argument.

    Attributes:
        arguments: the argument's texts without quotes: none for ``exists`` and ``!exists``,
            at least one for ``in`` and ``!in``, one for all others.
        operand: what the arguments mean, read once: the texts that are equal, a regular
            expression, epoch seconds, a count, the parts of a version; None for existence.

    Raises:
        ExpressionError: the three do not go together.
    """

    subject: Subject
    operator: Operator
    arguments: tuple[str, ...] = ()
    operand: Operand = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        allowed = allowed_operators(self.subject)
        if self.operator not in allowed:
            known = ", ".join(operator.value for operator in Operator if operator in allowed)
            raise ExpressionError(
                f"{self.subject} does not take {self.operator.value}; it takes {known}"
            )
        if any("'" in text and '"' in text for text in self.arguments):
            raise ExpressionError("an argument cannot hold both kinds of quotes")
        try:
            object.__setattr__(self, "operand", self._read_arguments())
        except ValueError as error:
            raise ExpressionError(str(error)) from None

    def _read_arguments(self) -> Operand:
        if self.operator in _EXISTENCE and not self.arguments:
            return None
        if self.operator in _MEMBERSHIP and self.arguments:
            return frozenset(self.arguments)
        if self.operator in _EXISTENCE | _MEMBERSHIP or len(self.arguments) != 1:
            raise ValueError(f"{self.operator.value} does not take {len(self.arguments)} arguments")
        (text,) = self.arguments
        match self.subject:
            case OrderedField.AGENT_VERSION:
                return expression_argument.version(text)
            case OrderedField.REGISTERED_AT:
                return expression_argument.moment(text)
            case OrderedField.RUNNING_TASKS_COUNT:
                return expression_argument.count(text)
            case Attribute() | TextField():
                is_pattern = self.operator in _MATCH
                return expression_argument.pattern(text) if is_pattern else frozenset({text})
            case _:
                assert_never(self.subject)

    def __str__(self) -> str:
        if self.operator in _EXISTENCE:
            return f"{self.subject} {self.operator.value}"
        plain = _PLAIN_PATTERN if self.operator in _MATCH else _PLAIN
        texts = ", ".join(
            text if plain.fullmatch(text) else _quoted(text) for text in self.arguments
        )
        argument = f"[{texts}]" if self.operator in _MEMBERSHIP else texts
        return f"{self.subject} {self.operator.value} {argument}"


@dataclass(frozen=True, slots=True)
class And:
    """All of two or more expressions."""

    operands: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(map(_grouped, self.operands))


@dataclass(frozen=True, slots=True)
class Or:
    """Any of two or more expressions."""

    operands: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(map(_grouped, self.operands))


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of an expression."""

    operand: Expression

    def __str__(self) -> str:
        return f"not({self.operand})"


Expression: TypeAlias = Comparison | And | Or | Not


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def _grouped(expression: Expression) -> str:
    return f"({expression})" if isinstance(expression, And | Or) else str(expression)
