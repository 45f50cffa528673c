"""Going on where an allocation was interrupted: the rest of it fits what runs, and only it may.

Lanes are made one after the other. Whoever is killed in between leaves some of them, and some of
the partitions. Filling up around these can end in a shortage that the allocation did not have.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.neuron.domain import Foreign
from glia.neuron.lanes import DEFAULT_PARTITION
from glia.neuron.placing import seat_at, sit
from glia.neuron.running import Running, empty_ledger, running

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.neuron.domain import Domain
    from glia.neuron.placing import Layout


def untouched(domain: Domain, start: Running) -> tuple[Domain, Running] | None:
    """The same domain and services before anything ran.

    None if nothing does or did, or if a lane is leaving: that is a change, and no beginning.
    What others hold on the default partition's instances, they are taken to hold anywhere.
    """
    ledgers = start.layout.ledgers
    empty = ledgers.keys() == {DEFAULT_PARTITION} and not ledgers[DEFAULT_PARTITION].masks
    if empty or start.leaving:
        return None
    instances = sum(domain.instances.values())
    foreign = {DEFAULT_PARTITION: domain.foreign.get(DEFAULT_PARTITION, Foreign())}
    before = replace(
        domain, instances={DEFAULT_PARTITION: instances}, idle=instances, foreign=foreign
    )
    return before, running(start.services, before, ())


def resumed(
    domain: Domain, start: Running, whole: Layout, partitions: Iterable[str]
) -> tuple[Layout, tuple[str, ...]] | None:
    """What runs, completed to the whole layout; None if it is no part of that.

    Args:
        domain: as it is.
        start: what runs.
        whole: the layout of the untouched domain.
        partitions: those that the whole layout has beside the default one.

    Returns:
        The layout, and those of the partitions that are not there yet.
    """
    if not _is_part(start.layout, whole):
        return None
    layout = start.layout.copy()
    new = _parted(domain, layout, whole, partitions)
    if new is None:
        return None
    for each in start.services:
        for site, count in whole.counts.get(each.service, {}).items():
            lanes = layout.counts.setdefault(each.service, {})
            more = count - lanes.get(site, 0)
            if not more:
                continue
            seat = seat_at(layout, each, site)
            if seat is None or seat.room < more:
                return None
            sit(layout, each, seat, more)
    return layout, new


def _is_part(layout: Layout, whole: Layout) -> bool:
    """Whether every lane is one of the whole layout's, and no larger; empty ones count not."""
    return all(
        count <= whole.counts.get(service, {}).get(site, 0)
        for service, lanes in layout.counts.items()
        for site, count in lanes.items()
    )


def _parted(
    domain: Domain, layout: Layout, whole: Layout, partitions: Iterable[str]
) -> tuple[str, ...] | None:
    """Add the partitions that are not there; None if the idle instances are too few."""
    new = tuple(name for name in partitions if name not in layout.ledgers)
    widths = {name: whole.ledgers[name].width for name in new}
    if sum(widths.values()) > domain.idle:
        return None
    for name, width in widths.items():
        layout.ledgers[name] = empty_ledger(domain, name, width, like=DEFAULT_PARTITION)
        layout.ledgers[DEFAULT_PARTITION].width -= width
    return new
