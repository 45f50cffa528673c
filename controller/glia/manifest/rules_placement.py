"""The rules of placement constraints, the user's beside those that Glia adds.

Botocore's documentation of PlacementConstraint and TaskDefinitionPlacementConstraint; a task
definition takes ``memberOf`` only, which its shape says already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.ecs.anti_affinity import MOST_CONSTRAINTS as MOST
from glia.ecs.shape_fault import Path, ShapeFault
from glia.ecs.shape_words import quoted
from glia.manifest.rules_subject import SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The instance type on the task definition; distinctInstance and the partition on the service.
GLIAS = 3


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
        # Most manifests have no expression of their own: start-up time.
        from glia.manifest.cluster_query import error_of  # noqa: PLC0415

        if (error := error_of(text)) is not None:
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
        from glia.manifest.cluster_query import may_match  # noqa: PLC0415

        if not may_match(text, known):
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
    added = 0 if subject.is_managed else _added(subject)
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


def _added(subject: Subject) -> int:
    """Of antiAffinity the least: where there are many lanes to name, a plan says so."""
    pool, lock = subject.neuron.pool, subject.neuron.lock
    by_attribute = pool is not None and pool.attribute is not None
    return GLIAS + by_attribute + (lock == "antiAffinity")


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


RULES: tuple[Rule, ...] = (
    constraint_without_a_type,
    member_of_nothing,
    distinct_instance_with_an_expression,
    expression_that_does_not_parse,
    another_instance_type,
    too_many_constraints,
)
