"""A repository that is served over file and HTTP, and sources of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glia.source.git.place import Place
from glia.source.git.source import GitSource
from support.git import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glia.source.revision import Relation
    from support.git import GitServer


class StillClock:
    """Shows what it was set to, and nobody waits by it."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"{seconds} seconds of sleep")

    @contextmanager
    def worker(self) -> Iterator[None]:
        yield

    @contextmanager
    def away(self) -> Iterator[None]:
        yield


class Site:
    """A repository that is served, and sources of it."""

    def __init__(self, folder: Path, server: GitServer) -> None:
        self.origin = Origin(folder / "git" / "fleet.git")
        self.state = folder / "state"
        self.server = server
        self.clock = StillClock()

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


def relation(source: GitSource, old: str, new: str) -> Relation:
    """What commit ``new`` is to ``old``, as the source finds it before it takes a new one."""
    with source._repository.exclusively():
        return source._relation(old, new)
