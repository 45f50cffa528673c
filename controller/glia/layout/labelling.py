"""Which instances change their partition: into those that need some, and out of empty ones.

Only labels that Glia has put itself are taken back: those of people, and those that come with
an instance from its launch template, stay.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from glia.desired import lane_tag
from glia.desired.labels import is_labelled_by, labelling_of, partition_in
from glia.desired.service import PARTITION
from glia.identity import service_id
from glia.layout.supply import idle_instances
from glia.steps import Labelling

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from glia.layout.competition import Competition
    from glia.layout.domains import DomainKey
    from glia.layout.roster import Roster
    from glia.live import LiveInstance, LiveService
    from glia.occupancy import Occupancy

_BOUND: Final = re.compile(rf"attribute:{re.escape(PARTITION)} *== *([^\s()]+)")


def users(key: DomainKey, roster: Roster) -> Mapping[str, tuple[LiveService, ...]]:
    """The services that are bound to each partition of a domain, whoever's they are."""
    found: dict[str, list[LiveService]] = defaultdict(list)
    instances = [each for each in roster.fleet.instances if key.has(each)]
    for service in roster.services.values():
        if service.status == "INACTIVE" or not key.may_hold(service, instances):
            continue
        figures = lane_tag.read(service.tags)
        if figures and figures.instance_type != key.instance_type:
            continue
        for partition in _bound_to(service) | ({figures.partition} if figures else set()):
            found[partition].append(service)
    return {partition: tuple(services) for partition, services in found.items()}


def _bound_to(service: LiveService) -> set[str]:
    constraints = service.members.get("placementConstraints") or ()
    said = (str(each.get("expression", "")) for each in constraints)
    return {partition for text in said for partition in _BOUND.findall(text)}


def needless(
    key: DomainKey, instances: Iterable[LiveInstance], occupied: Occupancy, used: Collection[str]
) -> tuple[LiveInstance, ...]:
    """Idle instances with a label of Glia's own to which no service is bound."""
    return tuple(
        each
        for each in instances
        if partition_in(each.attributes) not in {"", *used}
        and is_labelled_by(key.cluster.owner, each.attributes)
        and not occupied.on(each)
    )


def labellings(competition: Competition, gone: Collection[str]) -> Iterator[Labelling]:
    """What has to happen to a domain's instances, the same in every run.

    Each partition that needs instances gets the first by their ids; what Glia has labelled and
    nobody needs goes back; and whatever an apply has left on its way is brought to an end.

    Args:
        competition: of one domain.
        gone: the names of services that the plan deletes.
    """
    key, occupied = competition.key, competition.occupied
    usable = competition.usable
    pool = _Pool(key.cluster.owner, (*idle_instances(usable, occupied), *competition.needless))
    refills, settled = competition.repaired.refills, set[str]()
    wanted = [
        (each.partition, competition.strays(each.partition)[: each.strays], each.idle)
        for each in refills
    ]
    wanted += [(each.name, (), each.instances) for each in competition.allocation.partitions]
    for partition, strays, count in wanted:
        taken = pool.take(partition, count)
        coming = (*strays, *(each for each in taken if not _is_in(key, each, partition)))
        settled |= {each.arn for each in (*strays, *taken)}
        if coming:
            yield _made(key, partition, coming, occupied=tuple(each.arn for each in strays))
    back = [each for each in competition.needless if each.arn not in settled]
    for partition, after, leaving in (*_by_partition(back), *_emptied(competition, gone)):
        settled |= {each.arn for each in leaving}
        yield _made(key, partition, leaving, action="unlabel", depends_on=after)
    left = [each for each in usable if labelling_of(key.cluster.owner, each.attributes)]
    for partition, _, stale in _by_partition([each for each in left if each.arn not in settled]):
        yield _made(key, partition, stale, action="release")


class _Pool:
    """Idle instances, to be handed out."""

    def __init__(self, owner: str, idle: Iterable[LiveInstance]) -> None:
        self._owner = owner
        self._left = list(idle)

    def take(self, partition: str, count: int) -> tuple[LiveInstance, ...]:
        """So many: those that have the label or are marked for it first, then by their place."""

        def distance(instance: LiveInstance) -> tuple[bool, bool, bool]:
            label = partition_in(instance.attributes)
            mark = labelling_of(self._owner, instance.attributes)
            return label != partition, mark != partition, bool(label)

        taken = sorted(self._left, key=distance)[:count]  # which keeps the order of equals
        self._left = [each for each in self._left if each not in taken]
        return tuple(taken)


def _is_in(key: DomainKey, instance: LiveInstance, partition: str) -> bool:
    """Whether nothing is left to do for it to be in the partition."""
    there = partition_in(instance.attributes) == partition
    return there and not labelling_of(key.cluster.owner, instance.attributes)


def _emptied(
    competition: Competition, gone: Collection[str]
) -> Iterator[tuple[str, tuple[str, ...], list[LiveInstance]]]:
    """Partitions whose last lanes this plan deletes, or an earlier one has: their labels follow."""
    key, occupied = competition.key, competition.occupied
    wanted = {lane.partition for name in competition.manifests for lane in competition.lanes(name)}
    refilled = {each.partition for each in competition.repaired.refills}
    for partition, services in sorted(competition.users.items()):
        if partition in {"", *wanted, *refilled}:
            continue
        last = [each for each in services if each.status == "ACTIVE"]
        if not all(each.name in gone for each in last):
            continue
        names = {each.name for each in services}
        leaving = [
            each
            for each in competition.usable
            if partition_in(each.attributes) == partition
            and is_labelled_by(key.cluster.owner, each.attributes)
            and all(occupant.task.service in names for occupant in occupied.on(each))
        ]
        if leaving:
            yield partition, tuple(service_id(key.cluster, each.name) for each in last), leaving


def _by_partition(
    instances: Iterable[LiveInstance],
) -> Iterator[tuple[str, tuple[str, ...], list[LiveInstance]]]:
    found: dict[str, list[LiveInstance]] = defaultdict(list)
    for each in instances:
        found[partition_in(each.attributes)].append(each)
    for partition, there in sorted(found.items()):
        yield partition, (), there


def _made(
    key: DomainKey, partition: str, instances: Sequence[LiveInstance], **members: Any
) -> Labelling:
    arns = tuple(each.arn for each in instances)
    return Labelling(key.cluster, key.instance_type, partition, arns, pool=key.pool, **members)
