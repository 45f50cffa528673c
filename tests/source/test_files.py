"""Paths on a command line lead to files; whatever is wrong with one is told beside the others."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glia.manifest.load import load
from glia.manifest.reader import read
from glia.source import files
from glia.source.documents import documents
from glia.source.files import find

if TYPE_CHECKING:
    from pathlib import Path

    from glia.source.files import Found

YAML_CODES = {"duplicate-key", "yaml-syntax", "file-too-large"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {name}\n", "utf-8")


def found(*paths: str, stdin: bytes = b"") -> Found:
    return find(paths, io.BytesIO(stdin))


def names(*paths: str) -> list[str]:
    assert not found(*paths).diagnostics
    return [source.file for source in found(*paths).sources]


def errors(*paths: str) -> list[str]:
    return [f"{each.code}: {each.message}" for each in found(*paths).diagnostics]


def test_a_file_is_read_under_the_name_that_was_given(folder: Path) -> None:
    write(folder, "sub/a.txt")

    (source,) = found("sub/a.txt").sources

    assert (source.file, source.content) == ("sub/a.txt", b"# sub/a.txt\n")


def test_a_directory_is_all_its_yaml_files_in_order(folder: Path) -> None:
    write(folder, "m/b.yaml", "m/a.yml", "m/z/c.yaml", "m/d/e/f.yaml", "m/README.md", "m/yaml")

    assert names("m") == ["m/a.yml", "m/b.yaml", "m/d/e/f.yaml", "m/z/c.yaml"]


def test_what_is_hidden_in_a_directory_is_skipped_unless_it_is_named(folder: Path) -> None:
    write(folder, "m/a.yaml", "m/.b.yaml", "m/.github/c.yaml")

    assert names("m") == ["m/a.yaml"]
    assert names("m/.b.yaml", "m/.github") == ["m/.b.yaml", "m/.github/c.yaml"]


def test_a_link_to_a_directory_is_not_followed_unless_it_is_named(folder: Path) -> None:
    write(folder, "other/a.yaml", "m/b.yaml")
    (folder / "m" / "link").symlink_to(folder / "other")

    assert names("m") == ["m/b.yaml"]
    assert names("m/link") == ["m/link/a.yaml"]


def test_each_file_is_read_once(folder: Path) -> None:
    write(folder, "m/a.yaml")
    (folder / "m" / "b.yaml").symlink_to(folder / "m" / "a.yaml")

    assert names("m", "m/a.yaml", "./m", str(folder)) == ["m/a.yaml"]


def test_a_dash_is_standard_input() -> None:
    (source,) = found("-", "-", stdin=b"a: b").sources

    assert (source.file, source.content) == ("<stdin>", b"a: b")


def test_standard_input_comes_document_by_document_each_with_its_line() -> None:
    stream = b"# all\n%YAML 1.1\n---\na: b\n---\nc: |\n  d\n ---\n--- e\n"

    sources = found("-", stdin=stream).sources

    assert b"".join(source.content for source in sources) == stream
    assert [(source.line, source.content[-7:]) for source in sources] == [
        (1, b"-\na: b\n"),
        (5, b"d\n ---\n"),
        (9, b"--- e\n"),
    ]


@given(st.lists(st.sampled_from(["a: b", "---", "--- c", "----", "# d", "...", "  ---", ""])))
def test_the_documents_of_a_stream_are_those_that_yaml_finds(lines: list[str]) -> None:
    stream = "\n".join(lines).encode()

    parts = list(documents(stream))

    assert b"".join(part for _, part in parts) == stream
    assert [line for line, _ in parts] == [
        1 + stream[: len(b"".join(part for _, part in parts[:index]))].count(b"\n")
        for index in range(len(parts))
    ]
    whole = read(stream, "<stdin>")
    if not whole.diagnostics:
        readings = [read(part, "<stdin>", line) for line, part in parts]
        assert [(each.line, each.body) for each in whole.documents] == [
            (each.line, each.body) for reading in readings for each in reading.documents
        ]
        assert not [each for reading in readings for each in reading.diagnostics]


def test_standard_input_may_be_as_long_as_many_files_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    document = b"---\na: " + b"b" * 200_000 + b"\n"
    assert len(found("-", stdin=document * 20).sources) == 20

    monkeypatch.setattr(files, "MAXIMUM_INPUT_BYTES", 1_000_000)

    (diagnostic,) = found("-", stdin=document * 20).diagnostics
    assert diagnostic.code == "input-too-large"
    assert found("-", stdin=document * 20).sources == ()


def test_errors_of_standard_input_stand_where_they_are_in_all_of_it() -> None:
    broken = b"---\na: b\na: c\n---\nkind: x\nd: [\n---\n\te: f\n---\ng: " + b"h" * 300_000

    diagnostics = load(found("-", stdin=b"---\n---\n" + broken).sources).diagnostics

    assert [(str(each.location), each.code) for each in diagnostics if each.code in YAML_CODES] == [
        ("<stdin>:5:1", "duplicate-key"),
        ("<stdin>:9:1", "yaml-syntax"),
        ("<stdin>:10:1", "yaml-syntax"),
        ("<stdin>:11:1", "file-too-large"),
    ]
    assert any("line 4 already" in each.message for each in diagnostics)


def test_no_more_of_a_file_is_read_than_tells_that_it_is_too_large(folder: Path) -> None:
    (folder / "a.yaml").write_bytes(b"a" * 1_000_000)

    (source,) = found("a.yaml").sources

    assert len(source.content) == 256 * 1024 + 1


def test_a_path_that_does_not_exist_is_an_error_and_the_others_are_read(folder: Path) -> None:
    write(folder, "a.yaml")

    assert errors("none.yaml", "a.yaml") == ["file-not-found: none.yaml does not exist"]
    assert len(found("none.yaml", "a.yaml").sources) == 1


def test_a_link_to_nothing_in_a_directory_is_an_error(folder: Path) -> None:
    (folder / "a.yaml").symlink_to("nothing")

    assert errors(".") == ["file-not-found: a.yaml does not exist"]


def test_a_pipe_in_a_directory_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "a.yaml")

    assert names(".") == []


def test_what_cannot_be_read_is_an_error_with_its_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    write(folder, "a.yaml", "m/b.yaml")
    monkeypatch.setattr("io.open", refuse)
    monkeypatch.setattr("os.scandir", refuse)

    assert errors("a.yaml", "m") == [
        "file-unreadable: a.yaml cannot be read: Permission denied",
        "file-unreadable: m cannot be read: Permission denied",
    ]


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_kustomization_without_a_tool_is_an_error_that_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(folder, "m/a.yaml", f"m/overlay/{name}", "m/overlay/b.yaml", "m/overlay/deep/c.yaml")
    monkeypatch.setenv("PATH", "/nonexistent")

    everything = found("m")

    (diagnostic,) = everything.diagnostics
    assert diagnostic.code == "kustomization"
    assert "kubectl kustomize m/overlay | glia plan -" in diagnostic.remedy
    assert [source.file for source in everything.sources] == ["m/a.yaml"]
