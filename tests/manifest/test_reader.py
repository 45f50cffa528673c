"""YAML is read strictly: what is accepted is what PyYAML loads, all else is told with its place.

The place of a field, asked for later, is where a reader of the file looks for it.
"""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from glia.manifest import reader, straight
from glia.manifest.document import render_path
from glia.manifest.lines import locate_all
from glia.manifest.reader import explained, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glia.errors import Diagnostic, Location
    from glia.manifest.document import FieldPath

CASES = sorted((Path(__file__).parents[1] / "cases" / "reader").glob("*.yaml"))
YAML_LIKE = st.text(st.sampled_from("aéno01.:-+_,[]{}!&*|>'\"\\%@#?~<=e \n\t"), max_size=40)

BOMBS = {
    "brackets": b"[" * 100_000,
    "braces": b"{" * 100_000,
    "dashes": b"- " * 100_000,
    "question marks": b"? " * 100_000,
    "indentation": "".join(" " * depth + "a:\n" for depth in range(700)).encode(),
    "aliases": b"a: &a [x]\n" + b"".join(b"- &a [%s]\n" % (b"*a," * 9) for _ in range(5000)),
    "tag directives": b"".join(b"%%TAG !%x! x\n" % number for number in range(18_000)) + b"--- a",
    "duplicates": b"a: b\n" * 50_000,
    "control characters": b"\x01" * 200_000,
    "digits": b"a: " + b"9" * 250_000,
    "sixties": b"a: 1" + b":1" * 120_000,
    "megabytes": b"a: b\n" * 1_000_000,
}


SOURCE = """\
# A comment.
---
# Another.
kind: First
spec:
  containers:
    - name: server
      image: a
    - {name: é, "image": b}
    -
      - c
  empty: {}
---
kind: Second
spec: d
--- [
""".encode()


