"""The repository around files on disk: what was committed there, read like any other's objects.

Its configuration is not trusted to start anything: no transport is allowed, so a partial clone
cannot be made to fetch, and what git has to run for filters or hooks is never asked for.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from glia.errors import UsageError
from glia.source.failures import Corrupt, PathNotFound
from glia.source.files import Found
from glia.source.git.access import environment
from glia.source.git.limits import USUAL
from glia.source.git.manifests import manifests
from glia.source.git.place import without_credentials
from glia.source.git.words import legible
from glia.source.process import Ended, run

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTS = 64 * 1024 * 1024


class LocalRepository:
    """The repository that a path lies in.

    Raises:
        UsageError: it lies in none.
    """

    def __init__(self, path: str) -> None:
        place = Path(path).resolve()
        folder = place if place.is_dir() else place.parent
        self.stopped = threading.Event()
        self._top = folder
        top = self._run("rev-parse", "--show-toplevel")
        if top.code:
            raise UsageError(
                f"--base and --head name commits, and {path} is in no git repository "
                f"({legible(top.err, ())})"
            )
        self._top = Path(os.fsdecode(top.out.rstrip(b"\n")))

    def head(self) -> str:
        """The commit that is checked out; empty where there is none yet."""
        return self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").out.decode().strip()

    def address(self) -> str:
        """Where it was cloned from, without credentials; empty if from nowhere."""
        found = self._run("config", "--get", "remote.origin.url").out
        return without_credentials(found.decode("utf-8", "replace").strip())

    def commit(self, ref: str, option: str) -> str:
        """The commit that a ref is at; ``option`` is where somebody named it.

        Raises:
            UsageError: there is no such ref.
        """
        found = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"
        )
        if found.code:
            raise UsageError(
                f"{option} {ref!r} is no commit of the repository {self._top}; name a branch, a "
                "tag or a commit that has been fetched: git fetch origin"
            )
        return found.out.decode().strip()

    def base(self, ref: str, head: str = "HEAD") -> str:
        """The commit at which the head's history left the ref's: what came since is others'.

        Raises:
            UsageError: there is no such ref, or history does not tell.
        """
        forked = self._run("merge-base", head, self.commit(ref, "--base"))
        if forked.code:
            raise UsageError(
                f"--base {ref!r} and {head} have no commit in common in the repository "
                f"{self._top}; if it is a shallow clone, fetch all of it: "
                "git fetch --unshallow origin (fetch-depth: 0 of actions/checkout)"
            )
        return forked.out.decode().strip()

    def manifests_at(self, commit: str, paths: Sequence[str]) -> Found:
        """What the paths, as they are named on a command line, held in that commit.

        A path that was not there yet held nothing.

        Raises:
            UsageError: one of them is not in this repository.
        """
        found: list[Found] = []
        for path in paths:
            try:
                found.append(manifests(self, commit, self.inside(path), USUAL))
            except PathNotFound:
                continue
        sources = {each.file: each for part in found for each in part.sources}
        diagnostics = (each for part in found for each in part.diagnostics)
        return Found(tuple(sources.values()), tuple(dict.fromkeys(diagnostics)))

    def git(self, *arguments: str, stdin: bytes = b"", most: int = _LISTS) -> bytes:
        """What a command says.

        Raises:
            Corrupt: it says that it failed.
        """
        ended = self._run(*arguments, stdin=stdin, most=most)
        if ended.code:
            raise Corrupt(f"git {arguments[0]} in {self._top}: {legible(ended.err, ())}")
        return ended.out

    def fetch_blobs(self, oids: list[str]) -> None:
        """Nothing is fetched on a user's behalf.

        Raises:
            Corrupt: so they are missing.
        """
        raise Corrupt(
            f"object {oids[0]} is not in the repository {self._top}",
            "if it is a partial clone, fetch all of it: git fetch --refetch --no-filter origin",
        )

    def inside(self, path: str) -> str:
        """A path on disk as it is called in the repository; empty for all of it.

        Raises:
            UsageError: it is not in this repository.
        """
        inside = os.path.relpath(Path(path).resolve(), self._top.resolve())
        if inside == ".." or inside.startswith(f"..{os.sep}"):
            raise UsageError(
                f"--base and --head need all paths in one repository: {path} is not in {self._top}"
            )
        return "" if inside == "." else inside

    def _run(self, *arguments: str, stdin: bytes = b"", most: int = _LISTS) -> Ended:
        # In a container the checkout often belongs to somebody else; nothing of it is run.
        # Files that look like a repository, committed beside manifests, are none: their history
        # would say what is live.
        pairs = (("safe.directory", "*"), ("safe.bareRepository", "explicit"))
        return run(
            ("git", "-C", str(self._top), *arguments),
            environment=environment(Path("/nonexistent"), pairs),
            stdin=stdin,
            seconds=USUAL.seconds,
            most=most,
            stopped=self.stopped,
        )


def committed(ref: str, paths: Sequence[str]) -> Found:
    """What the paths held in a commit, read out of git's objects: nothing on disk is looked at.

    Raises:
        UsageError: the paths are in no repository, or it has no such commit.
    """
    if "-" in paths:
        raise UsageError("--head needs paths in a git repository; standard input has no history")
    repository = LocalRepository(paths[0])
    return repository.manifests_at(repository.commit(ref, "--head"), paths)


def called(path: str) -> str:
    """A path on a command line as ``glia run --path`` calls it: from the top of its repository.

    Outside of any it is called what it was typed as.
    """
    try:
        return LocalRepository(path).inside(path)
    except UsageError:
        return "/".join(each for each in path.split("/") if each not in {"", "."})
