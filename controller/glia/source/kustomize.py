"""Builds a kustomization with the tool that is installed, which can reach nothing from here."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from glia.ecs.secret_text import concealed
from glia.errors import Diagnostic
from glia.manifest.document import Source
from glia.source.documents import documents
from glia.source.failures import SourceError, Stopped, Timeout
from glia.source.kustomization import folders
from glia.source.private import private_folder
from glia.source.process import run

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable

    from glia.source.process import Ended

MAXIMUM_OUTPUT: Final = 64 * 1024 * 1024
_SECONDS: Final = 60.0
TOGETHER_SECONDS: Final = 300.0
"""For all kustomizations of one reading: a loop whose source takes thrice that counts as hung."""
LATE: Final = "kustomization-late"
"""Of a diagnostic: the same files may be built the next time, on a machine that has less to do."""
_LONGEST: Final = 500
# Everything that speaks HTTP is sent to a port where nobody listens, and git may use no transport.
_NOWHERE: Final = "http://127.0.0.1:1"
# What the tools quote may be the whole of a patch.
_QUOTED: Final = re.compile(r"`[^`]*`?|\[[^\]]*\]?|\{[^}]*\}?")


class Disk:
    """A ``Tree`` of the files that a user has."""

    def content(self, path: str) -> bytes | None:
        place = Path(path)
        return place.read_bytes() if place.is_file() else None

    def is_folder(self, path: str) -> bool:
        return Path(path).is_dir()


class Builds:
    """The kustomizations of one reading, each bounded in time, and all of them together.

    ``stopped`` ends the one that is under way from another thread.
    """

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._left = TOGETHER_SECONDS

    def built(self, folder: str) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
        """The manifests that a kustomization on disk comes to."""
        _, diagnostics = folders(Disk(), folder)
        if diagnostics:
            return (), diagnostics
        return self.build(folder, folder)

    def build(self, where: str, name: str) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
        """Run the tool in the folder ``where``, which the user knows by ``name``; it is checked.

        Whatever goes wrong is a diagnostic: a kustomization costs nobody else anything.

        Raises:
            Stopped: ``stopped`` was set.
        """
        command = _command()
        if command is None:
            return (), (_no_tool(name),)
        if self._left <= 0:
            return (), (_no_time(name),)
        try:
            ended = self._run((*command, where))
        except Stopped:
            raise
        except Timeout as error:
            return (), (_failed(name, str(error), LATE),)
        except SourceError as error:
            return (), (_failed(name, str(error)),)
        if ended.code:
            return (), (_failed(name, ended.err.replace(where, name)),)
        file = posixpath.join(name, "(built)")
        return tuple(Source(file, part, line) for line, part in documents(ended.out)), ()

    def _run(self, command: tuple[str, ...]) -> Ended:
        begin = monotonic()
        try:
            with private_folder() as home:
                return run(
                    command,
                    environment=_environment(home),
                    seconds=min(_SECONDS, self._left),
                    most=MAXIMUM_OUTPUT,
                    stopped=self._stopped,
                )
        finally:
            self._left -= monotonic() - begin


def _command() -> tuple[str, ...] | None:
    if path := shutil.which("kubectl"):
        return (path, "kustomize")
    if path := shutil.which("kustomize"):
        return (path, "build")
    return None


def _environment(home: Path) -> dict[str, str]:
    proxies: Iterable[str] = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        **dict.fromkeys(proxies, _NOWHERE),
    }


def _no_tool(name: str) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code="kustomization",
        message=f"{name} is a kustomization, and nothing is installed to build it",
        expected="kubectl or kustomize where PATH finds it",
        remedy=f"install one, or build it elsewhere (kubectl kustomize {name} | glia plan -), "
        "or name only the files beside it",
    )


def _no_time(name: str) -> Diagnostic:
    return Diagnostic(
        severity="error",
        code=LATE,
        message=f"{name} is not built: the kustomizations before it have taken all the time",
        expected=f"at most {TOGETHER_SECONDS:.0f} seconds for all of them",
        remedy="build them in a pipeline and commit what they come to, or run one glia for each",
    )


def _failed(name: str, said: str, code: str = "kustomization-failed") -> Diagnostic:
    line = " ".join(_QUOTED.sub("...", said).split())
    text = "".join(each if each.isprintable() else "?" for each in line)[:_LONGEST]
    return Diagnostic(
        severity="error",
        code=code,
        message=f"{name} cannot be built",
        expected=f"what kubectl kustomize {name} can build",
        found=concealed(text),
    )
