"""What cannot be placed, told so that somebody can act on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.errors import Diagnostic, Location
from glia.layout.demands import demand
from glia.layout.supply import HOST_PORTS
from glia.layout.transitions import too_few
from glia.neuron.domain import Reason
from glia.neuron.locks import LOCK_BASE
from glia.plan import Shortage
from glia.plan_digest import hashed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.layout.adopted import Inherited
    from glia.layout.competition import Competition
    from glia.layout.repair import Refill
    from glia.neuron import domain as neuron
    from glia.neuron.domain import Unsafe


SCARCE = {
    "cpu": "CPU is what lacks, with chips left",
    "memory": "memory is what lacks, with chips left",
    "enis": "network interfaces are what lacks, with chips left",
}
MOST_CLASHES = 3


def total(competition: Competition) -> Shortage:
    """What a whole domain lacks."""
    found = competition.lacking
    enough = [each.enough for each in found if each.enough is not None]
    needed = max(enough) if len(enough) == len(found) else None
    chips = sum(each.chips for each in found)
    names = {each.service for each in found}
    wanted = [
        [each.key, each.document.body]
        for each in competition.services
        if each.manifest.metadata.name in names
    ]
    told = hashed(wanted)
    return Shortage(str(competition.key), needed, competition.registered, chips, told)


def told(competition: Competition) -> Iterator[Diagnostic]:
    """For each service that lacks replicas, lane not safe or not locked, and refilled partition."""
    for shortage in competition.allocation.shortages:
        tell = _lacking if shortage.replicas else _not_spread
        yield tell(competition, shortage)
    for lane in competition.allocation.unsafe:
        yield _unsafe(competition, lane)
    for each in competition.inherited:
        if each.unlocked:
            yield _unlocked(competition, each)
    for refill in competition.repaired.refills:
        yield _refilled(competition, refill)


def _lacking(competition: Competition, shortage: neuron.Shortage) -> Diagnostic:
    kind = competition.instance_type.name
    count = "1 replica" if shortage.replicas == 1 else f"{shortage.replicas} replicas"
    place = _declared(competition, shortage.service)
    enough = "" if shortage.enough is None else f"{shortage.enough} {kind} would be enough"
    return Diagnostic(
        severity="error",
        code="shortage",
        message=f"{count} of {shortage.service} cannot be placed on {competition.key}: "
        f"{_reason(competition, shortage)}{_scarce(competition, shortage)}"
        f"{_waiting(competition, shortage)}"
        f"{_unlabelled(competition, shortage)}",
        location=place,
        path="spec.replicas",
        expected=enough,
        found=f"{competition.registered} {kind}, {shortage.chips} chips short",
        remedy=_remedy(competition, shortage.service),
        key=f"NeuronService/{shortage.service}",
    )


def _reason(competition: Competition, shortage: neuron.Shortage) -> str:
    own = {each.manifest for each in competition.inherited if each.unlocked}
    if shortage.service not in own or shortage.reason is not Reason.CLOSED:
        return shortage.reason.value
    return (
        "its own tasks were there before Glia and have no host port for their chips, so nothing "
        "is placed beside them until its task definition changes"
    )


def _waiting(competition: Competition, shortage: neuron.Shortage) -> str:
    """Who holds room there and leaves for another domain, and whether it ever can by itself."""
    here = [each for each in competition.waits if each.place == str(competition.key)]
    mine = [each for each in here if each.service == shortage.service]
    if not mine:
        return ""
    circle = [each for each in competition.waits if each.circular]
    if any(each.circular for each in mine):
        told = ", ".join(f"{each.service} for {each.holder} on {each.place}" for each in circle)
        return f"; they wait for each other in a circle: {told}"
    holders = ", ".join(each.holder for each in mine)
    return f"; {holders} will have left it for other instances once there is room for all there"


def _unlabelled(competition: Competition, shortage: neuron.Shortage) -> str:
    number = competition.labels_wait.get(shortage.service)
    if not number:
        return ""
    kind, idle = competition.instance_type.name, competition.domain.idle
    return (
        f"; a partition of {number + idle} {kind} would do, and only {idle} of the default one are "
        "idle: no task is moved for a label"
    )


def _scarce(competition: Competition, shortage: neuron.Shortage) -> str:
    """What lacks beside chips; of host ports whose they are."""
    if shortage.resource != "ports":
        return f"; {SCARCE[shortage.resource]}" if shortage.resource else ""
    others = _ports(competition)
    own = others.pop(shortage.service, frozenset())
    taken = {port: [name for name in sorted(others) if port in others[name]] for port in own}
    clashes = [
        f"host port {port} is {', '.join(taken[port])}'s" for port in sorted(own) if taken[port]
    ]
    if clashes:
        return f"; {', '.join(clashes[:MOST_CLASHES])} too"
    return f"; an instance lends {HOST_PORTS} static host ports, those that lock chips included"


def _ports(competition: Competition) -> dict[str, frozenset[int]]:
    """The static host ports of every service of the domain, the locks left out."""
    found: dict[str, frozenset[int]] = {}
    for name, lanes in competition.live.items():
        found[name] = frozenset(port for lane in lanes for port in lane.ports)
    for name, manifest in competition.manifests.items():
        live = competition.live.get(name, ())
        wanted = demand(manifest, competition.instance_type, live, competition.registered)
        found[name] = found.get(name, frozenset()) | wanted.ports
    return found


def _not_spread(competition: Competition, shortage: neuron.Shortage) -> Diagnostic:
    """All replicas run: what came later, an instance or a larger minInstances, moves none."""
    manifest = competition.manifests[shortage.service]
    return Diagnostic(
        severity="warning",
        code="not-spread",
        message=f"{shortage.service} runs on fewer instances than it should, and no running "
        "replica is moved",
        location=_declared(competition, shortage.service),
        path="spec.neuron.minInstances",
        expected=f"{manifest.spec.neuron.min_instances} instances",
        remedy="leave it so until its replicas change, or write the instances that are enough",
        key=f"NeuronService/{shortage.service}",
    )


def _remedy(competition: Competition, service: str) -> str:
    settlement = competition.settlement
    kind = competition.instance_type.name
    if told := "; ".join(too_few(competition)):
        return f"--allow-downtime makes the room in steps: {told}; or register more instances"
    ways = "register more instances, or ask for fewer replicas or chips"
    if settlement.offer and service in settlement.cured:
        moved = "1 replica" if settlement.offer == 1 else f"{settlement.offer} replicas"
        return f"--repack would place it by moving {moved}; or {ways}"
    if number := competition.labels_wait.get(service):
        them = "it" if number == 1 else "them"
        return (
            f"apply labels {number} more {kind} as a partition once no task is on {them}: drain "
            f"{number} and make {them} ACTIVE again, which takes as many replicas down for a "
            f"while as are there; or {ways}"
        )
    if settlement.cut and competition.allowed.repack:
        return f"{ways}; there are more ways to repack than were tried"
    if settlement.cut:
        return f"{ways}; there are more ways to repack than were tried: --repack tries more"
    return ways


def _unsafe(competition: Competition, lane: Unsafe) -> Diagnostic:
    kind = competition.instance_type.name
    where = f" of partition {lane.partition}" if lane.partition else ""
    # A new instance has no label, and only an apply gives it one.
    again = ", and apply again once they are idle there" if lane.partition else ""
    short = f"{lane.resource} may run out" if lane.resource else f"{lane.needed} {kind} are needed"
    return Diagnostic(
        severity="warning",
        code="lane-unsafe",
        message=f"lane {lane.lane} may find no room for a replica that it loses: {short}",
        location=_declared(competition, lane.service),
        expected=f"{lane.needed} instances{where}",
        found=str(lane.instances),
        remedy=f"register more instances{again}, or ask for fewer replicas",
        key=f"NeuronService/{lane.service}",
    )


def _unlocked(competition: Competition, lane: Inherited) -> Diagnostic:
    devices = ", ".join(map(str, lane.figures.device_ids))
    return Diagnostic(
        severity="warning",
        code="chips-unlocked",
        message=f"service {lane.service.name} was there before Glia, and no host port keeps "
        f"others off its chips {devices}: until its task definition changes no other lane gets "
        "them",
        location=_declared(competition, lane.manifest),
        expected=f"host port {LOCK_BASE} and the chip's number, as its next task definition has",
        key=f"NeuronService/{lane.manifest}",
    )


def _refilled(competition: Competition, refill: Refill) -> Diagnostic:
    kind = competition.instance_type.name
    given = []
    if refill.strays:
        given.append(f"{refill.strays} {kind} that only its tasks are on")
    if refill.idle:
        given.append(f"{refill.idle} idle {kind} of the default partition")
    return Diagnostic(
        severity="warning",
        code="partition-short",
        message=f"partition {refill.partition} of {competition.key} has lost instances; its label "
        f"is given to {' and '.join(given)}",
        expected=f"{refill.needed} {kind}",
        found=str(refill.had),
    )


def _declared(competition: Competition, service: str) -> Location | None:
    for each in competition.services:
        if each.manifest.metadata.name == service:
            return Location(each.document.file, each.document.line, 1)
    return None
