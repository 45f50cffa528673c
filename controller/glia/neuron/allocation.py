"""Who gets which chips: the services of a domain to lanes and partitions.

The answer follows from the services, the live lanes and the instances alone, in whatever order
they come. Nothing is remembered and nothing is moved.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from glia.neuron.arranging import go_on
from glia.neuron.domain import Allocation, NewPartition, Shortage
from glia.neuron.lanes import DEFAULT_PARTITION, Lane, lane_name
from glia.neuron.patterns import devices_of, free_run, mask_of
from glia.neuron.running import running, unsafe
from glia.neuron.shortage import Case, hopeless, shortages, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.neuron.domain import Demand, Domain, LiveLane, Reason
    from glia.neuron.placing import Layout, Site
    from glia.neuron.running import Running


def allocate(
    demands: Iterable[Demand],
    domain: Domain,
    live: Iterable[LiveLane] = (),
    *,
    rough: bool = False,
) -> Allocation:
    """Lanes for all replicas that have room, without a running lane moved.

    Args:
        demands: all services of the domain. The lanes of one that is missing are leaving.
        domain: the instances that there are.
        live: the lanes that ECS has on them.
        rough: leave out with how many instances there would be room, which is most of the work
            where there is none: a shortage tells the instances that there are.

    Returns:
        The lanes that shall be, the partitions to label for them, and what cannot be placed.
        It is safe to apply as it is: whatever is in it keeps the inequality (safety.py),
        except the running lanes told as unsafe.
    """
    services = tuple(sorted(demands, key=lambda each: each.service))
    reasons = {each.service: hopeless(each, domain) for each in services}
    stuck = frozenset(service for service, reason in reasons.items() if reason)
    case = Case(domain, tuple(live), services, stuck)
    start = running(services, domain, case.live, stuck)
    attempt = go_on(domain, start)
    layout = _with_the_empty(attempt.layout, services, stuck)
    refused = (_refused(layout, each, domain, reasons[each.service]) for each in services)
    found = (*shortages(case, attempt, rough=rough), *(each for each in refused if each))
    return Allocation(
        lanes=MappingProxyType(_lanes(domain, layout, start, services)),
        partitions=tuple(_partition(layout, name) for name in attempt.new),
        shortages=tuple(sorted(found, key=lambda each: each.service)),
        unsafe=tuple(unsafe(start, layout)),
    )


def _with_the_empty(layout: Layout, services: Iterable[Demand], stuck: frozenset[str]) -> Layout:
    """A service without replicas has a lane too: what there is to scale up."""
    layout = layout.copy()
    home = layout.ledgers[DEFAULT_PARTITION]
    for each in services:
        if each.replicas == 0 and each.service not in stuck and each.service not in layout.counts:
            mask = mask_of(each.device_ids or ())
            mask = mask or free_run(home.room, each.chips) or home.board.runs[each.chips][0]
            layout.counts[each.service] = {(DEFAULT_PARTITION, mask): 0}
    return layout


def _refused(
    layout: Layout, demand: Demand, domain: Domain, reason: Reason | None
) -> Shortage | None:
    """A hopeless service lacks what does not run already."""
    if reason is None:
        return None
    missing = demand.replicas - sum(layout.counts.get(demand.service, {}).values())
    chips = missing * demand.chips
    if missing <= 0:
        return None
    return Shortage(demand.service, missing, chips, reason, None, too_large(demand, domain))


def _lanes(
    domain: Domain, layout: Layout, start: Running, services: Iterable[Demand]
) -> dict[str, tuple[Lane, ...]]:
    chips = domain.instance_type.chips
    own = {each.service: each.name for each in services}

    def lane(service: str, site: Site, count: int) -> Lane:
        partition, mask = site
        devices = devices_of(mask)
        name = own[service] or start.names.get((service, site))
        name = name or lane_name(service, devices, chips, partition)
        return Lane(name, devices, count, partition)

    return {
        service: tuple(
            lane(service, site, count)
            for site, count in sorted(counts.items(), key=_place)
            if count or not any(counts.values())
        )
        for service, counts in sorted(layout.counts.items())
    }


def _place(item: tuple[Site, int]) -> tuple[str, tuple[int, ...]]:
    (partition, mask), _ = item
    return partition, devices_of(mask)


def _partition(layout: Layout, name: str) -> NewPartition:
    ledger = layout.ledgers[name]
    pattern = sorted(devices_of(mask) for mask in ledger.masks)
    return NewPartition(name, tuple(pattern), ledger.width)
