"""Placement constraints and strategies, of task definitions, services and RunTask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.expression import ExpressionError, parse

if TYPE_CHECKING:
    from glia.sandbox.validation.rules import Sentences
    from glia.sandbox.wire_types import Json

# botocore's documentation: RegisterTaskDefinitionRequest.placementConstraints,
# CreateServiceRequest.placementStrategy, PlacementConstraint.expression.
CONSTRAINT_LIMIT = 10
STRATEGY_LIMIT = 5
EXPRESSION_LENGTH = 2000

# botocore's documentation of PlacementStrategy.field. ECS itself answers with CPU and MEMORY.
SPREAD_FIELDS = frozenset({"instanceid", "host"})
BINPACK_FIELDS = frozenset({"cpu", "memory"})


def faults_of_task_constraints(constraints: list[Json]) -> Sentences:
    """ECS's sentences about a task definition's constraints, ``memberOf`` only."""
    if len(constraints) > CONSTRAINT_LIMIT:
        yield f"Too many placement constraints: at most {CONSTRAINT_LIMIT} are allowed."
    for constraint in constraints:
        if constraint.get("type") == "memberOf":
            yield from _faults_of_expression(constraint.get("expression"))
        else:
            yield (
                f"Placement constraint type '{constraint.get('type')}' is not valid in a "
                "task definition: only memberOf is."
            )


def faults_of_placement(params: Json, task_definition: Json | None) -> Sentences:
    """ECS's sentences about the placement of a service or a RunTask.

    Args:
        params: a request or a service with ``placementConstraints``, ``placementStrategy``.
        task_definition: the described task definition; its constraints count as well.
    """
    constraints = params.get("placementConstraints") or []
    inherited = (task_definition or {}).get("placementConstraints") or []
    if len(constraints) + len(inherited) > CONSTRAINT_LIMIT:
        yield (
            f"Too many placement constraints: at most {CONSTRAINT_LIMIT} are allowed, "
            "those of the task definition included."
        )
    for constraint in constraints:
        yield from _faults_of_constraint(constraint)
    strategies = params.get("placementStrategy") or []
    if len(strategies) > STRATEGY_LIMIT:
        yield f"Too many placement strategies: at most {STRATEGY_LIMIT} are allowed."
    for strategy in strategies:
        yield from _faults_of_strategy(strategy)


def _faults_of_constraint(constraint: Json) -> Sentences:
    kind, expression = constraint.get("type"), constraint.get("expression")
    if kind == "memberOf":
        yield from _faults_of_expression(expression)
    elif kind != "distinctInstance":
        yield f"Placement constraint type '{kind}' is not valid."
    elif expression:
        yield "An expression must not be specified with placement constraint distinctInstance."


def _faults_of_expression(expression: str | None) -> Sentences:
    if not expression:
        yield "An expression must be specified with placement constraint memberOf."
    elif len(expression) > EXPRESSION_LENGTH:
        yield f"A placement constraint expression may have {EXPRESSION_LENGTH} characters."
    else:
        try:
            parse(expression)
        except ExpressionError as error:
            yield f"Invalid expression '{expression}' in placement constraint: {error}"


def _faults_of_strategy(strategy: Json) -> Sentences:
    kind, field = strategy.get("type"), strategy.get("field") or ""
    if kind == "random":
        if field:
            yield f"Placement strategy random does not take field '{field}'."
    elif kind == "binpack":
        if field.lower() not in BINPACK_FIELDS:
            yield f"Invalid field '{field}' for placement strategy binpack: cpu or memory."
    elif kind == "spread":
        if field.lower() not in SPREAD_FIELDS and not field.startswith("attribute:"):
            yield f"Invalid field '{field}' for placement strategy spread."
    else:
        yield f"Placement strategy type '{kind}' is not valid."
