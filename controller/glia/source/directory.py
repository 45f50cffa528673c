"""Manifests of files and directories on disk, read anew each time."""

from __future__ import annotations

import hashlib
import io
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from glia.source.failures import PathEmpty, PathNotFound
from glia.source.files import Found, find
from glia.source.revision import Revision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.clock import Clock


class DirectorySource:
    """Paths; what is there now is what is wanted, history there is none.

    Args:
        paths: files and directories, as on a command line.
        clock: tells when a revision was read.
    """

    def __init__(self, paths: Sequence[str], clock: Clock) -> None:
        self._paths = tuple(paths)
        self._clock = clock
        self._stopped = threading.Event()
        self._last: Revision | None = None

    @property
    def last(self) -> Revision | None:
        return self._last

    def fetch(self) -> Revision:
        """Read the files.

        Raises:
            PathNotFound: one of the paths is not there.
            PathEmpty: none of them holds a manifest.
            Stopped: a kustomization was being built, and nobody waits for it any more.
        """
        if missing := [path for path in self._paths if not Path(path).exists()]:
            raise PathNotFound(f"{missing[0]} does not exist", "correct the path, or mount it")
        found = find(self._paths, io.BytesIO(), self._stopped)
        where = " ".join(self._paths)
        if not found.sources and not found.diagnostics:
            raise PathEmpty(
                f"{where} holds no *.yaml or *.yml file",
                "nothing is deleted because of that; to remove the last service, name it",
            )
        last, content = self._last, _hash(found)
        kept = last.found if last is not None and last.commit == content else found
        self._last = Revision(content, "", where, kept, self._clock.now())
        return self._last

    def stop(self) -> None:
        """Let a ``fetch`` that builds kustomizations end: reading a disk is over in no time."""
        self._stopped.set()


def _hash(found: Found) -> str:
    digest = hashlib.sha256()
    for source in found.sources:
        digest.update(f"{source.file}\0{len(source.content)}\0".encode(errors="backslashreplace"))
        digest.update(source.content)
    for diagnostic in found.diagnostics:
        digest.update(f"{diagnostic.code}\0{diagnostic.message}\0".encode(errors="replace"))
    return f"sha256:{digest.hexdigest()}"
