"""Lanes that no counted lock keeps apart: placement constraints do, on both sides of an overlap.

ECS looks at constraints when it places a task, and only at that task's own. So each of two
lanes that may meet on a chip names the other, whatever its own lock is, and a live lane does so
before the other one comes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from glia.desired import lane_tag
from glia.desired.service import service_constraints
from glia.desired.task_definition import lane_lock, task_constraints
from glia.ecs.anti_affinity import (
    LONGEST_EXPRESSION,
    MOST_CONSTRAINTS,
    apart_from,
    named,
)
from glia.errors import Diagnostic, Location
from glia.layout.demands import lock_of
from glia.neuron.locks import Lock
from glia.steps import Separation
from glia.tags import KEY

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from glia.layout.competition import Competition
    from glia.live import LiveService
    from glia.manifest.spec import ServiceSpec
    from glia.neuron.lanes import Lane

Places: TypeAlias = "frozenset[tuple[str, int]]"
"""Chips, each with its partition."""

# On the task definition, which nobody has read, of a lane whose manifest is not asked.
OF_AN_UNREAD_DEFINITION = 1
MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Separated:
    """What comes of a domain's lanes.

    Attributes:
        lanes: by their manifest's name, each with the lanes that it is to be apart from.
        separations: live lanes that do not keep away from all of these yet.
        refused: whose lanes stay as they are, by their manifest's name, and why.
    """

    lanes: Mapping[str, tuple[Lane, ...]]
    separations: tuple[Separation, ...]
    refused: Mapping[str, Diagnostic]


@dataclass(frozen=True)
class _Party:
    """A lane that is wanted, or there, or both.

    Attributes:
        name: of its service in ECS.
        service: its manifest's name.
        locks: what keeps its tasks apart, those that run and those to come.
        spec, lane: None where it is not wanted, or its manifest not asked.
        live: None where it is not there.
    """

    name: str
    service: str
    places: Places
    locks: frozenset[Lock]
    spec: ServiceSpec | None = None
    lane: Lane | None = None
    live: LiveService | None = None

    @cached_property
    def named(self) -> frozenset[str]:
        """The lanes that it keeps away from already."""
        return frozenset(name for each in self._parted[1] for name in named(each))

    @cached_property
    def _parted(self) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Its live constraints: those to leave alone, and those that name lanes."""
        written = (self.spec.service.get("placementConstraints") or ()) if self.spec else ()
        given = (self.live.members.get("placementConstraints") or ()) if self.live else ()
        naming = [each for each in given if named(each) and each not in written]
        return [each for each in given if each not in naming], naming

    def parted_from(self, names: Iterable[str]) -> tuple[Mapping[str, Any], ...]:
        """The live service's constraints, changed to name these lanes."""
        return (*self._parted[0], *apart_from(names))

    def count(self, names: Collection[str]) -> int:
        """The constraints that a task of it has, now or in time, if it names these lanes."""
        now = len(self.parted_from(names)) + OF_AN_UNREAD_DEFINITION if self.live else 0
        if self.spec is None or self.lane is None:
            return now
        wanted = service_constraints(self.spec, replace(self.lane, apart_from=tuple(names)))
        return max(now, len(wanted) + len(task_constraints(self.spec)))


def separated(competition: Competition) -> Separated:
    """Keep a domain's lanes apart, as far as their constraints have room for it.

    Where they have not, whoever is new there stays away.
    """
    refused: dict[str, Diagnostic] = {}
    while True:
        parties = {each.name: each for each in _parties(competition, refused)}
        apart = _apart(parties, _there(competition))
        wrong: dict[str, Diagnostic] = {}
        for each in parties.values():
            if apart[each.name] and each.count(apart[each.name]) > MOST_CONSTRAINTS:
                for service in _blamed(each, apart[each.name], parties):
                    told = _crowded(competition, service, each, apart[each.name])
                    wrong.setdefault(service, told)
        if not wrong:
            break
        refused |= wrong
    changed = (each for each in parties.values() if each.live and apart[each.name] != each.named)
    return Separated(
        {
            name: tuple(
                replace(lane, apart_from=tuple(sorted(apart.get(lane.name, ()))))
                for lane in competition.lanes(name)
            )
            for name in competition.manifests
            if name not in refused
        },
        tuple(_separation(competition, each, apart[each.name]) for each in changed),
        refused,
    )


def _there(competition: Competition) -> frozenset[str]:
    services = competition.roster.services.values() if competition.roster else ()
    return frozenset(each.name for each in services if each.status == "ACTIVE")


