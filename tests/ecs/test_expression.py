"""The cluster query language: what it says, what it refuses, what it selects."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glia.ecs.expression import (
    MAXIMUM_DEPTH,
    And,
    Attribute,
    Comparison,
    Expression,
    ExpressionError,
    InstanceView,
    Not,
    Operator,
    Or,
    OrderedField,
    TextField,
    matches,
    parse,
)
from glia.ecs.expression_argument import moment, pattern
from glia.ecs.expression_tree import allowed_operators

INSTANCE = InstanceView(
    attributes={"ecs.instance-type": "inf2.xlarge", "zone": "us-east-1a", "drained": None},
    agent_connected=True,
    agent_version="1.14.5",
    ec2_instance_id="i-0abc",
    registered_at=moment("2018-06-18T22:28:28Z"),
    running_tasks_count=2,
    task_groups=("service:chat", "family:batch"),
)


def is_set(name: str) -> Comparison:
    return Comparison(Attribute(name), Operator.EXISTS)


A, B, C = is_set("a"), is_set("b"), is_set("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("attribute:a exists or attribute:b exists and attribute:c exists", Or((A, And((B, C))))),
        ("(attribute:a exists or attribute:b exists) and attribute:c exists",
         And((Or((A, B)), C))),
        ("not attribute:a exists and attribute:b exists", And((Not(A), B))),
        ("!(attribute:a exists||attribute:b exists)&&attribute:c exists",
         And((Not(Or((A, B))), C))),
        ("attribute:a exists or attribute:b exists or attribute:c exists", Or((A, B, C))),
        ("((attribute:a exists and attribute:b exists)) and attribute:c exists",
         And((And((A, B)), C))),
        ("not(!attribute:a exists)", Not(Not(A))),
    ],
)  # fmt: skip
def test_not_binds_closer_than_and_and_and_closer_than_or(text: str, expected: Expression) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("subject", [Attribute("stack"), *TextField, *OrderedField], ids=str)
def test_each_subject_takes_its_operators_by_symbol_and_by_name_and_no_others(
    subject: Attribute | TextField | OrderedField,
) -> None:
    argument = {
        Operator.EXISTS: "", Operator.NOT_EXISTS: "", Operator.IN: "[1]", Operator.NOT_IN: "[1]",
    }  # fmt: skip
    value = "2018-06-18" if subject is OrderedField.REGISTERED_AT else "1"
    for operator in Operator:
        for spelling in (operator.value, operator.name.lower()):
            text = f"{subject} {spelling} {argument.get(operator, value)}"
            if operator in allowed_operators(subject):
                expected = {"": (), "[1]": ("1",)}.get(argument.get(operator, value), (value,))
                assert parse(text) == Comparison(subject, operator, expected)
            else:
                with pytest.raises(ExpressionError, match=f"{subject} does not take") as caught:
                    parse(text)
                assert caught.value.column == len(str(subject)) + 2


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("attribute:a == us-east-1a", ("us-east-1a",)),
        ("attribute:a==b", ("b",)),
        ("attribute:a == and", ("and",)),
        ("attribute:a.b-c_d/e\\f == x@y:z/1.*", ("x@y:z/1.*",)),
        ("attribute:a == 'it is (a, [b] && \"c\")'", ('it is (a, [b] && "c")',)),
        ('attribute:a == "it\'s"', ("it's",)),
        ("attribute:a == ''", ("",)),
        ("attribute:a in[x,'y z' , \"w\"]", ("x", "y z", "w")),
        ("(attribute:a =~ inf2\\..*)", ("inf2\\..*",)),
        ("(attribute:a =~ (inf2|trn[1)])\\).*)", ("(inf2|trn[1)])\\).*",)),
        ("(attribute:a =~ ((a(b))c)+[]x][^]y])", ("((a(b))c)+[]x][^]y]",)),
        ("attribute:a matches '((((a))))'", ("((((a))))",)),
        ("attribute:a\n  ==\tb ", ("b",)),
    ],
)
def test_values_are_bare_or_quoted(text: str, arguments: tuple[str, ...]) -> None:
    expression = parse(text)

    assert isinstance(expression, Comparison)
    assert expression.arguments == arguments


def test_a_bare_pattern_ends_where_the_next_expression_is_joined() -> None:
    assert str(parse("attribute:a =~ x.*&&attribute:b =~ y|z||attribute:c =~ w")) == (
        "(attribute:a =~ x.* and attribute:b =~ 'y|z') or attribute:c =~ w"
    )


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "empty"),
        (" \n", 1, "empty"),
        ("attribute:a == " + "b" * 1986, 2001, "2001 characters"),
        ("!" * (MAXIMUM_DEPTH + 1) + "attribute:a exists", 1, "deeper than 100"),
        ("zone == a", 1, "'zone' is no subject; ECS knows attribute:NAME"),
        ("nothing == a", 1, "'nothing' is no subject"),
        ("attribute == a", 1, "'attribute' is no subject"),
        ("task:family == a", 1, "'task:family' is no subject"),
        ("not attribute: exists", 5, "'' is no attribute name"),
        (f"attribute:{'a' * 129} exists", 1, "is no attribute name"),
        ("attribute:a", 12, "found the end instead of exists, an operator such as =="),
        ("attribute:a = b", 13, "found '= b' instead of exists"),
        ("attribute:a ==", 15, "found the end instead of a value, a quoted text"),
        ("attribute:a == 'b", 16, 'found "\'b" instead of a value'),
        ("attribute:a == b)", 17, "found ')' instead of the end"),
        ("attribute:a == b c", 18, "found 'c' instead of and, or"),
        ("(attribute:a exists", 20, "found the end instead of )"),
        ("attribute:a in b", 16, "found 'b' instead of ["),
        ("attribute:a in []", 17, "found ']' instead of a value"),
        ("attribute:a in [b c]", 19, "found 'c]' instead of ], ,"),
        ("attribute:a exists and", 23, "found the end instead of a subject such as attribute:NAME"),
        ("attribute:a =~ (b", 16, "instead of a quoted text, a regular expression"),
        ("attribute:a exists or attribute:a =~ *", 38, "nothing to repeat"),
        ("attribute:a =~ 'a{9999999999}'", 16, "is no regular expression"),
        (r"attribute:a =~ \p{Alpha}", 16, "is no regular expression"),
        ("attribute:a =~ [a-z&&b]", 16, "combines character classes"),
        ("attribute:a =~ (?P<b>c)", 16, "is no regular expression of Java's"),
        ("registeredAt < yesterday", 16, "'yesterday' is no date"),
        ("registeredAt < 2018-02-30", 16, "'2018-02-30' is no date: day"),
        ("registeredAt < 20180218", 16, "'20180218' is no date"),
        ("runningTasksCount == one", 22, "'one' is no number"),
        ("runningTasksCount == -1", 22, "'-1' is no number"),
        ("agentVersion >= 1.x", 17, "'1.x' is no agent version"),
    ],
)  # fmt: skip
def test_a_malformed_expression_is_refused_where_it_is_wrong(
    text: str, column: int, message: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)

    assert caught.value.column == column
    assert message in caught.value.message
    assert str(caught.value).startswith(f"column {column}: ")


@pytest.mark.parametrize(
    ("operator", "arguments", "message"),
    [
        (Operator.EQUALS, ("a", "b"), "== does not take 2 arguments"),
        (Operator.EXISTS, ("a",), "exists does not take 1 arguments"),
        (Operator.IN, (), "in does not take 0 arguments"),
        (Operator.EQUALS, ("\"'",), "both kinds of quotes"),
    ],
)
def test_a_comparison_that_no_text_could_give_cannot_be_built(
    operator: Operator, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ExpressionError, match=message):
        Comparison(Attribute("a"), operator, arguments)


@pytest.mark.parametrize(
    "text",
    [
        "attribute:ecs.instance-type == inf2.xlarge",
        "attribute:ecs.instance-type =~ inf2.*",
        "attribute:ecs.instance-type !~ inf2",
        "attribute:ecs.instance-type != Inf2.xlarge",
        "attribute:zone in [us-east-1b, us-east-1a] and attribute:zone !in [us-east-1b]",
        "attribute:drained exists and attribute:drained != '' and attribute:drained !~ .*",
        "attribute:rack !exists and attribute:rack != a and attribute:rack not_in [a]",
        "attribute:rack !~ .* and not(attribute:rack =~ .*) and not(attribute:rack == a)",
        "agentConnected == true and agentConnected != false",
        "ec2InstanceId in ['i-0abc', 'i-1'] and ec2InstanceId =~ i-.*",
        "task:group == service:chat and task:group == family:batch and task:group exists",
        "not(task:group != service:chat) and task:group =~ family:.* and task:group != database",
        "agentVersion < 1.15 and agentVersion > 1.9.9 and agentVersion == 1.14.5.0",
        "agentVersion >= 1.14.5 and agentVersion <= 1.14.5 and agentVersion != 1.14",
        "registeredAt == 2018-06-18T22:28:28 and registeredAt == 2018-06-19T00:28:28+02:00",
        "registeredAt > 2018-06-18 and registeredAt < 2018-06-19",
        "runningTasksCount == 2 and runningTasksCount >= 2 and runningTasksCount < 10",
    ],
)
def test_an_instance_is_selected_by_what_it_is_and_has(text: str) -> None:
    expression = parse(text)

    assert matches(expression, INSTANCE)
    assert not matches(Not(expression), INSTANCE)


def test_an_agent_version_that_is_none_is_neither_older_nor_newer_nor_equal() -> None:
    instance = dataclasses.replace(INSTANCE, agent_version="")

    for operator in allowed_operators(OrderedField.AGENT_VERSION):
        comparison = Comparison(OrderedField.AGENT_VERSION, operator, ("1.0",))
        assert matches(comparison, instance) is (operator is Operator.NOT_EQUALS)


def test_anti_affinity_keeps_away_from_an_instance_that_runs_the_other_group() -> None:
    apart = parse("not(task:group == service:chat)")

    assert not matches(apart, INSTANCE)
    assert matches(apart, dataclasses.replace(INSTANCE, task_groups=()))
    assert not matches(parse("task:group exists"), dataclasses.replace(INSTANCE, task_groups=()))


names = st.text("ab.-_/\\1", min_size=1, max_size=5)
values = st.text(max_size=6).filter(lambda text: not ("'" in text and '"' in text))
patterns = st.lists(
    st.sampled_from(["a", ".*", r"\.", "[b-d]", "(x|y)", "é", " ", "us-east-1"]), max_size=4
).map("".join)
ordered = {
    OrderedField.AGENT_VERSION: st.lists(st.integers(0, 99), min_size=1).map(
        lambda parts: ".".join(map(str, parts[:4]))
    ),
    OrderedField.REGISTERED_AT: st.datetimes().map(lambda date: date.isoformat(timespec="seconds")),
    OrderedField.RUNNING_TASKS_COUNT: st.integers(0, 200).map(str),
}  # fmt: skip


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    subject = draw(
        st.one_of(
            names.map(Attribute), st.sampled_from(TextField), st.sampled_from(OrderedField)
        )
    )  # fmt: skip
    operator = draw(st.sampled_from([op for op in Operator if op in allowed_operators(subject)]))
    if isinstance(subject, OrderedField):
        return Comparison(subject, operator, (draw(ordered[subject]),))
    match operator:
        case Operator.EXISTS | Operator.NOT_EXISTS:
            return Comparison(subject, operator)
        case Operator.IN | Operator.NOT_IN:
            texts = draw(st.lists(values, min_size=1, max_size=3))
            return Comparison(subject, operator, tuple(texts))
        case Operator.MATCHES | Operator.NOT_MATCHES:
            return Comparison(subject, operator, (draw(patterns),))
        case _:
            return Comparison(subject, operator, (draw(values),))


def compounds(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(And), several.map(Or), inner.map(Not))


expressions = st.recursive(comparisons(), compounds, max_leaves=6)
instances = st.builds(
    InstanceView,
    attributes=st.dictionaries(names, st.none() | values, max_size=3),
    agent_connected=st.booleans(),
    agent_version=st.sampled_from(["", "1.14.5", "1.94.0"]),
    ec2_instance_id=st.just("i-0abc"),
    registered_at=st.floats(0, 2e9),
    running_tasks_count=st.integers(0, 100),
    task_groups=st.frozensets(values, max_size=3),
)


@settings(deadline=None)  # the first parse builds the parser
@given(expressions)
def test_the_text_of_a_tree_reads_back_as_the_same_tree(expression: Expression) -> None:
    text = str(expression)

    assert parse(text) == expression
    assert str(parse(text)) == text


@given(expressions, expressions, instances)
def test_the_laws_of_logic_hold(p: Expression, q: Expression, instance: InstanceView) -> None:
    def selects(expression: Expression) -> bool:
        return matches(expression, instance)

    assert selects(Not(p)) is not selects(p)
    assert selects(Not(And((p, q)))) is selects(Or((Not(p), Not(q))))
    assert selects(Not(Or((p, q)))) is selects(And((Not(p), Not(q))))


@given(comparisons(), instances)
def test_a_negative_operator_is_the_negation_of_its_positive_one(
    comparison: Comparison, instance: InstanceView
) -> None:
    opposite = Operator.__members__.get(f"NOT_{comparison.operator.name}")
    if opposite:
        negative = dataclasses.replace(comparison, operator=opposite)
        assert matches(negative, instance) is not matches(comparison, instance)


@given(st.text("a[]^&|~-\\(){}?*+.,", max_size=12))
def test_a_regular_expression_compiles_without_a_warning_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert pattern(text).pattern == text


@settings(deadline=None)
@given(st.text("attribute:=~!()[]'\" &|and1", max_size=60) | st.text(max_size=30))
def test_any_text_is_an_expression_or_refused_with_a_place_inside_it(text: str) -> None:
    column = 1
    try:
        parse(text)
    except ExpressionError as error:
        column = error.column

    assert 1 <= column <= len(text) + 1


@pytest.mark.parametrize("repeated", ["[]", "[^]", "(", "([]", "(a", "!(", "a&&", "\\("])
def test_no_text_takes_long_to_refuse(repeated: str) -> None:
    with pytest.raises(ExpressionError):
        parse("attribute:a =~ (" + (repeated * 1000)[:1980])


def test_the_grammar_is_not_loaded_before_the_first_expression_is() -> None:
    program = "import sys, glia.ecs.expression; print('lark' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"


@pytest.mark.skipif("GLIA_CORPUS" not in os.environ, reason="GLIA_CORPUS names no test corpus")
def test_every_expression_that_aws_documents_or_accepted_is_in_the_language() -> None:
    lines = Path(os.environ["GLIA_CORPUS"], "expressions.txt").read_text("utf-8").splitlines()
    texts = [line.split("\t")[0] for line in lines if line and not line.startswith("#")]

    assert texts
    for text in texts:
        assert parse(str(parse(text))) == parse(text)
