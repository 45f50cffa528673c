"""A plan against what is live: the first half of plan, apply and status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.cli.wanted import keys, wanted
from glia.ecs.nearest import nearest
from glia.errors import UsageError
from glia.plan import Source
from glia.prepare import prepare

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.cli.online import Online
    from glia.planning.allowances import Allowances
    from glia.prepare import Prepared
    from glia.wanted import Wanted


def prepared(
    paths: tuple[str, ...], online: Online, allowed: Allowances, *, head: str | None = None
) -> Prepared:
    """Read the manifests and the clusters, and plan; those of a commit if ``head`` names one.

    Raises:
        UsageError: a key to adopt is no manifest's; nothing has been read of AWS then.
    """
    # Keys that are to be adopted are looked at before anything is read.
    read_ahead = None if allowed.adopt else online.read_ahead
    found = wanted(paths, online.instance_types, read_ahead, head=head)
    _check_adopted(allowed.adopt, found)
    source = Source(path=" ".join(paths))
    return prepare(found, online.of, online.clock, allowed=allowed, source=source)


def _check_adopted(adopted: Iterable[str], found: Wanted) -> None:
    known = keys(found)
    # A manifest with an error has not told its cluster: its own message comes first.
    wrong = {each.key.rpartition("/")[2] for each in found.diagnostics if each.key}
    for key in sorted(adopted):
        if key in known or key.rpartition("/")[2] in wrong:
            continue
        meant = nearest(key, known)
        advice = (
            f"did you mean {meant}?" if meant else "write CLUSTER/NAME, as `glia plan` shows it"
        )
        raise UsageError(f"--adopt {key}: no manifest here has that key; {advice}")
