"""What the working tree, or a commit, makes of the manifests that it began with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.cli.wanted import offline_state
from glia.errors import UsageError
from glia.plan import Source
from glia.planning.between import between
from glia.source.git.local import LocalRepository
from glia.wanted import compiled

if TYPE_CHECKING:
    from glia.cli.ground import Ground
    from glia.cli.subject import Subject
    from glia.plan import Plan
    from glia.wanted import LookUp, Wanted


def change_since(
    subject: Subject,
    found: Wanted,
    look_up: LookUp,
    laid_out: Ground | None = None,
) -> Plan:
    """The plan from what the paths held where the head left the base to what they hold now.

    ``found`` is what they hold now; ``look_up`` is asked as ``compiled`` asks it. Both are
    laid out on ``laid_out``.

    Raises:
        UsageError: the paths are in no repository, or the ref is not in it.
    """
    paths = subject.paths
    if "-" in paths:
        raise UsageError("--base needs paths in a git repository; standard input has no history")
    repository = LocalRepository(paths[0])
    head = repository.commit(subject.head, "--head") if subject.head else repository.head()
    commit = repository.base(subject.base or "HEAD", head or "HEAD")
    before = compiled(repository.manifests_at(commit, paths), look_up)
    old, new = offline_state(before, laid_out), offline_state(found, laid_out)
    source = Source(repository.address(), head, " ".join(paths), commit)
    made = between(old.state, new.state, diagnostics=new.diagnostics, source=source)
    return replace(made, assumption=new.assumption)
