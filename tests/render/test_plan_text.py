"""A plan in a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.diff import ABSENT, MASKED, FieldChange
from glia.errors import Diagnostic
from glia.plan import Plan, Settled
from glia.render.fields import field_line
from glia.render.plan_text import plan_text
from glia.render.wording import effect
from glia.steps import Create, Labelling
from glia.target import Target
from render.golden import golden
from render.values import (
    CLUSTER,
    CONTAINER,
    ROLLING,
    changed,
    created,
    lane,
    live,
    new_fields,
    plan,
    pruning_plan,
    service,
    updated,
)

if TYPE_CHECKING:
    from glia.change import Effect

COLOUR = re.compile(r"\x1b\[\d+m")
# What a terminal obeys, hides or turns around, and what would forge a line of the plan.
HOSTILE = "\x1b[2J\r\x08\x9b\u202e\u2066\u200b\n+ create forged/line (a.yaml:1)\u2028\x00"


WRONG = Diagnostic("error", "unknown-field", "Glia knows no field 'replica' here")
NOTHING = "0 to create, 0 to update, 0 to replace"
LABELS = ("4003 instances to label", "2 instances to unlabel", "1 instance to release")


def text(*args: Plan, width: int = 100, verbose: bool = False) -> str:
    return plan_text(*args, colour=False, width=width, verbose=verbose)


def test_a_plan_of_every_kind_reads_like_this() -> None:
    assert text(plan()) == golden("plan.txt")


def test_what_is_pruned_left_or_waits_reads_like_this() -> None:
    assert text(pruning_plan()) == golden("pruning.txt")


def test_colours_change_nothing_else() -> None:
    painted = plan_text(plan(), colour=True, width=100)
    assert COLOUR.search(painted)
    assert COLOUR.sub("", painted) == text(plan())


def test_verbose_shows_every_field_of_a_new_service() -> None:
    one = Plan(changes=(created("resnet50", *new_fields()),))
    fields = [each.path for each in new_fields()]
    assert [path for path in fields if f"+ {path}" in text(one, verbose=True)] == fields
    assert not [path for path in fields if path in text(one)]
    assert "TOKEN].value: (sensitive)" in text(one, verbose=True)


def test_a_long_update_tells_how_much_of_it_is_not_shown() -> None:
    fields = [changed(f"{CONTAINER}.dockerLabels[{at}]", "a", "b") for at in range(50)]
    long = Plan(changes=(updated("bert", *fields),))
    assert text(long).count(": a -> b") == 20
    assert "and 30 more fields: --verbose" in text(long)
    assert text(long, verbose=True).count(": a -> b") == 50


def test_nothing_hostile_reaches_the_terminal() -> None:
    own = lane(HOSTILE)
    hostile = created(
        HOSTILE, changed(f"taskDefinition.containerDefinitions[{HOSTILE}].image", ABSENT, HOSTILE)
    )
    changes = (
        replace(hostile, service=replace(service(HOSTILE, own)), lane=own),
        updated("a", changed(f"service.x[{HOSTILE}]", HOSTILE, f"{HOSTILE}2"), own=own),
    )
    every = plan()
    diagnostics = tuple(replace(each, message=HOSTILE) for each in every.diagnostics)
    held = tuple(replace(each, message=HOSTILE, reason=HOSTILE) for each in every.held)
    checks = tuple(replace(each, message=HOSTILE, check=HOSTILE) for each in every.preflight)
    shown = text(
        replace(every, changes=changes, diagnostics=diagnostics, held=held, preflight=checks),
        verbose=True,
    )
    assert [line for line in shown.split("\n") if not line.isprintable()] == []
    # A message of two lines stays one, below its head; so nothing begins like a change.
    assert [line for line in shown.split("\n") if line.startswith("+ create forged")] == []
    assert "\\u202e" in shown


def test_what_looks_like_something_else_is_quoted() -> None:
    told = {
        "1": '"1"',
        "true": '"true"',
        "": '""',
        "(sensitive)": '"(sensitive)"',
        "a -> b": '"a -> b"',
        " a": '" a"',
        "a\nb": '"a\\nb"',
        "a b": "a b",
    }
    lines = [field_line(changed("p", ABSENT, value), 80) for value in told]
    assert lines == [f"+ p: {shown}" for shown in told.values()]


@given(
    start=st.text("ab", max_size=300),
    ends=st.lists(st.text("cd", min_size=5, max_size=5), min_size=2, max_size=2, unique=True),
    rest=st.text("ef", max_size=300),
    width=st.integers(50, 200),
)
def test_shortened_values_still_show_where_they_differ(
    start: str, ends: list[str], rest: str, width: int
) -> None:
    old, new = (start + end + rest for end in ends)
    line = field_line(changed("p", old, new), width)
    assert len(line) <= width
    shown_old, shown_new = line.removeprefix("~ p: ").split(" -> ")
    assert shown_old != shown_new


def test_an_element_of_a_set_is_there_or_not() -> None:
    def line(path: str, value: object) -> str:
        return field_line(changed(path, ABSENT, value), 80)

    assert line("permissions[read]", True) == "+ permissions[read]"
    assert line("service.enableExecuteCommand", True) == "+ service.enableExecuteCommand: true"
    assert line("subnets[subnet-01]", True) == "+ subnets[subnet-01]"
    assert line("x[0]", True) == "+ x[0]: true"


def test_a_long_image_keeps_its_registry_and_its_tag() -> None:
    image = f"111122223333.dkr.ecr.us-west-2.amazonaws.com/{'models/' * 20}bert:1.5.0"
    shown = text(Plan(changes=(created("a", changed(f"{CONTAINER}.image", ABSENT, image)),)))
    (line,) = [line for line in shown.split("\n") if " image " in line]
    assert len(line) == 100
    assert re.fullmatch(r" +image +111122223333\.dkr.*\.\.\..*bert:1\.5\.0", line)


def test_a_masked_image_is_not_shown() -> None:
    masked = FieldChange(f"{CONTAINER}.image", ABSENT, MASKED, sensitive=True)
    assert "image      (sensitive)" in text(Plan(changes=(created("a", masked),)))


def test_a_masked_field_says_that_it_changed_and_nothing_more() -> None:
    def line(old: object, new: object) -> str:
        return field_line(FieldChange("p", old, new, sensitive=True), 80)

    assert line(MASKED, MASKED) == "~ p: (sensitive), changed"
    assert line(ABSENT, MASKED) == "+ p: (sensitive)"
    assert line(MASKED, ABSENT) == "- p: (sensitive)"
    assert line("told by mistake", "so") == "~ p: (sensitive), changed"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (ROLLING, "replaces 2 tasks one at a time; 1 replica down at once"),
        (replace(ROLLING, replaced_tasks=1), "replaces 1 task; 1 replica down at once"),
        (
            replace(ROLLING, replaced_tasks=6, at_once=2),
            "replaces 6 tasks, up to 2 at a time; 2 replicas down at once",
        ),
        (
            replace(ROLLING, replaced_tasks=4, at_once=0, surplus=1),
            "replaces 4 tasks one at a time; no replica down; up to 1 more meanwhile",
        ),
        (
            replace(ROLLING, at_once=0),
            "replaces 2 tasks, though none may be down and none may run in addition",
        ),
        (replace(ROLLING, at_once=2), "replaces 2 tasks all at once; 2 replicas down at once"),
    ],
)
def test_what_a_rollout_does_to_running_tasks_is_said_in_words(made: Effect, words: str) -> None:
    assert effect(updated("a", effect=made)) == f"new task-definition revision; {words}"


def test_a_service_whose_namesake_is_still_being_deleted_says_what_it_waits_for() -> None:
    change = created("a")
    assert isinstance(change.step, Create)
    waiting = replace(change, step=replace(change.step, waits_for_name=True))
    assert effect(waiting) == "new service; waits until its namesake is deleted"
    assert effect(waiting) in text(Plan(changes=(waiting,)))


def settled(name: str, *, rolling: bool = False) -> Settled:
    return Settled(service(name), lane(name), live(name), rolling=rolling)


@pytest.mark.parametrize(
    ("empty", "words"),
    [
        (Plan(), "No changes. 0 services are as they should be."),
        (Plan(settled=(settled("a"),)), "No changes. 1 service is as it should be."),
        (Plan(suspended=("inference/a",)), "No changes. 1 suspended."),
        (Plan(diagnostics=(WRONG,)), "Nothing is planned. 1 error."),
        (
            Plan(diagnostics=(WRONG,), suspended=("inference/a",)),
            "No changes. 1 suspended, 1 error.",
        ),
        (
            Plan(settled=(settled("a"), settled("b", rolling=True))),
            "No changes. 2 services are as they should be, 1 still rolling out.",
        ),
    ],
)
def test_a_plan_without_changes_is_one_sentence(empty: Plan, words: str) -> None:
    assert text(empty).splitlines()[-1] == words


def test_a_plan_of_which_nothing_may_be_done_has_no_digest() -> None:
    blocked = tuple(change for change in plan().changes if change.blocked_by)
    assert "digest" not in text(Plan(changes=blocked))
    assert f"digest {plan().digest}" in text(plan())


def test_a_name_that_is_in_two_regions_is_told_apart() -> None:
    abroad = replace(CLUSTER, target=Target("eu-central-1"))
    there = replace(updated("bert"), service=service("bert", cluster=abroad))
    shown = text(Plan(changes=(updated("bert"), there)))
    assert "~ update inference/bert, us-west-2 (" in shown
    assert "~ update inference/bert, eu-central-1 (" in shown
    assert "us-west-2" not in text(Plan(changes=(updated("bert"),)))


def test_labels_count_in_the_time_that_a_plan_takes_and_come_in_their_order() -> None:
    """Six calls for ten instances, and 40 a second."""
    many = tuple(f"arn:{number}" for number in range(4000))
    made = Plan(
        labellings=(
            Labelling(CLUSTER, "inf2.48xlarge", "a", many),
            Labelling(CLUSTER, "inf1.6xlarge", "b", many[:3], occupied=many[:2], pool="x=y"),
            Labelling(CLUSTER, "inf1.6xlarge", "c", many[:2], "unlabel", depends_on=("a/b/web-c",)),
            Labelling(CLUSTER, "inf1.6xlarge", "", many[:1], "release"),
        )
    )
    assert len({each.id for each in made.labellings}) == 4
    assert text(made, width=90).splitlines()[:-1] == [
        "= label 4000 idle inf2.48xlarge of inference (us-west-2) as partition a",
        "= label 2 inf1.6xlarge that only its tasks are on and 1 idle inf1.6xlarge of inference",
        "    (us-west-2) as partition b",
        "= unlabel 2 inf1.6xlarge of inference (us-west-2): partition c has no lanes any more",
        "    after web-c",
        "= release 1 inf1.6xlarge of inference (us-west-2), which an apply that ended early has",
        "    marked",
        "",
        f"Plan: {NOTHING}, {', '.join(LABELS)}; 0 unchanged.",
        "at least 58 s at AWS's request quotas",
    ]
