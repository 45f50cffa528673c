"""``GitSource``: the manifests of a path at the tip of a branch or a tag."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from glia.ecs.nearest import nearest
from glia.source.failures import (
    Corrupt,
    NonFastForward,
    PathEmpty,
    RefNotFound,
    RolledBack,
    SourceError,
    Unwritable,
)
from glia.source.git.access import NOBODY, Access
from glia.source.git.history import relation
from glia.source.git.limits import USUAL, Limits
from glia.source.git.manifests import manifests
from glia.source.git.repository import FIRST, GOOD, INCOMING, Repository
from glia.source.git.signatures import ANY_COMMIT, Policy, verify
from glia.source.kustomize import LATE
from glia.source.revision import Relation, Revision

if TYPE_CHECKING:
    from pathlib import Path

    from glia.clock import Clock
    from glia.source.git.place import Place
    from glia.source.git.repository import Tip


class GitSource:
    """The manifests of a repository. One at a time on a state directory.

    Args:
        place: address, ref and path: ``Place.parse(url, ref, path)``.
        state: a directory of Glia's own; what is in it may be lost, and is fetched again then.
    """

    def __init__(  # noqa: PLR0913  (by keyword)
        self,
        place: Place,
        state: Path,
        clock: Clock,
        *,
        access: Access = NOBODY,
        policy: Policy = ANY_COMMIT,
        limits: Limits = USUAL,
    ) -> None:
        self._place = place
        self._clock = clock
        self._policy = policy
        self._limits = limits
        self._nobody = state / "nobody"
        self._repository = Repository(place, state / _name(place), access, limits)
        self._last: Revision | None = None
        self._relations: dict[tuple[str, str], Relation] = {}

    @property
    def last(self) -> Revision | None:
        """The last good revision, of an earlier process too once ``fetch`` was called."""
        return self._last

    def stop(self) -> None:
        """Let a ``fetch`` that another thread is in, and every later one, raise ``Stopped``."""
        self._repository.stopped.set()

    def fetch(self) -> Revision:
        """Ask where the ref is, and fetch what is new.

        A copy that is damaged, or that cannot be written, is made anew once.
        """
        with self._repository.exclusively():
            self._recall()
            try:
                self._last = self._look()
            except (Corrupt, Unwritable):
                self._repository.discard()
                self._last = self._look()
        return self._last

    def _relation(self, old: str, new: str) -> Relation:
        """Looked up once: where history cannot tell, it cannot tell at the next interval either."""
        if (old, new) not in self._relations:
            self._relations = {(old, new): relation(self._repository, old, new)}
        return self._relations[old, new]

    def _recall(self) -> None:
        """What an earlier process used stays good, if it still can be read and trusted."""
        if self._last is not None or not (commit := self._repository.resolve(GOOD)):
            return
        try:
            self._last = replace(self._read(commit, 0.0), follows=self._follows(commit))
        except SourceError:
            return

    def _look(self) -> Revision:
        tip = self._repository.tip()
        if tip is None:
            raise self._no_ref()
        now, last = self._clock.now(), self._last
        if last is not None and last.commit == tip.commit and not _is_late(last):
            return replace(last, fetched_at=now)
        commit = self._fetched(tip)
        self._check_history(commit)
        revision = self._read(commit, now)
        self._repository.set_good(commit)
        return replace(revision, follows=self._follows(commit))

    def _fetched(self, tip: Tip) -> str:
        """The tip's commit, transferred unless it is here already; newer if it has moved on."""
        here = self._repository.resolve(INCOMING)
        if here == tip.commit:
            return here
        self._repository.fetch(tip.ref)
        commit = self._repository.resolve(INCOMING)
        if commit is None:
            raise RefNotFound(f"{tip.ref} of {self._place.url} points to no commit")
        return commit

    def _check_history(self, commit: str) -> None:
        """Nobody's work is undone because history was rewritten or a mirror lags behind."""
        held = self._held()
        if held is None or self._policy.accepts(commit):
            return
        found = self._relation(held, commit)
        if found in {"same", "descendant"}:
            return
        ref = self._place.refs[0]
        what = f"{ref} was at commit {held[:12]} and is now at {commit[:12]}, "
        remedy = f"if that is meant, say --accept-rewrite {commit[:12]}"
        if found == "ancestor":
            raise RolledBack(f"{what}which comes before it", f"revert with a new commit; {remedy}")
        raise NonFastForward(f"{what}which does not follow from it", remedy)

    def _follows(self, commit: str) -> bool:
        return self._repository.resolve(FIRST) != commit

    def _held(self) -> str | None:
        return self._last.commit if self._last else self._repository.resolve(GOOD)

    def _read(self, commit: str, now: float) -> Revision:
        verify(self._repository, commit, self._policy, self._nobody)
        path = self._place.path
        found = manifests(self._repository, commit, path, self._limits)
        if not found.sources and not found.diagnostics:
            raise PathEmpty(
                f"{path or 'the repository'} holds no *.yaml or *.yml file in commit {commit[:12]}",
                "nothing is deleted because of that; to remove the last service, name it",
            )
        return Revision(commit, self._place.url, path, found, now)

    def _no_ref(self) -> RefNotFound:
        branches, (name, *_) = self._repository.branches(), self._place.refs
        short = name.removeprefix("refs/heads/")
        if not branches:
            return RefNotFound(f"{self._place.url} has no branch yet", "push one")
        near = nearest(short, branches)
        remedy = f"did you mean {near}?" if near else "correct --ref"
        return RefNotFound(f"{self._place.url} has no branch or tag {short}", remedy)


def _is_late(revision: Revision) -> bool:
    """Whether some of it could not be built in time, and may be the next time."""
    return any(each.code == LATE for each in revision.found.diagnostics)


def _name(place: Place) -> str:
    """One copy for each place: what is good for one path need not be for another."""
    text = "\0".join((place.url, *place.refs, "", place.path))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
