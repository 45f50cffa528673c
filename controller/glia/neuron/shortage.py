"""What has found no room: why, and with how many instances it would."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glia.neuron.arranging import arrange
from glia.neuron.domain import Reason, Shortage
from glia.neuron.lanes import DEFAULT_PARTITION
from glia.neuron.patterns import board_of, mask_of
from glia.neuron.placing import Want, fill, spread
from glia.neuron.running import running

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.neuron.arranging import Attempt
    from glia.neuron.domain import Demand, Domain, LiveLane
    from glia.neuron.placing import Layout


def hopeless(demand: Demand, domain: Domain) -> Reason | None:
    """Why no number of instances would be enough, whatever else runs there."""
    chips = demand.chips
    if not 1 <= chips <= domain.instance_type.chips:
        return Reason.DEVICE_SET
    runs = board_of(domain.instance_type).runs[chips]
    pinned = demand.device_ids
    if not runs or (pinned is not None and mask_of(pinned) not in runs):
        return Reason.DEVICE_SET
    return Reason.REPLICA if too_large(demand, domain) else None


def too_large(demand: Demand, domain: Domain) -> str:
    """The resource of which one replica needs more than an instance has; none if it fits."""
    needs = zip(domain.capacity._fields, demand.use, domain.capacity, strict=True)
    return next((name for name, used, there in needs if used > there), "")


@dataclass(frozen=True, slots=True)
class Case:
    """What an allocation starts from.

    Attributes:
        stuck: the services that get nothing more.
    """

    domain: Domain
    live: Sequence[LiveLane]
    demands: Sequence[Demand]
    stuck: frozenset[str] = frozenset()

    def attempt(self, instances: int | None = None) -> Attempt:
        """Place all with so many instances in the domain; by default as many as there are."""
        domain = self.domain if instances is None else _with(self.domain, instances)
        return arrange(domain, running(self.demands, domain, self.live, self.stuck))


def shortages(case: Case, attempt: Attempt, *, rough: bool = False) -> tuple[Shortage, ...]:
    """Of every service that lacks a replica, or runs on fewer instances than it must.

    Args:
        case: the services that are hopeless are stuck in it.
        attempt: the best that was found.
        rough: do not look for the number of instances that would be enough.
    """
    helpless, enough = frozenset[str](), None
    if attempt.missing:
        helpless = _services(case.attempt(_most(case)).missing)
        if _services(attempt.missing) - helpless:
            there = sum(case.domain.instances.values())
            enough = there if rough else _enough(case, helpless)
    found = [
        Shortage(
            want.demand.service,
            want.replicas,
            want.replicas * want.demand.chips,
            _reason(attempt.layout, want, lost=want.demand.service in helpless),
            None if want.demand.service in helpless else enough,
            scarcest(attempt.layout, want),
        )
        for want in attempt.missing
    ]
    lacking = _services(attempt.missing) | case.stuck
    return (
        *found,
        *(
            Shortage(demand.service, 0, 0, Reason.SPREAD, None)
            for demand in case.demands
            if demand.service not in lacking
            and spread(attempt.layout.counts.get(demand.service, {})) < demand.spread
        ),
    )


def _services(wants: Iterable[Want]) -> frozenset[str]:
    return frozenset(want.demand.service for want in wants)


def _reason(layout: Layout, want: Want, *, lost: bool) -> Reason:
    anywhere = Want(replace(want.demand, min_instances=1), want.replicas)
    left = fill(layout.copy(), [anywhere], roomy=True)
    if not left or left[0].replicas < want.replicas:
        return Reason.SPREAD
    return Reason.CLOSED if lost and _closed(layout, want.demand) else Reason.ROOM


def scarcest(layout: Layout, want: Want) -> str:
    """What keeps replicas off chips that are there: without it more would have room."""
    demand = replace(want.demand, min_instances=1)
    lighter = {
        "ports": replace(demand, ports=frozenset(), locked=False),
        "cpu": replace(demand, cpu=0),
        "memory": replace(demand, memory=0),
        "enis": replace(demand, enis=0),
    }
    most = _unplaced(layout, demand, want.replicas)
    for name, each in lighter.items():
        if each != demand and _unplaced(layout, each, want.replicas) < most:
            return name
    return ""


def _unplaced(layout: Layout, demand: Demand, replicas: int) -> int:
    left = fill(layout.copy(), [Want(demand, replicas)], roomy=True)
    return sum(each.replicas for each in left)


def _closed(layout: Layout, demand: Demand) -> bool:
    """Whether foreign tasks alone keep it off all partitions."""
    pinned = mask_of(demand.device_ids or ())
    return not any(
        not run & ledger.board.taken
        and not demand.ports & ledger.closed_ports
        and all(used <= free for used, free in zip(demand.use, ledger.free, strict=True))
        for ledger in layout.ledgers.values()
        for run in ((pinned,) if pinned else ledger.board.runs[demand.chips])
    )


def _with(domain: Domain, instances: int) -> Domain:
    """The domain with so many in all: the new ones have no label and no task."""
    more = instances - sum(domain.instances.values())
    default = domain.instances.get(DEFAULT_PARTITION, 0) + more
    return replace(
        domain,
        instances={**domain.instances, DEFAULT_PARTITION: default},
        idle=domain.idle + more,
    )


def _most(case: Case) -> int:
    """So many that every task could have an instance for itself."""
    peaks = sum(demand.replicas * (1 + demand.surge) for demand in case.demands)
    held = sum(lane.count + lane.surge for lane in case.live)
    return sum(case.domain.instances.values()) + peaks + held


def _enough(case: Case, helpless: frozenset[str]) -> int:
    """The least number found that places all the others: tried, not estimated."""
    low = max(sum(case.domain.instances.values()), _least(case, helpless) - 1)
    step, high, most = 1, low + 1, _most(case)
    while high < most and not _suffices(case, high, helpless):
        low, step = high, 2 * step
        high = min(low + step, most)
    while high - low > 1:
        middle = (low + high) // 2
        if _suffices(case, middle, helpless):
            high = middle
        else:
            low = middle
    return high


def _least(case: Case, helpless: frozenset[str]) -> int:
    """Fewer have too few chips."""
    others = (each for each in case.demands if each.service not in case.stuck | helpless)
    return -(-sum(each.replicas * each.chips for each in others) // case.domain.instance_type.chips)


def _suffices(case: Case, instances: int, helpless: frozenset[str]) -> bool:
    return _services(case.attempt(instances).missing) <= helpless
