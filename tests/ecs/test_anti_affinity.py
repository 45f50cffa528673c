"""Constraints that name services: few, none too long, and read back as they were written."""

from __future__ import annotations

from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from glia.ecs.anti_affinity import LONGEST_EXPRESSION, apart_from, named
from glia.ecs.expression import InstanceView, matches, parse

NAMES = st.sets(st.from_regex(r"[A-Za-z0-9_-]{1,255}", fullmatch=True), max_size=60)


@settings(deadline=None, max_examples=50)
@given(NAMES)
def test_every_name_is_in_some_constraint_and_no_expression_is_too_long(names: set[str]) -> None:
    made = apart_from(names)
    assert {name for each in made for name in named(each)} == names
    lengths = [len(each["expression"]) for each in made]
    assert all(length <= LONGEST_EXPRESSION for length in lengths)
    assert made == apart_from(sorted(names, reverse=True))
    # First fit: no two of them would go into one, so there are less than twice as many as must be.
    assert len(made) <= max(1, 2 * ceil(sum(lengths) / LONGEST_EXPRESSION)) or not names


@settings(deadline=None, max_examples=50)
@given(NAMES.filter(bool), st.data())
def test_ecs_reads_it_as_off_every_instance_where_one_of_them_is(
    names: set[str], data: st.DataObject
) -> None:
    there = data.draw(st.sets(st.sampled_from(sorted(names))))
    view = InstanceView({}, True, "", "", 0, len(there), {f"service:{name}" for name in there})
    allowed = all(matches(parse(each["expression"]), view) for each in apart_from(names))
    assert allowed == (not there)


def test_what_says_anything_else_names_nobody() -> None:
    for expression in (
        "",
        "task:group == service:web",
        "not(task:group == service:web) || attribute:a == b",
        "not(task:group == family:web)",
        "not (task:group == service:web)",
    ):
        assert not named({"type": "memberOf", "expression": expression})
