"""Pools that are told apart by different things and have instances in common all the same.

Each would take the other's chips there for free. Only the instances show it: so as long as one
is in both, the lanes of both stay as they are, and no other is made.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

from glia.errors import Diagnostic, Location
from glia.layout.competition import Competition
from glia.layout.domains import may_overlap
from glia.layout.supply import usable_instances
from glia.neuron.lanes import Lane
from glia.occupancy import occupancy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.layout.domains import DomainKey
    from glia.live import LiveService

MOST_TOLD = 5


class Frozen(Competition):
    """One in which nobody gets a lane and nobody loses one, but what runs in them may change."""

    def lanes(self, name: str) -> tuple[Lane, ...]:
        open_count = self.manifests[name].spec.replicas is None and name in self.moving
        return tuple(
            Lane(each.name, each.device_ids, None if open_count else each.count, each.partition)
            for each in self.live.get(name, ())
            if not each.leaving
        )

    def leaving(self, name: str) -> tuple[LiveService, ...]:  # noqa: ARG002
        return ()


def frozen(
    competitions: Sequence[Competition],
) -> tuple[tuple[Competition, ...], tuple[Diagnostic, ...]]:
    """The same, frozen where their instances are another pool's too, and what is wrong there."""
    shared: dict[DomainKey, dict[DomainKey, tuple[str, ...]]] = defaultdict(dict)
    for one, other in combinations(competitions, 2):
        if common := _common(one, other):
            shared[one.key][other.key] = shared[other.key][one.key] = common
    made = tuple(
        Frozen(
            each.key,
            each.services,
            each.roster,
            each.instance_type,
            each.allowed,
            each.empty,
        )
        if each.key in shared
        else each
        for each in competitions
    )
    return made, tuple(_told(competitions, shared))


def _common(one: Competition, other: Competition) -> tuple[str, ...]:
    """The instances of both, by their EC2 ids."""
    if one.roster is None or not may_overlap(one.key, other.key):
        return ()
    occupied = occupancy(one.roster.fleet)
    theirs = {each.arn for each in usable_instances(other.key, occupied)}
    own = usable_instances(one.key, occupied)
    return tuple(sorted(each.ec2_instance_id or each.arn for each in own if each.arn in theirs))


def _told(
    competitions: Iterable[Competition],
    shared: Mapping[DomainKey, Mapping[DomainKey, tuple[str, ...]]],
) -> Iterator[Diagnostic]:
    for competition in competitions:
        for other, instances in shared.get(competition.key, {}).items():
            more = len(instances) - MOST_TOLD
            named = ", ".join(instances[:MOST_TOLD]) + (f" and {more} more" if more > 0 else "")
            for each in competition.services:
                yield Diagnostic(
                    severity="error",
                    code="pool-overlap",
                    message=f"pool {competition.key.pool} and pool {other.pool}, which other "
                    f"services have, are in part the same {competition.key.instance_type}: no "
                    "lane is made or moved in either",
                    location=Location(each.document.file, each.document.line, 1),
                    path="spec.neuron.pool",
                    expected="no instance in both",
                    found=named,
                    remedy="take one of the two off these instances, or tell the pools apart by "
                    "values of one attribute",
                    key=each.key,
                )
