"""The rules of placement constraints, the user's beside those that Glia adds.

Botocore's documentation of PlacementConstraint and TaskDefinitionPlacementConstraint; a task
definition takes ``memberOf`` only, which its shape says already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, assert_never

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
from glia.ecs.shape_fault import Path, ShapeFault
from glia.ecs.shape_words import quoted
from glia.manifest.rules_subject import SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Of a task, its definition's and its service's together (PlacementConstraint).
MOST = 10
# The instance type on the task definition; distinctInstance and the partition on the service.
GLIAS = 3
EITHER: Final = frozenset({True, False})
PATTERNS = {Operator.MATCHES, Operator.NOT_MATCHES}
LONGEST_MATCHED = 24  # every instance type's name is shorter


def constraint_without_a_type(subject: Subject) -> Iterator[ShapeFault]:
    for path, constraint in _constraints(subject):
        if "type" not in constraint:
            yield ShapeFault(
                (*path, "type"),
                "missing-field",
                "'type' is missing",
                "memberOf or distinctInstance" if path[1] == "service" else "memberOf",
            )


def member_of_nothing(subject: Subject) -> Iterator[ShapeFault]:
    for path, constraint in _constraints(subject):
        if constraint.get("type") == "memberOf" and "expression" not in constraint:
            yield ShapeFault(
                (*path, "expression"),
                "missing-field",
                "'expression' is missing: memberOf says nothing without one",
                "a cluster query such as attribute:ecs.availability-zone == us-west-2a",
            )


def distinct_instance_with_an_expression(subject: Subject) -> Iterator[ShapeFault]:
    for path, constraint in _constraints(subject):
        if constraint.get("type") == "distinctInstance" and "expression" in constraint:
            yield ShapeFault(
                (*path, "expression"),
                "not-allowed",
                "distinctInstance takes no expression",
                "no expression",
                quoted(constraint["expression"]),
                "take the expression out, or write type: memberOf",
            )


def expression_that_does_not_parse(subject: Subject) -> Iterator[ShapeFault]:
    for path, text in _expressions(subject):
        try:
            parse(text)
        except ExpressionError as error:
            yield ShapeFault(
                path,
                "not-allowed",
                f"the cluster query is wrong at column {error.column}: {error.message}",
                "a cluster query",
                quoted(text),
            )


def another_instance_type(subject: Subject) -> Iterator[ShapeFault]:
    """Glia's constraints and the user's that no instance can satisfy together."""
    known = _known_attributes(subject)
    for path, text in _expressions(subject):
        try:
            possible = _outcomes(parse(text), known)
        except ExpressionError:
            continue  # has a rule of its own
        if True not in possible:
            yield ShapeFault(
                path,
                "contradiction",
                f"no instance satisfies both this and neuron.{_fields(subject)}",
                " and ".join(f"attribute:{name} == {value}" for name, value in known.items())
                + ", which Glia adds",
                quoted(text),
                f"take the constraint out, or change neuron.{_fields(subject)}",
            )


def too_many_constraints(subject: Subject) -> Iterator[ShapeFault]:
    given = [path for path, _ in _constraints(subject)]
    added = 0 if subject.is_managed else GLIAS
    if len(given) + added > MOST:
        yield ShapeFault(
            given[-1][:-1],
            "out-of-range",
            f"a task takes at most {MOST} placement constraints, its definition's and its "
            f"service's together, and Glia adds {added}",
            f"at most {MOST - added} in both placementConstraints",
            str(len(given)),
            "join several with 'and' in one expression",
        )


def _constraints(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for root, members in ((TASK_DEFINITION, subject.task_definition), (SERVICE, subject.service)):
        for index, constraint in enumerate(members.get("placementConstraints") or ()):
            yield (*root, "placementConstraints", index), constraint


def _expressions(subject: Subject) -> Iterator[tuple[Path, str]]:
    for path, constraint in _constraints(subject):
        if constraint.get("type") == "memberOf" and "expression" in constraint:
            yield (*path, "expression"), constraint["expression"]


def _known_attributes(subject: Subject) -> dict[str, str]:
    """What is certain of each instance that a replica may run on, by Glia's own constraints."""
    pool = subject.neuron.pool
    known: dict[str, str] = {}
    if subject.neuron.instance_type is not None and not subject.is_managed:
        known["ecs.instance-type"] = subject.neuron.instance_type
    if pool is not None and pool.attribute is not None and pool.value is not None:
        known[pool.attribute] = pool.value
    return known


def _fields(subject: Subject) -> str:
    kind, pool = subject.neuron.instance_type, subject.neuron.pool
    by_attribute = pool is not None and pool.attribute is not None
    return f"instanceType: {kind}{' with neuron.pool' if by_attribute else ''}"


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


RULES: tuple[Rule, ...] = (
    constraint_without_a_type,
    member_of_nothing,
    distinct_instance_with_an_expression,
    expression_that_does_not_parse,
    another_instance_type,
    too_many_constraints,
)
