"""Folders for what other programs are to read, which nobody else may, for as long as they run.

A process that is killed leaves its own behind, with a key in it perhaps; in a pod they outlive
its containers. So whoever makes one clears away those whose makers are gone.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = ".glia-private-"
# Between making a folder and holding it a moment goes by.
_YOUNG_SECONDS: Final = 60.0
_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def private_folder(place: Path | None = None) -> Iterator[Path]:
    """One for this user alone, until the block ends.

    Args:
        place: where; by default the directory for temporary files.

    Raises:
        OSError: there is no room for it.
    """
    where = place or Path(tempfile.gettempdir())
    _clear(where)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=where) as name:
        held = os.open(name, _FLAGS)
        try:
            with suppress(OSError):  # a file system without locks: nobody can clear it either
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield Path(name)
        finally:
            os.close(held)


def _clear(where: Path) -> None:
    with suppress(OSError), os.scandir(where) as found:
        for each in found:
            if each.name.startswith(PREFIX) and _is_ours(each.stat(follow_symlinks=False)):
                _remove(each.path)


def _is_ours(status: os.stat_result) -> bool:
    """A folder as we make them, not only just."""
    private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == stat.S_IRWXU
    age = time.time() - status.st_mtime
    return private and status.st_uid == os.geteuid() and age > _YOUNG_SECONDS


def _remove(folder: str) -> None:
    """Unless its maker lives."""
    with suppress(OSError):
        held = os.open(folder, _FLAGS)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)
