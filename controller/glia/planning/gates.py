"""The eight gates of pruning: nothing is deleted unless all of them are open.

What a tool deletes because it did not see it is what its users never forget. Each gate is here
because some tool has lost services for want of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glia.change import Block
from glia.planning.allowances import NOTHING
from glia.tags import DISABLED, KEY, OWNER, PRUNE, tells_itself

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glia.live import LiveService
    from glia.planning.allowances import Allowances
    from glia.planning.scope import PrunePolicy, SourceEvidence
    from glia.target import ClusterRef

SHARE: Final = 30
"""Percent of the manifests that own something: so many may go at once, and one always."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many manifests' services would be deleted, of how many that there are.

    Attributes:
        where: the cluster, or all of them.
    """

    where: str
    deletes: int
    owned: int

    @property
    def limit(self) -> int:
        return max(1, self.owned * SHARE // 100)


@dataclass(frozen=True, slots=True)
class Orphan:
    """The live services of one key that no manifest has.

    Attributes:
        key: the value of their ``glia:key``; empty where they have none.
        lanes: they all carry the owner's tag.
        claimants: what says that they are still wanted, each in a few words.
        remedy: what would make that true.
        tallies: of its cluster, and of all.
        allowed: what the user has; how many deletes, whatever the limit says.
    """

    key: str
    lanes: tuple[LiveService, ...]
    policy: PrunePolicy
    evidence: SourceEvidence
    claimants: tuple[str, ...]
    remedy: str
    tallies: tuple[Tally, ...]
    allowed: Allowances = NOTHING

    @property
    def cluster(self) -> ClusterRef:
        return self.policy.cluster


def source_is_next(orphan: Orphan) -> Iterator[Block]:
    """The source was read and verified, and goes on from what was applied last."""
    evidence = orphan.evidence
    if evidence.revision == "next":
        return
    why = {
        "first": "nobody knows whether this commit comes after the one that was applied last",
        "unread": "the source could not be read",
        "unverified": "the source's revision is not verified",
        "diverged": "the source's revision does not descend from the one that was applied last",
    }[evidence.revision]
    detail = f": {evidence.detail}" if evidence.detail else ""
    yield Block("prune-source", f"{why}{detail}", evidence.acknowledge)


def paths_hold_manifests(orphan: Orphan) -> Iterator[Block]:
    """No path or file is missing or empty: a mistyped one would look like a deleted fleet."""
    if empty := orphan.evidence.empty:
        message = f"no manifest was found in {', '.join(empty)}"
        yield Block(
            "prune-empty-path",
            message,
            "name paths that hold manifests, and delete files that are empty",
        )


def everything_is_parsed(orphan: Orphan) -> Iterator[Block]:
    """Nothing is wrong with any manifest: a broken one may be the one that is missed."""
    if wrong := orphan.evidence.wrong:
        told = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        message = f"a manifest that is wrong may be the missing one: {told}"
        yield Block("prune-unparsed", message, "put the errors right that this plan tells")


def is_ours(orphan: Orphan) -> Iterator[Block]:
    """Every service carries the owner's tag and the key, and the key is of just this service."""
    for live in orphan.lanes:
        ours = live.tags.get(OWNER) == orphan.cluster.owner
        if ours and tells_itself(live.name, live.tags, orphan.cluster.name):
            continue
        key = live.tags.get(KEY, "")
        carries = f"its tag {KEY} says {key}" if key else f"it has no tag {KEY}"
        yield Block(
            "prune-not-ours",
            f"service {live.name} has the tag {OWNER} = {live.tags.get(OWNER, '')}, but {carries}, "
            "which is not its own",
            f"take the tag {OWNER} off it if it is not Glia's, else delete it by hand",
        )


def is_unclaimed(orphan: Orphan) -> Iterator[Block]:
    """No manifest, here or elsewhere, says that the service is its own: no move, no rename."""
    for claim in orphan.claimants:
        yield Block("prune-claimed", claim, orphan.remedy)


def is_within_limit(orphan: Orphan) -> Iterator[Block]:
    """Not too many at once, of one cluster and of all, however small the fleet is."""
    for tally in orphan.tallies:
        if tally.deletes <= max(tally.limit, orphan.allowed.deletes):
            continue
        most = max(each.deletes for each in orphan.tallies)
        yield Block(
            "prune-limit",
            f"{tally.deletes} of the {tally.owned} manifests of {tally.where} are gone, and at "
            f"most {tally.limit} may be deleted at once",
            orphan.allowed.command("--prune", "--allow-deletes", str(most)),
        )
        return


def is_not_paused(orphan: Orphan) -> Iterator[Block]:
    """Neither suspended nor outside of its window."""
    if orphan.evidence.paused:
        yield Block("prune-paused", orphan.evidence.paused, "wait, or resume it")


def may_be_pruned(orphan: Orphan) -> Iterator[Block]:
    """Pruning is on in its cluster, and no tag takes the service out of it."""
    if not orphan.policy.on:
        message = f"pruning is off in cluster {orphan.cluster}"
        yield Block("prune-off", message, orphan.allowed.command("--prune"))
    disabled = [each.name for each in orphan.lanes if each.tags.get(PRUNE) == DISABLED]
    if disabled:
        names = ", ".join(disabled)
        yield Block(
            "prune-disabled",
            f"its manifest said prune: disabled, and the tag {PRUNE} of {names} remembers it",
            f"take the tag {PRUNE} off, or delete it by hand",
        )


GATES: Final[tuple[Callable[[Orphan], Iterator[Block]], ...]] = (
    source_is_next,
    paths_hold_manifests,
    everything_is_parsed,
    is_ours,
    is_unclaimed,
    is_within_limit,
    is_not_paused,
    may_be_pruned,
)


def closed(orphan: Orphan) -> tuple[Block, ...]:
    """What every gate that is not open says."""
    return tuple(block for gate in GATES for block in gate(orphan))
