"""Kustomizations out of a commit: their regular files, alone, in a private folder.

It is there for as long as it takes to build them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from glia.manifest.syntax import MAXIMUM_BYTES
from glia.source.git.blobs import bring, contents
from glia.source.git.tree import under
from glia.source.kustomization import folders, topmost
from glia.source.kustomize import Builds
from glia.source.private import private_folder
from glia.source.refusal import refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.errors import Diagnostic
    from glia.manifest.document import Source
    from glia.source.git.limits import Limits
    from glia.source.git.objects import Objects
    from glia.source.git.tree import Entry


class Committed:
    """A ``Tree`` of a commit. Links and submodules are not in it, nor what is too large."""

    def __init__(self, objects: Objects, commit: str, limits: Limits) -> None:
        self._objects = objects
        self._limits = limits
        self._files = {each.path: each for each in under(objects, commit, "") if _is_plain(each)}
        self._folders = {folder for path in self._files for folder in _above(path)}
        self._contents: dict[str, bytes] = {}
        self._seen: set[str] = set()

    def content(self, path: str) -> bytes | None:
        entry = self._files.get(path)
        if entry is None:
            return None
        folder = path.rpartition("/")[0]
        self._bring(each for each in self._files.values() if _is_below(each.path, folder))
        return self._contents.get(entry.oid)

    def is_folder(self, path: str) -> bool:
        return path in self._folders

    def below(self, tops: Iterable[str]) -> dict[str, bytes]:
        """Every file below these folders, with its content."""
        wanted = [
            each
            for each in self._files.values()
            if any(_is_below(each.path, folder) for folder in tops)
        ]
        self._bring(wanted)
        return {
            each.path: self._contents[each.oid] for each in wanted if each.oid in self._contents
        }

    def _bring(self, entries: Iterable[Entry]) -> None:
        """One folder's files in one go, as far as they are affordable."""
        new = dict.fromkeys(each.oid for each in entries if each.oid not in self._seen)
        if not new:
            return
        self._seen.update(new)
        sizes = bring(self._objects, list(new)[: self._limits.files])
        left = self._limits.size - sum(map(len, self._contents.values()))
        chosen = {}
        for oid, size in sizes.items():
            if size <= MAXIMUM_BYTES and size <= left:
                chosen[oid] = size
                left -= size
        self._contents |= contents(self._objects, chosen)


def built_from(
    objects: Objects, commit: str, tops: Iterable[str], limits: Limits
) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
    """The manifests that the kustomizations in these folders of a commit come to.

    Raises:
        Stopped: nobody waits for them any more.
    """
    tree = Committed(objects, commit, limits)
    chosen = topmost(tree, [top or "." for top in tops])
    builds = Builds(objects.stopped)
    sources: list[Source] = []
    diagnostics: list[Diagnostic] = []
    for top in chosen:
        needed, refused = folders(tree, top)
        made, told = ((), refused) if refused else _built(tree.below(needed), top, builds)
        sources += made
        diagnostics += told
    return tuple(sources), tuple(diagnostics)


def _built(
    files: dict[str, bytes], top: str, builds: Builds
) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
    with private_folder() as private:
        try:
            for path, content in files.items():
                _write(Path(private, path), content)
        except OSError as error:
            return (), (_unwritable(top, error),)
        return builds.build(str(Path(private, top)), top)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)


def _is_plain(entry: Entry) -> bool:
    """A regular file, and no name that a hand-made tree could lead astray with."""
    names = entry.path.split("/")
    return entry.kind == "file" and not {"", ".", ".."}.intersection(names)


def _above(path: str) -> Iterable[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
    yield "."


def _is_below(path: str, folder: str) -> bool:
    return folder in {"", "."} or path.startswith(f"{folder}/")


def _unwritable(top: str, error: OSError) -> Diagnostic:
    return refusal(
        top,
        "kustomization-failed",
        f"the files of the kustomization cannot be laid out: {error.strerror}",
        expected="names that a file system takes, and room in the directory for temporary files",
    )
