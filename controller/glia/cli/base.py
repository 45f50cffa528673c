"""What the working tree makes of the manifests that it began with."""

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
    from collections.abc import Callable, Mapping

    from glia.cli.ground import Ground
    from glia.manifest.load import Loaded
    from glia.neuron.catalogue import InstanceType
    from glia.plan import Plan
    from glia.wanted import Wanted


def change_since(
    ref: str,
    paths: tuple[str, ...],
    found: Wanted,
    look_up: Callable[[Loaded], Mapping[str, InstanceType]],
    laid_out: Ground | None = None,
) -> Plan:
    """The plan from what the paths held where HEAD left the ref to what they hold on disk.

    ``found`` is what they hold on disk; ``look_up`` is asked as ``compiled`` asks it. Both are
    laid out on ``laid_out``.

    Raises:
        UsageError: the paths are in no repository, or the ref is not in it.
    """
    if "-" in paths:
        raise UsageError("--base needs paths in a git repository; standard input has no history")
    repository = LocalRepository(paths[0])
    commit = repository.base(ref)
    before = compiled(repository.manifests_at(commit, paths), look_up)
    base, head = offline_state(before, laid_out), offline_state(found, laid_out)
    source = Source(repository.address(), repository.head(), " ".join(paths), commit)
    made = between(base.state, head.state, diagnostics=head.diagnostics, source=source)
    return replace(made, assumption=head.assumption)
