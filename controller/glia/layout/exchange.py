"""Services that change domains and wait for each other's chips: together they go in turns.

Each domain is laid out by itself, and there what leaves for another one holds its chips until
it has room there. Where that waits for chips of this domain in turn, nobody would ever begin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glia.neuron.allocation import allocate
from glia.neuron.passage import eased, passage
from glia.neuron.settling import Settlement
from glia.neuron.walkers import Ground

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.layout.competition import Competition
    from glia.neuron.steps import Passage


@dataclass(frozen=True, slots=True)
class Wait:
    """A service without room, where another one still is that leaves for another domain.

    Attributes:
        service, holder: the names of their manifests.
        place: the domain where the one lacks room, for people.
        circular: whether the holder waits for the service in turn, directly or not.
    """

    service: str
    holder: str
    place: str
    circular: bool = False


def exchanged(competitions: Sequence[Competition]) -> tuple[Competition, ...]:
    """The same, those settled together that would wait for each other for ever."""
    waits = tuple(_waits(competitions))
    if not waits:
        return tuple(competitions)
    circles = _circles(waits)
    told = tuple(
        replace(each, circular=any({each.service, each.holder} <= circle for circle in circles))
        for each in waits
    )
    agreed: dict[int, Settlement] = {}
    for circle in circles:
        concerned = [each for each in competitions if circle & each.moving.keys()]
        if agreed.keys().isdisjoint(map(id, concerned)):  # else it has its turn in the next plan
            agreed |= _agreed(concerned, circle)
    return tuple(
        replace(each, agreed=agreed.get(id(each), each.settlement), waits=told)
        for each in competitions
    )


def _waits(competitions: Sequence[Competition]) -> Iterator[Wait]:
    homes = {
        name: each.key for each in competitions for name in each.moving if each.roster is not None
    }
    for each in competitions:
        leaving = [
            name
            for name, lanes in each.live.items()
            if name in homes
            and homes[name] != each.key
            and homes[name].cluster == each.key.cluster
            and any(lane.count for lane in lanes)
        ]
        for lacking in each.lacking if leaving else ():
            for holder in sorted(leaving):
                yield Wait(lacking.service, holder, str(each.key))


def _circles(waits: Iterable[Wait]) -> list[frozenset[str]]:
    """The services that wait for each other, each of them in one circle or none."""
    ahead: dict[str, set[str]] = {}
    for each in waits:
        ahead.setdefault(each.service, set()).add(each.holder)
    reached = {name: _reached(name, ahead) for name in ahead}
    found = {
        frozenset(other for other in reached[name] if name in reached.get(other, ()))
        for name in reached
    }
    return sorted(filter(None, found), key=sorted)


def _reached(name: str, ahead: Mapping[str, set[str]]) -> set[str]:
    found, left = set[str](), [name]
    while left:
        new = ahead.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def _agreed(competitions: Sequence[Competition], circle: frozenset[str]) -> dict[int, Settlement]:
    """What they come to together, by their ``id``; nothing where some would lack room still."""
    grounds = [_ground(each, circle) for each in competitions]
    if any(
        any(shortage.replicas for shortage in each.target.shortages) or each.target.partitions
        for each in grounds
    ):
        return {}
    way = passage(grounds)
    costly = None if way else eased(grounds)
    if any(each.allowed.downtime for each in competitions):
        way, costly = way or costly, None
    return dict(_settled(competitions, grounds, way, costly))


def _ground(competition: Competition, circle: frozenset[str]) -> Ground:
    ending = circle - competition.moving.keys()
    live = competition.present
    stay = [lane for lane in live if lane.service not in ending and not lane.leaving]
    target = allocate(competition.demands, competition.domain, stay)
    return Ground(competition.domain, live, competition.demands, target, ending)


def _settled(
    competitions: Sequence[Competition],
    grounds: Sequence[Ground],
    way: Passage | None,
    costly: Passage | None,
) -> Iterator[tuple[int, Settlement]]:
    """The steps are those of all; of the first of them they are told."""
    for number, (each, ground) in enumerate(zip(competitions, grounds, strict=True)):
        found = each.settlement
        if way:
            found = Settlement(ground.target, way, shared=number > 0)
        elif costly:
            found = replace(found, costly=costly, offer=0)
        yield id(each), found
