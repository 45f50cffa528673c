from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.git import GitServer
from support.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "git").mkdir()
    with GitServer(tmp_path / "git").serving() as server:
        yield Site(tmp_path, server)
