"""The table of defaults: it knows all that botocore's model has, and each row does what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.ecs.canonical import canonical
from glia.ecs.defaults import RULE, Kind, Row, Special
from glia.ecs.defaults_service import SERVICE, SERVICE_ANSWERS
from glia.ecs.defaults_task_definition import TASK_DEFINITION, TASK_DEFINITION_ANSWERS
from support.recipes import MODEL, Recipe, model_leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES: dict[Kind, tuple[Row, ...]] = {"taskDefinition": TASK_DEFINITION, "service": SERVICE}
OPERATIONS: dict[Kind, str] = {
    "taskDefinition": "RegisterTaskDefinition",
    "service": "CreateService",
}
KINDS = pytest.mark.parametrize("kind", OPERATIONS)


def request_shape(kind: Kind) -> Any:
    return MODEL.operation_model(OPERATIONS[kind]).input_shape


def lists(shape: Any, path: str = "") -> Iterator[str]:
    """The paths of a shape's lists."""
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from lists(member, f"{path}.{name}".lstrip("."))
    elif shape.type_name == "list":
        yield path
        yield from lists(shape.member, path)


def marked(rows: tuple[Row, ...]) -> set[str]:
    """The paths that the table takes for lists or sets."""
    found = set()
    for row in rows:
        steps = row.path.split(".")
        for count, step in enumerate(steps, 1):
            if step.endswith(("]", "}")):
                found.add(Row(".".join(steps[:count]), RULE, "").member)
    return found


@KINDS
def test_somebody_has_decided_on_every_member_of_the_model(kind: Kind) -> None:
    rows = TABLES[kind]
    never = {row.member for row in rows if row.default is Special.NEVER}

    def of_model(path: str) -> bool:
        return not any(path == top or path.startswith(f"{top}.") for top in never)

    known = {row.member for row in rows} - never
    leaves = {path for path in model_leaves(request_shape(kind)) if of_model(path)}
    structures = {path.rpartition(".")[0] for path in leaves}
    structures |= {path.partition(".")[0] for path in leaves}
    assert not leaves - known, "members that the table does not know"
    assert not known - leaves - structures, "rows of members that ECS no longer has"
    assert never <= set(request_shape(kind).members)
    assert {path for path in lists(request_shape(kind)) if of_model(path)} == marked(rows)
    assert len({row.path for row in rows}) == len(rows)
    assert all(row.source for row in rows)


def test_what_only_the_answers_tell_is_known_to_be_an_answer() -> None:
    for shape, request, answers in (
        ("TaskDefinition", "RegisterTaskDefinitionRequest", TASK_DEFINITION_ANSWERS),
        ("Service", "CreateServiceRequest", SERVICE_ANSWERS),
    ):
        told = set(MODEL.shape_for(shape).members)
        assert told - set(MODEL.shape_for(request).members) == answers


FIXED = [
    (kind, row)
    for kind, rows in TABLES.items()
    for row in rows
    if isinstance(row.default, str | int | tuple)
]


@pytest.mark.parametrize(("kind", "row"), FIXED, ids=lambda given: getattr(given, "path", given))
def test_absent_is_the_default_and_nothing_else_is(kind: Kind, row: Row) -> None:
    def canonical_with(**member: Any) -> Any:
        request = Recipe().request(OPERATIONS[kind])
        at: Any = request
        for step in way:
            at = at[step][0] if isinstance(at[step], list) else at[step]
        del at[last]
        at |= member
        return canonical(kind, request)

    *way, last = row.member.split(".")
    default = list(row.default) if isinstance(row.default, tuple) else row.default
    others: dict[type, Any] = {bool: not default, int: 77, str: "OTHER", list: ["read"]}
    # Every other protocol is tcp to ECS.
    other = "udp" if row.default == "tcp" else others[type(default)]
    left_out = canonical_with()
    assert left_out == canonical_with(**{last: None}) == canonical_with(**{last: default})
    assert left_out != canonical_with(**{last: other})
