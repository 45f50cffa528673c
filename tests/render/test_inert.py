"""Texts of others in Markdown, as a parser sees them."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from glia.render.inert import code, fenced
from glia.render.legible import visible

MARKDOWN = MarkdownIt("commonmark").enable("table")
ANY = st.text(st.one_of(st.sampled_from("`|\\<>&@#[]()!~*_- \n\x1b\u202e"), st.characters()))


@given(lines=st.lists(ANY))
@example(["```", "`````", "- a"])
def test_a_fenced_block_holds_its_lines_and_is_closed_by_none(lines: list[str]) -> None:
    tokens = MARKDOWN.parse(f"{fenced(lines, 'diff')}\nafter")
    assert [token.type for token in tokens] == [
        "fence",
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]
    assert tokens[0].content == "".join(f"{visible(line)}\n" for line in lines)


@given(text=ANY)
def test_a_code_span_in_a_table_is_one_cell_and_shows_the_text(text: str) -> None:
    row = MARKDOWN.parse(f"| a | b |\n| --- | --- |\n| {code(text)} | next |\n")
    cells = [token for token in row if token.type == "inline"][2:]
    assert [cell.content for cell in cells][1:] == ["next"]
    assert cells[0].children is not None
    (span,) = cells[0].children
    assert span.type == "code_inline"
    shown = visible(text)
    assert span.content.replace("\\x7c", "|").strip() == shown.replace("\\x7c", "|").strip()


def test_a_pipe_behind_a_backslash_is_written_out() -> None:
    r"""GitHub's parser takes the two backslashes of ``\\|`` for one, and the pipe for a border."""
    assert code("a|b") == "`a\\|b`"
    assert code("a\\|b") == "`a\\\\x7cb`"
