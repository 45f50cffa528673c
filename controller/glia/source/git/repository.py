"""Glia's own copy of a repository: bare, shallow, without the contents that nobody asks for.

Layout of its directory: ``store`` is the repository, ``home`` an empty home for git, ``lock``
held while somebody works here. All of it may be lost.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from glia.source.failures import Busy, Corrupt, GitUnusable, RefNotFound, SourceError, Unwritable
from glia.source.git.access import Access, authorization, environment, transport
from glia.source.git.certificate import fault
from glia.source.git.ssh import laid_out
from glia.source.git.words import failure, is_of_certificate
from glia.source.process import Ended, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from glia.source.git.limits import Limits
    from glia.source.git.place import Place

Configuration: TypeAlias = tuple[tuple[str, str], ...]
INCOMING: Final = "refs/glia/incoming"
"""What was fetched last, good or not."""
GOOD: Final = "refs/glia/good"
"""The last commit that was used."""
FIRST: Final = "refs/glia/first"
"""The commit that was used when nobody knew of an earlier one."""

OLDEST: Final = (2, 34)
"""The first that checks signatures by ssh keys; configuration by variables came before."""

# Lists of names are short; of what is read the caller says how much it may be.
_LISTS: Final = 64 * 1024 * 1024
_MOST_PACKS: Final = 64
_FETCH: Final = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--no-recurse-submodules",
)


@dataclass(frozen=True, slots=True)
class Tip:
    """A ref that the server has, and the commit or tag that it points to.

    Attributes:
        commit: behind an annotated tag too.
    """

    ref: str
    target: str
    commit: str


class Repository:
    """Runs git on the copy of one place."""

    def __init__(self, place: Place, folder: Path, access: Access, limits: Limits) -> None:
        self._place = place
        self._folder = folder
        self._access = access
        self._limits = limits
        self._store = folder / "store"
        self._home = folder / "home"
        self._leaves_out: tuple[str, ...] = ("--filter=blob:none",)
        self._one_at_a_time = threading.Lock()
        self.stopped = threading.Event()

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """The copy, there and nobody else's, until the block ends; threads wait for each other.

        Raises:
            Busy: another process has it.
            Unwritable: it cannot be made.
        """
        with self._one_at_a_time, self._locked():
            self._make()
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _writing(self._folder):
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Busy(
                f"another process works in {self._folder}", "give each its own --state"
            ) from None
        finally:
            os.close(lock)

    def discard(self) -> None:
        """Delete the copy, and begin another."""
        with _writing(self._folder):
            if self._store.exists():
                shutil.rmtree(self._store)
        self._make()

    def tip(self) -> Tip | None:
        """Where the first of the place's refs that is there points to."""
        patterns = [each for ref in self._place.refs for each in (ref, f"{ref}^{{}}")]
        listed = self._ask("ls-remote", "--", "origin", *patterns)
        found = {name: target for target, _, name in _fields(listed, "\t")}
        for ref in self._place.refs:
            if ref in found:
                return Tip(ref, found[ref], found.get(f"{ref}^{{}}", found[ref]))
        return None

    def branches(self) -> list[str]:
        """The names of all branches that the server has."""
        listed = self._ask("ls-remote", "--heads", "--", "origin")
        return [name.removeprefix("refs/heads/") for _, _, name in _fields(listed, "\t")]

    def fetch(self, ref: str) -> None:
        """What the ref points to, with all folders and no contents; later with what led to it.

        Only the first fetch is shallow. After it, git asks for what lies between, and whether
        the new commit follows from the old one can be read here.
        """
        depth = () if self.resolve(GOOD) else ("--depth=1",)
        what = f"+{ref}:{INCOMING}"
        self._ask(*_FETCH, *depth, *self._leaves_out, "--", "origin", what)
        if len(list((self._store / "objects" / "pack").glob("*.pack"))) > _MOST_PACKS:
            self.git("repack", "-a", "-d", "-q")

    def fetch_blobs(self, oids: list[str]) -> None:
        """These contents, in one request.

        The server is not told what we have: of a commit whose names are here it would think
        that its contents are too. One that gives away no single contents (git's protocol before
        version 2) is asked for all of them from then on.

        Raises:
            Corrupt: it is such a server; the copy has to be made anew.
        """
        wanted = "".join(f"{oid}\n" for oid in oids).encode()
        noop = (("fetch.negotiationAlgorithm", "noop"),)
        asked = (*_FETCH, *self._leaves_out, "--stdin", "--", "origin")
        try:
            self._ask(*asked, stdin=wanted, more=noop)
        except RefNotFound as error:
            self._leaves_out = ("--no-filter",)
            raise Corrupt(f"the server does not send single contents: {error}") from None

    def deepen(self, what: str, how: str) -> None:
        """More of the history before a ref or commit, without any folder."""
        self._ask(*_FETCH, how, "--filter=tree:0", "--", "origin", what)

    @property
    def is_shallow(self) -> bool:
        return (self._store / "shallow").exists()

    def resolve(self, name: str) -> str | None:
        """The commit of that name; None where there is none."""
        found = self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        return found.out.decode().strip() if found.code == 0 else None

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether ``new`` follows from ``old``, as far as history is here."""
        ended = self._run("merge-base", "--is-ancestor", old, new)
        if ended.code not in {0, 1}:
            raise self._failed(f"the histories of {old[:12]} and {new[:12]}", ended)
        return ended.code == 0

    def set_good(self, commit: str) -> None:
        """Remember the commit that is used."""
        if not self.resolve(GOOD):
            self.git("update-ref", FIRST, commit)
        self.git("update-ref", GOOD, commit)

    def git(self, *arguments: str, stdin: bytes = b"", most: int = _LISTS) -> bytes:
        """What a command says that looks at the copy alone.

        Raises:
            Corrupt: and other SourceErrors, by git's words.
        """
        ended = self._run(*arguments, stdin=stdin, most=most)
        if ended.code:
            raise self._failed(f"git {arguments[0]} in {self._store}", ended)
        return ended.out

    def attempt(
        self, *arguments: str, configuration: Configuration, variables: Mapping[str, str]
    ) -> Ended:
        """The same, where failing is an answer."""
        return self._run(*arguments, configuration=configuration, variables=variables)

    def _make(self) -> None:
        with _writing(self._folder):
            if (self._store / "HEAD").exists():
                return
            # Half a repository, of a process that was killed while it made one.
            shutil.rmtree(self._store, ignore_errors=True)
        self._check_version()
        self.git("init", "--quiet", "--bare", "--template=", "--initial-branch=none")

    def _check_version(self) -> None:
        said = self.git("version").decode(errors="replace").strip()
        found = re.search(r"(\d+)\.(\d+)", said)
        if found is None or (int(found[1]), int(found[2])) < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise GitUnusable(f"{said} is too old", f"install git {needed} or newer")

    def _ask(self, *arguments: str, stdin: bytes = b"", more: Configuration = ()) -> bytes:
        """What a command says that talks to the server."""
        header, secrets = authorization(self._place, self._access)
        stall = self._limits.stall_seconds
        with laid_out(self._place, self._access) as files:
            pairs = transport(self._place, self._access, files, self._home, stall)
            ended = self._run(*arguments, stdin=stdin, configuration=(*pairs, *more, *header))
        if ended.code == 0:
            return ended.out
        what, said = f"git {arguments[0]} of {self._place.url}", files.named(ended.err)
        found = failure(what, said, secrets)
        if is_of_certificate(said):
            raise fault(what, self._place, self._access.ca_file) or found
        raise found

    def _run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        most: int = _LISTS,
        configuration: Configuration = (),
        variables: Mapping[str, str] | None = None,
    ) -> Ended:
        store = str(self._store)
        with _writing(self._folder):
            return run(
                ("git", f"--git-dir={store}", *arguments),
                environment=environment(self._home, configuration) | dict(variables or {}),
                stdin=stdin,
                seconds=self._limits.seconds,
                most=most,
                stopped=self.stopped,
            )

    def _failed(self, what: str, ended: Ended) -> SourceError:
        found = failure(what, ended.err, ())
        # Of what is on disk nothing but damage is known: whatever git says, a new copy helps.
        return found if isinstance(found, Unwritable) else Corrupt(str(found))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unwritable(
            f"the state directory {folder} cannot be used ({error.strerror})",
            "name one with --state that this user may write to, on a disk with room",
        ) from None


def _fields(listed: bytes, separator: str) -> list[tuple[str, str, str]]:
    return [line.partition(separator) for line in listed.decode(errors="replace").splitlines()]