class Dumper(yaml.SafeDumper):
    """Without anchors for what is the same object."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def is_number(text: str) -> bool:
    """PyYAML leaves some of these unquoted, and YAML 1.2 reads them as numbers."""
    with contextlib.suppress(ValueError):
        float(text)
        return True
    with contextlib.suppress(ValueError):
        int(text, 0)
        return True
    return False


def as_yaml(flow: bool | None, unicode: bool, indent: int) -> Callable[[Any], bytes]:
    def dump(body: Any) -> bytes:
        text: str = yaml.dump(
            body,
            Dumper=Dumper,
            default_flow_style=flow,
            allow_unicode=unicode,
            indent=indent,
            sort_keys=False,
        )
        return text.encode()

    return dump


# PyYAML reads the breaks that only YAML knows as line feeds.
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x85\u2028\u2029")
texts = st.text(characters, max_size=20).filter(lambda text: not is_number(text))
floats = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: "e" not in repr(x))
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | floats | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)

documents = st.dictionaries(texts, values, max_size=4)
dumped = st.builds(
    as_yaml, st.sampled_from([True, False, None]), st.booleans(), st.sampled_from([2, 4])
)


def line(diagnostic: Diagnostic) -> str:
    assert diagnostic.location
    place = f"{diagnostic.location.line}:{diagnostic.location.column}"
    return f"{place} {diagnostic.code} {diagnostic.message}"


def codes(source: bytes) -> list[str]:
    return [diagnostic.code for diagnostic in read(source, "a.yaml").diagnostics]


def bodies(source: bytes) -> list[Any]:
    return [document.body for document in read(source, "a.yaml").documents]


def loaded(source: bytes) -> list[Any]:
    everything = yaml.load_all(source, Loader=yaml.CSafeLoader)
    return [body for body in everything if body is not None]


def keys(value: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from keys(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from keys(inner, (*path, number))


def scalar_at(source: bytes, location: Location) -> str:
    """What a scanner finds that begins to read there."""
    lines = re.split(r"(?<=\n)", source.decode())
    rest = "".join(lines[location.line - 1 :])[location.column - 1 :]
    tokens = yaml.scan(rest)
    return next(str(token.value) for token in tokens if isinstance(token, yaml.ScalarToken))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_error_of_a_file_is_told_with_its_place(case: Path) -> None:
    diagnostics = read(case.read_bytes(), case.name).diagnostics

    expected = case.with_suffix(".expected").read_text("utf-8").splitlines()
    assert [line(diagnostic) for diagnostic in diagnostics] == expected


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_every_error_says_what_was_found_and_what_would_be_right(case: Path) -> None:
    for diagnostic in read(case.read_bytes(), case.name).diagnostics:
        assert diagnostic.severity == "error"
        assert diagnostic.found
        assert diagnostic.expected or diagnostic.remedy


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_without_libyaml_the_same_is_read_and_refused(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = case.read_bytes()
    with_libyaml = (bodies(source), codes(source))

    for module in (reader, straight):
        monkeypatch.setattr(module, "Loader", yaml.SafeLoader)

    assert (bodies(source), codes(source)) == with_libyaml


@pytest.mark.parametrize("escape", [b"\\U00110000", b"\\Uffffffff"])
def test_an_escape_beyond_unicode_is_a_syntax_error_with_and_without_libyaml(
    escape: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = b'a: "%s"' % escape
    assert codes(source) == ["yaml-syntax"]

    for module in (reader, straight):
        monkeypatch.setattr(module, "Loader", yaml.SafeLoader)

    assert codes(source) == ["yaml-syntax"]


def test_an_ambiguous_value_is_shown_as_it_could_be_written() -> None:
    (diagnostic,) = read(b"spec:\n  tags: [{name: no}]\n", "a.yaml").diagnostics

    assert diagnostic.path == "spec.tags[0].name"
    assert diagnostic.expected == '"no" for the text, false for the value'
    assert diagnostic.found == "no"
    assert str(diagnostic.location) == "a.yaml:2:17"


def test_quoted_and_block_scalars_are_texts_whatever_they_look_like() -> None:
    source = b'a: "no"\nb: \'012\'\nc: |-\n  1.10\nd: >-\n  ~\n"1": {\'null\': ""}\n'

    assert bodies(source) == [{"a": "no", "b": "012", "c": "1.10", "d": "~", "1": {"null": ""}}]


def test_a_document_with_an_error_keeps_no_other_from_being_read() -> None:
    source = b"---\na: b\n---\nc: no\n---\n\n---\n# comment\n---\nd: e\n"

    found = read(source, "a.yaml").documents

    assert [(each.index, each.line, each.body, set(each.flawed)) for each in found] == [
        (0, 2, {"a": "b"}, set()),
        (1, 4, {"c": "no"}, {("c",)}),
        (4, 10, {"d": "e"}, set()),
    ]


def test_a_syntax_error_ends_its_file_and_documents_before_it_stay() -> None:
    source = b"a: b\n---\nc: [d\n---\ne: f\n"

    assert bodies(source) == [{"a": "b"}]
    assert codes(source) == ["yaml-syntax"]


@pytest.mark.parametrize("source", [b"", b"\n", b"# comment\n", b"---\n", b"---\n---\n...\n"])
def test_a_file_without_content_is_no_error(source: bytes) -> None:
    reading = read(source, "a.yaml")

    assert (reading.documents, reading.diagnostics) == ((), ())


def test_a_file_may_have_256_kib_and_no_more() -> None:
    source = b"a: " + b"b" * (256 * 1024 - 3)

    assert codes(source) == []
    assert codes(source + b"b") == ["file-too-large"]


def test_collections_may_be_nested_32_deep_and_no_more() -> None:
    assert codes(b"a: " + b"[" * 31 + b"]" * 31) == []
    assert codes(b"a: " + b"[" * 32 + b"]" * 32) == ["nested-too-deep"]


def test_after_a_hundred_errors_reading_ends() -> None:
    found = codes(b"a: no\n" * 200)

    assert len(found) == 101
    assert "too-many-errors" in found


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_at_once(source: bytes) -> None:
    taken = []
    for _ in range(3):  # a busy machine may hold one of them up
        begin = time.thread_time()
        reading = read(source, "bomb.yaml")
        taken.append(time.thread_time() - begin)

        assert reading.diagnostics
        assert all(document.flawed for document in reading.documents)
    assert min(taken) < 0.1


@settings(deadline=None)  # PyYAML's dumper is slow on a busy machine
@given(documents, dumped)
def test_a_dumped_document_reads_as_pyyaml_loads_it(body: dict[str, Any], style: Any) -> None:
    source = style(body)

    reading = read(source, "a.yaml")

    assert reading.diagnostics == ()
    assert [document.body for document in reading.documents] == loaded(source)


@given(YAML_LIKE)
@example("a: 0.5\n---\n- b")
def test_what_is_accepted_is_what_pyyaml_loads(text: str) -> None:
    source = text.encode()
    reading = read(source, "a.yaml")

    if not reading.diagnostics:
        assert repr([document.body for document in reading.documents]) == repr(loaded(source))


@given(YAML_LIKE.map(str.encode) | st.builds(lambda write, body: write(body), dumped, documents))
@example(b"a: {b: c}\n---\n# nothing\n---\n- d\n")
@example(b"a: b\n...\n---\na: {b: c, b: d}\n")
@example(b"? [a]\n: b\n")
@example(b"a: &b c\nd: *b\n")
@example(b"--- {a: b}\n---\nc: 2021-01-01\n")
def test_the_fast_reader_reads_what_the_explaining_one_finds_nothing_wrong_with(
    source: bytes,
) -> None:
    found, careful = straight.straight(source, "a.yaml", 7), explained(source, "a.yaml", 7)

    assert (found is None) == bool(careful.diagnostics)
    assert found is None or (found, ()) == (careful.documents, careful.diagnostics)


@given(st.binary() | st.text().map(str.encode) | YAML_LIKE.map(str.encode))
def test_whatever_the_bytes_are_errors_are_values_in_the_order_of_the_file(source: bytes) -> None:
    places = [diagnostic.location for diagnostic in read(source, "a.yaml").diagnostics]

    assert all(place and place.line >= 1 and place.column >= 1 for place in places)
    assert places == sorted(place for place in places if place)


def test_a_path_reads_as_a_person_writes_it() -> None:
    assert render_path(("spec", "containers", 0, "cpu")) == "spec.containers[0].cpu"
    assert render_path(("labels", "a.b/c", "é")) == 'labels["a.b/c"]["é"]'
    assert render_path(()) == ""


@pytest.mark.parametrize(
    ("index", "path", "line", "column"),
    [
        (0, (), 4, 1),
        (0, ("kind",), 4, 1),
        (0, ("spec", "containers"), 6, 3),
        (0, ("spec", "containers", 0), 7, 7),
        (0, ("spec", "containers", 0, "image"), 8, 7),
        (0, ("spec", "containers", 1), 9, 7),
        (0, ("spec", "containers", 1, "image"), 9, 17),
        (0, ("spec", "containers", 2, 0), 11, 9),
        (0, ("spec", "empty"), 12, 3),
        (1, (), 14, 1),
        (1, ("spec",), 15, 1),
    ],
)
def test_a_field_is_where_its_key_stands_and_an_element_where_it_begins(
    index: int, path: FieldPath, line: int, column: int
) -> None:
    found = locate_all(SOURCE, "a.yaml", index, [path])[path]

    assert (found.file, found.line, found.column) == ("a.yaml", line, column)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("spec", "containers", 0, "cpu"), 7),
        (("spec", "containers", 7, "cpu"), 6),
        (("spec", "containers", "name"), 6),
        (("spec", "empty", "a", "b"), 12),
        (("status", "a"), 4),
    ],
)
def test_what_is_missing_is_where_its_nearest_ancestor_is(path: FieldPath, line: int) -> None:
    assert locate_all(SOURCE, "a.yaml", 0, [path])[path].line == line


@pytest.mark.parametrize("source", [b"", b"a: [", b"\xff", b"[" * 100_000, b"[a]: b", b"? \n: b"])
def test_a_document_that_cannot_be_found_is_the_beginning_of_the_file(source: bytes) -> None:
    (found,) = locate_all(source, "a.yaml", 3, [("a", 0)]).values()
    assert str(found) == "a.yaml:1:1"


@settings(deadline=None)  # PyYAML's dumper is slow on a busy machine
@given(documents, dumped)
def test_every_key_of_a_document_stands_where_it_is_said_to(
    body: dict[str, Any], style: Any
) -> None:
    source = style({"first": body}) + b"---\n" + style(body)
    paths = dict.fromkeys(keys(yaml.safe_load(style(body))))

    for path, location in locate_all(source, "a.yaml", 1, paths).items():
        assert scalar_at(source, location) == path[-1]
