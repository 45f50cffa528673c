"""Services that wait for others: their changes come when those are Ready.

Only what the manifest changes waits. Drift is put back at once: a dependency that is down is no
reason to leave its dependents broken as well.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from glia.change import Block
from glia.identity import lane_id
from glia.plan import NOT_READY, Held

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.change import Change
    from glia.desired.state import DesiredService, DesiredState
    from glia.observed import Observed
    from glia.plan import Settled
    from glia.target import ClusterRef


@dataclass(frozen=True, slots=True)
class Standing:
    """How a service is, as far as others depend on it.

    Attributes:
        open: ids of what has to be done before it is Ready.
        obstacle: why no apply of this plan makes it Ready; empty where one does.
    """

    open: tuple[str, ...] = ()
    obstacle: str = ""


class Standings:
    """How all services of a plan are, each looked at when somebody asks.

    Args:
        changes, settled, held: what has been decided.
    """

    def __init__(
        self,
        desired: DesiredState,
        observed: Mapping[ClusterRef, Observed],
        changes: Iterable[Change],
        settled: Iterable[Settled],
        held: Iterable[Held],
    ) -> None:
        self.services = {service.name: service for service in desired.services}
        self._observed = observed
        self._changes: dict[str, list[Change]] = defaultdict(list)
        self._settled: dict[str, list[Settled]] = defaultdict(list)
        self._held = {each.service.name: each for each in held}
        for change in changes:
            self._changes[change.service.name].append(change)
        for each in settled:
            self._settled[each.service.name].append(each)

    def is_held(self, name: str) -> bool:
        return name in self._held

    def hold(self, held: Held) -> None:
        """Whoever depends on this one waits as well."""
        self._held[held.service.name] = held

    def of(self, name: str) -> Standing:
        """How the service of a manifest is."""
        service = self.services.get(name)
        if service is None:
            return Standing(obstacle=f"{name} has an error, or no chips")
        if service.suspended:
            return self._as_it_is(service)
        if obstacle := self._obstacle(service):
            return Standing(obstacle=obstacle)
        rolling = [lane_id(service, each.lane) for each in self._settled[name] if each.rolling]
        return Standing(open=(*rolling, *(each.id for each in self._made(name))))

    def _made(self, name: str) -> list[Change]:
        """A service is Ready before its old lanes are gone."""
        return [each for each in self._changes[name] if each.action != "delete"]

    def _obstacle(self, service: DesiredService) -> str:
        name, key = service.name, service.key
        if failure := self._observed[service.cluster].failure:
            return f"{key} could not be read: {failure}"
        if name in self._held:
            return f"{key} is held: {self._held[name].reason}"
        if any(each.blocked_by for each in self._made(name)):
            return f"a change of {key} is blocked"
        if service.lanes and not (self._made(name) or self._settled[name]):
            return f"{key} was deleted, and its driftPolicy leaves it so"
        still = [each.live for each in self._settled[name] if not each.rolling]
        short = [each for each in still if each.running < each.desired]
        if short:
            running = sum(each.running for each in short)
            return f"{running} of {sum(each.desired for each in short)} replicas of {key} run"
        return ""

    def _as_it_is(self, service: DesiredService) -> Standing:
        """A suspended service is not looked into; that its replicas run is all that is known."""
        services = self._observed[service.cluster].services
        for lane in service.lanes:
            live = services.get(lane.lane.name)
            if live is None or live.status != "ACTIVE" or live.running < live.desired:
                return Standing(obstacle=f"{service.key} is suspended, and does not run as a whole")
        return Standing()


def after_dependencies(
    changes: Sequence[Change], held: Sequence[Held], standings: Standings
) -> tuple[list[Change], list[Held]]:
    """Each change of the manifest behind those that its service depends on, or held with them."""
    waits = {
        name: service.depends_on
        for name, service in standings.services.items()
        if service.depends_on and not service.suspended
    }
    if not waits:
        return list(changes), list(held)
    before: dict[str, tuple[str, ...]] = {}
    holding: dict[str, Held] = {}
    moving = {each.service.name for each in changes if not _is_free(each)}
    for name in TopologicalSorter(waits).static_order():
        if name not in waits or name not in moving or standings.is_held(name):
            continue
        found = [standings.of(each) for each in waits[name]]
        obstacles = [each.obstacle for each in found if each.obstacle]
        before[name] = tuple(dict.fromkeys(id_ for each in found for id_ in each.open))
        if obstacles:
            holding[name] = Held(standings.services[name], NOT_READY, "; ".join(obstacles))
            standings.hold(holding[name])
    placed = [
        replace(each, depends_on=(*before[each.service.name], *each.depends_on))
        if before.get(each.service.name) and not _is_free(each)
        else each
        for each in changes
        if _is_free(each) or each.service.name not in holding
    ]
    return _in_order(placed, waits), [*held, *holding.values()]


def _is_free(change: Change) -> bool:
    """Whether a change waits for no other service: what it puts back, and what is not made."""
    return change.cause in {"drift", "prune"} or bool(change.blocked_by)


def _in_order(changes: Sequence[Change], waits: Mapping[str, tuple[str, ...]]) -> list[Change]:
    """Services behind those that they depend on, otherwise by their names."""
    groups: dict[str, list[Change]] = {}
    for each in changes:
        groups.setdefault(each.service.name, []).append(each)
    graph = {name: [each for each in waits.get(name, ()) if each in groups] for name in groups}
    order = TopologicalSorter(graph).static_order()
    return [change for name in order for change in groups[name]]


def after_the_move(change: Change, standings: Standings) -> Change:
    """A pruned service that has moved to another cluster stays until it is Ready there."""
    heir = standings.services.get(change.service.name)
    if heir is None or heir.cluster == change.service.cluster:
        return change
    found = standings.of(heir.name)
    if found.obstacle:
        block = Block(
            "prune-claimed",
            f"it has moved to {heir.key} in {heir.cluster}, which is not Ready: {found.obstacle}",
            "let that one become Ready first",
        )
        return replace(change, blocked_by=(*change.blocked_by, block))
    return replace(change, depends_on=(*found.open, *change.depends_on))
