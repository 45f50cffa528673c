"""A repository that is served over file and HTTP, and sources of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.source.git.place import Place
from glia.source.git.source import GitSource
from support.git import Origin

if TYPE_CHECKING:
    from pathlib import Path

    from support.git import GitServer


class StillClock:
    """Shows what it was set to."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time


class Site:
    """A repository that is served, and sources of it."""

    def __init__(self, folder: Path, server: GitServer) -> None:
        self.origin = Origin(folder / "git" / "fleet.git")
        self.state = folder / "state"
        self.server = server
        self.clock: Any = StillClock()

    def over_http(self, ref: str = "main", path: str = "m", **options: Any) -> GitSource:
        return self.source(f"{self.server.url}/fleet.git", ref, path, **options)

    def over_file(self, ref: str = "main", path: str = "m", **options: Any) -> GitSource:
        return self.source(self.origin.url, ref, path, **options)

    def source(self, url: str, ref: str = "main", path: str = "m", **options: Any) -> GitSource:
        return GitSource(Place.parse(url, ref, path), self.state, self.clock, **options)

    @property
    def store(self) -> Path:
        (store,) = self.state.glob("*/store")
        return store
