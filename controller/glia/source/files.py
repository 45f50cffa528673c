"""Which files hold manifests, and their bytes: the only part of reading that does I/O."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from glia.errors import Diagnostic
from glia.manifest.document import Source
from glia.manifest.syntax import MAXIMUM_BYTES
from glia.source.documents import documents
from glia.source.kustomization import NAMES, topmost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO, Literal

    from glia.source.kustomize import Builds

# What `kubectl kustomize` writes of some ten thousand manifests.
MAXIMUM_INPUT_BYTES = 64 * 1024 * 1024

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Found:
    """What the paths on a command line lead to.

    Attributes:
        files: by path, the names of its sources, those read for another path before included.
    """

    sources: tuple[Source, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find(paths: Sequence[str], stdin: BinaryIO, stopped: threading.Event | None = None) -> Found:
    """The files that are named, those of directories in order, and ``-``; each once.

    Raises:
        Stopped: ``stopped`` was set while a kustomization was built.
    """
    sources: dict[str, tuple[Source, ...]] = {}
    diagnostics: list[Diagnostic] = []
    real = lru_cache(os.path.realpath)  # looks at each folder on the way to a file
    builds = lru_cache(lambda: _builds(stopped or threading.Event()))
    files: dict[str, list[str]] = {path: [] for path in paths}
    for top, path in _files(paths, diagnostics):
        identity = path if path == "-" else _identity(path, real)
        try:
            if identity not in sources:
                sources[identity] = _sources(path, stdin, builds, diagnostics)
            files[top] += (each.file for each in sources[identity])
        except OSError as error:
            diagnostics.append(_unreadable(error))
    return Found(
        tuple(part for parts in sources.values() for part in parts),
        tuple(diagnostics),
        {path: tuple(each) for path, each in files.items()},
    )


def no_manifests(paths: Sequence[str], severity: Literal["error", "warning"]) -> Diagnostic:
    """Nothing found is seldom meant: a path may be misspelt, a pipe empty."""
    return Diagnostic(
        severity=severity,
        code="no-manifests",
        message=f"no manifest in {', '.join(paths)}",
        expected="documents in files that end in .yaml or .yml, or on standard input",
    )


def _identity(path: str, real: Callable[[str], str]) -> str:
    """The same of a file and of a link to it, by whichever way one comes there."""
    if os.path.islink(path):  # noqa: PTH114  (a Path of each of ten thousand takes a second)
        return real(path)
    folder, name = os.path.split(path)
    return f"{real(folder)}{os.sep}{name}"


def _builds(stopped: threading.Event) -> Builds:
    from glia.source.kustomize import Builds  # noqa: PLC0415  (few have one)

    return Builds(stopped)


def _sources(
    path: str, stdin: BinaryIO, builds: Callable[[], Builds], diagnostics: list[Diagnostic]
) -> tuple[Source, ...]:
    if path == "-":
        return _stdin(stdin, diagnostics)
    if path.endswith(os.sep):
        made, told = builds().built(path.rstrip(os.sep) or os.sep)
        diagnostics += told
        return made
    return (_read(path),)


def _read(path: str) -> Source:
    """One byte more than a manifest may have tells that it is too large."""
    with Path(path).open("rb") as file:
        return Source(path, file.read(MAXIMUM_BYTES + 1))


def _stdin(stdin: BinaryIO, diagnostics: list[Diagnostic]) -> tuple[Source, ...]:
    """Document by document: a pipe holds what would be many files otherwise."""
    content = stdin.read(MAXIMUM_INPUT_BYTES + 1)
    if len(content) > MAXIMUM_INPUT_BYTES:
        diagnostics.append(_too_much())
        return ()
    return tuple(Source("<stdin>", part, line) for line, part in documents(content))


def _files(paths: Iterable[str], diagnostics: list[Diagnostic]) -> Iterator[tuple[str, str]]:
    """Each file with the path that led to it."""
    for path in paths:
        if path != "-" and Path(path).is_dir():
            yield from ((path, file) for file in _directory(path, diagnostics))
        else:
            yield path, path


def _directory(top: str, diagnostics: list[Diagnostic]) -> Iterator[str]:
    """Its files; at last, with a separator behind them, the folders that are to be built."""

    def note(error: OSError) -> None:
        diagnostics.append(_unreadable(error))

    kustomizations: list[str] = []
    for folder, folders, names in os.walk(top, onerror=note):
        if not set(NAMES).isdisjoint(names):
            kustomizations.append(str(Path(folder)))
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        start = str(Path(folder, "-")).removesuffix("-")
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                path = f"{start}{name}"
                if _is_file(path):
                    yield path
    if kustomizations:
        from glia.source.kustomize import Disk  # noqa: PLC0415  (few have one)

        yield from (f"{folder}{os.sep}" for folder in topmost(Disk(), kustomizations))


def _is_file(path: str) -> bool:
    """A pipe would wait for a writer; a link to nothing is for the user to hear of."""
    return os.path.isfile(path) or not os.path.exists(path)  # noqa: PTH110, PTH113  (as above)


def _too_much() -> Diagnostic:
    return Diagnostic(
        severity="error",
        code="input-too-large",
        message="standard input is too large to be read",
        expected=f"at most {MAXIMUM_INPUT_BYTES // 1024**2} MiB",
        found="more",
        remedy="name a directory instead: it is read file by file",
    )


def _unreadable(error: OSError) -> Diagnostic:
    missing = isinstance(error, FileNotFoundError)
    return Diagnostic(
        severity="error",
        code="file-not-found" if missing else "file-unreadable",
        message=f"{error.filename} does not exist"
        if missing
        else f"{error.filename} cannot be read: {error.strerror}",
        expected="a file, a directory, or - for standard input",
    )
