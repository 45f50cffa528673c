"""Placement constraints that keep a service's tasks off the instances of other services'.

``not(task:group == service:NAME)`` is the form that AWS documents (developer guide, "Create
expressions to define container instances"); several are joined, because a task takes ten
constraints in all. ECS looks at the desired status: a task that is stopping is gone for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Of a task, its definition's and its service's together; PlacementConstraint.expression.
MOST_CONSTRAINTS: Final = 10
LONGEST_EXPRESSION: Final = 2000

_AND: Final = " && "
_TERM: Final = re.compile(r"not\(task:group == service:([A-Za-z0-9_-]+)\)")
_TERMS: Final = re.compile(rf"{_TERM.pattern}(?:{_AND}{_TERM.pattern})*")


def apart_from(services: Iterable[str]) -> list[dict[str, Any]]:
    """The constraints that name these services of ECS: each filled up before the next.

    The same for the same names, in whatever order they come.
    """
    terms = [f"not(task:group == service:{name})" for name in set(services)]
    expressions: list[str] = []
    for term in sorted(terms, key=lambda each: (-len(each), each)):
        room = LONGEST_EXPRESSION - len(_AND) - len(term)
        place = next((i for i, said in enumerate(expressions) if len(said) <= room), None)
        if place is None:
            expressions.append(term)
        else:
            expressions[place] += f"{_AND}{term}"
    return [{"type": "memberOf", "expression": each} for each in expressions]


def named(constraint: Mapping[str, Any]) -> frozenset[str]:
    """The services that a constraint of just this form keeps away; none of any other."""
    expression = str(constraint.get("expression", ""))
    return frozenset(_TERM.findall(expression) if _TERMS.fullmatch(expression) else ())
