"""Directories as a source: what is there now is wanted, what seems to be gone is not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glia.plan import Source
from glia.source.directory import DirectorySource
from glia.source.failures import PathEmpty, PathNotFound
from support.site import StillClock

if TYPE_CHECKING:
    from pathlib import Path


def test_files_are_read_anew_and_told_apart_by_what_is_in_them(tmp_path: Path) -> None:
    clock = StillClock()
    source = DirectorySource([str(tmp_path)], clock)
    (tmp_path / "a.yaml").write_text("a")
    first = source.fetch()
    assert first.source == Source(path=str(tmp_path))

    clock.time += 60
    (tmp_path / "README.md").write_text("not a manifest")
    same = source.fetch()
    assert (same.commit, same.fetched_at) == (first.commit, first.fetched_at + 60)
    assert same.found is first.found

    (tmp_path / "a.yaml").rename(tmp_path / "b.yaml")
    renamed = source.fetch()
    (tmp_path / "b.yaml").write_text("b")
    changed = source.fetch()

    assert source.last is changed
    assert [each.content for each in changed.found.sources] == [b"b"]
    assert len({first.commit, renamed.commit, changed.commit}) == 3


def test_a_directory_that_is_gone_or_empty_leaves_the_last_revision(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "a.yaml").write_text("a")
    source = DirectorySource([str(folder)], StillClock())
    held = source.fetch()

    (folder / "a.yaml").unlink()
    with pytest.raises(PathEmpty, match=r"holds no \*\.yaml"):
        source.fetch()
    folder.rmdir()
    with pytest.raises(PathNotFound, match="does not exist"):
        source.fetch()

    assert source.last is held