def _parties(competition: Competition, refused: Collection[str]) -> Iterator[_Party]:
    """All lanes of the domain; those that are to go are there as long as they are."""
    wanted = {
        lane.name: _wanted(name, manifest.spec, lane)
        for name, manifest in competition.moving.items()
        if name not in refused
        for lane in competition.lanes(name)
    }
    for name, lanes in competition.live.items():
        for each in lanes:
            live = competition.roster.services[each.name] if competition.roster else None
            if live is None or live.status != "ACTIVE":
                continue
            places = frozenset((each.partition, device) for device in each.device_ids)
            party = wanted.pop(each.name, None)
            if party is not None:
                places, locks = places | party.places, party.locks | _live_locks(live)
                yield replace(party, places=places, locks=locks, live=live)
            else:
                yield _Party(each.name, name, places, _live_locks(live), live=live)
    yield from wanted.values()


def _wanted(name: str, spec: ServiceSpec, lane: Lane) -> _Party:
    places = frozenset((lane.partition, device) for device in lane.device_ids)
    return _Party(lane.name, name, places, frozenset({lane_lock(spec)}), spec, lane)


def _live_locks(live: LiveService) -> frozenset[Lock]:
    figures = lane_tag.read(live.tags)
    return frozenset({lock_of(live, figures)} if figures else ())


def _apart(parties: Mapping[str, _Party], there: Collection[str]) -> dict[str, frozenset[str]]:
    """The lanes that each is to name.

    What a live lane names beyond them goes if it may be in the way. Else it stays until others
    come: a service that is gone is in nobody's way, and nothing changes once all is done.
    """
    locks = frozenset(lock for each in parties.values() for lock in each.locks)
    if not (_are_uncounted(locks) or any(each.named for each in parties.values())):
        return dict.fromkeys(parties, frozenset())
    at: dict[tuple[str, int], set[str]] = defaultdict(set)
    for each in parties.values():
        for place in each.places:
            at[place].add(each.name)
    found = {}
    for name, each in parties.items():
        meets = set[str]().union(*(at[place] for place in each.places)) - {name}
        needed = {n for n in meets if _are_uncounted(each.locks | parties[n].locks)}
        needed |= each.named & meets if each.spec else each.named
        rest = each.named - needed
        harmless = needed <= each.named and rest.isdisjoint(there) and rest.isdisjoint(parties)
        found[name] = each.named if harmless else frozenset(needed)
    return found


def _are_uncounted(locks: frozenset[Lock]) -> bool:
    """Whether lanes with these locks between them have none in common that ECS counts."""
    return Lock.CONSTRAINTS in locks or {Lock.PORTS, Lock.MEMORY} <= locks


def _blamed(party: _Party, names: Iterable[str], parties: Mapping[str, _Party]) -> frozenset[str]:
    """Whose lanes have made it too much: its own if it is new, else those that are new to it."""
    own = frozenset({party.service} if party.spec else ())
    if party.live is None:
        return own
    rivals = (parties[name] for name in names if name in parties)
    return frozenset(each.service for each in rivals if each.live is None) or own


def _separation(competition: Competition, party: _Party, names: frozenset[str]) -> Separation:
    assert party.live is not None  # noqa: S101  (its only caller asks)
    return Separation(
        cluster=competition.key.cluster,
        key=party.live.tags.get(KEY, party.name),
        service=party.live,
        constraints=party.parted_from(names),
        apart_from=tuple(sorted(names - party.named)),
    )


def _crowded(
    competition: Competition, service: str, party: _Party, names: Collection[str]
) -> Diagnostic:
    some = sorted(names)[:MOST_TOLD]
    more = f" and {len(names) - len(some)} more" if len(names) > len(some) else ""
    return Diagnostic(
        severity="error",
        code="too-many-lanes",
        message=f"lane {party.name} would have to keep away from {len(names)} lanes "
        f"({', '.join(some)}{more}), and its placement constraints have no room to name them all",
        location=_place(competition, service),
        path="spec.neuron.lock",
        expected=f"at most {MOST_CONSTRAINTS} constraints of {LONGEST_EXPRESSION} characters, "
        "with those of the task definition and those that are written",
        found=f"{party.count(names)} constraints",
        remedy="take lock: antiAffinity out where networkMode is bridge or host, give services "
        "a neuron.pool of their own, shorten their names, or take placementConstraints out",
        key=f"NeuronService/{service}",
    )


def _place(competition: Competition, service: str) -> Location | None:
    for each in competition.services:
        if each.manifest.metadata.name == service:
            return Location(each.document.file, each.document.line, 1)
    return None
