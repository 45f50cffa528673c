"""The services of one domain: what they want, what they have, and what they get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from glia.layout.adopted import Inherited, inherited
from glia.layout.demands import demand, lanes_of, live_lanes
from glia.layout.labelling import needless, users
from glia.layout.repair import Repaired, bystanders, repaired, with_idle
from glia.layout.supply import empty_domain, partition_of, stray_instances, supply, usable_instances
from glia.live import Fleet
from glia.manifest.spec import NeuronService
from glia.neuron.allocation import allocate
from glia.neuron.lanes import DEFAULT_PARTITION, Lane
from glia.neuron.settling import Settlement, settle
from glia.occupancy import occupancy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glia.layout.domains import DomainKey
    from glia.layout.exchange import Wait
    from glia.layout.roster import Roster
    from glia.live import LiveInstance, LiveService
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.neuron.domain import Allocation, Demand, Domain, LiveLane, Shortage
    from glia.occupancy import Occupancy
    from glia.planning.allowances import Allowances

# Offline nobody knows how many instances there are; two are what `minInstances` asks for.
OFFLINE_INSTANCES = 2


@dataclass(frozen=True)
class Competition:
    """A domain and whoever wants chips of it.

    Attributes:
        roster: None offline: the domain is taken to be empty, with as many instances as needed.
        allowed: more replicas down than the services say, or moving those that could stay.
        empty: offline, how many instances there are; None for as many as it takes.
        agreed: what it comes to together with other domains; None where it is alone.
        waits: services without room, and who holds it that leaves for another domain.
    """

    key: DomainKey
    services: Sequence[Declared]
    roster: Roster | None
    instance_type: InstanceType
    allowed: Allowances
    empty: int | None = None
    agreed: Settlement | None = None
    waits: tuple[Wait, ...] = ()

    @cached_property
    def manifests(self) -> Mapping[str, NeuronService]:
        return {
            each.manifest.metadata.name: each.manifest
            for each in self.services
            if isinstance(each.manifest, NeuronService)
        }

    @cached_property
    def moving(self) -> Mapping[str, NeuronService]:
        """Those that are not suspended: the lanes of others stay as they are."""
        return {name: each for name, each in self.manifests.items() if not each.spec.suspend}

    @cached_property
    def inherited(self) -> tuple[Inherited, ...]:
        """Services with task definitions of their own that the manifests have by their names."""
        if self.roster is None:
            return ()
        return tuple(inherited(self.moving, self.roster, self.instance_type))

    @cached_property
    def live(self) -> Mapping[str, tuple[LiveLane, ...]]:
        return (
            live_lanes(self.key, self.roster, self.moving, self.instance_type, self.inherited)
            if self.roster
            else {}
        )

    @property
    def domain(self) -> Domain:
        """With its partitions refilled, and those that nobody needs given back."""
        return self.repaired.domain

    @cached_property
    def repaired(self) -> Repaired:
        if self.roster is None:
            return Repaired(empty_domain(self.instance_type, self.empty or 0))
        domain = supply(self.key, self.roster, self.instance_type, self.inherited)
        domain = with_idle(domain, (partition_of(each) for each in self.needless))
        moving = [lane for name in self.moving for lane in self.live.get(name, ())]
        partitions = {lane.partition for lane in moving} - {DEFAULT_PARTITION}
        strays = {each: len(self.strays(each)) for each in partitions}
        if not strays:
            return Repaired(domain)
        others = list(
            bystanders(
                lane
                for name, lanes in self.live.items()
                if name not in self.moving
                for lane in lanes
            )
        )
        demands = [*self._demands(sum(domain.instances.values())), *(each for each, _ in others)]
        lanes = [*moving, *(lane for _, lane in others)]
        return repaired(domain, strays, lambda tried: allocate(demands, tried, lanes))

    @cached_property
    def occupied(self) -> Occupancy:
        return occupancy(self.roster.fleet if self.roster else Fleet())

    @cached_property
    def usable(self) -> tuple[LiveInstance, ...]:
        return usable_instances(self.key, self.occupied)

    @cached_property
    def users(self) -> Mapping[str, tuple[LiveService, ...]]:
        """The live services that are bound to each partition."""
        return users(self.key, self.roster) if self.roster else {}

    @cached_property
    def needless(self) -> tuple[LiveInstance, ...]:
        """Idle instances of partitions that nobody needs."""
        return needless(self.key, self.usable, self.occupied, self.users)

    def strays(self, partition: str) -> tuple[LiveInstance, ...]:
        """Instances of the default partition that only tasks of this one's lanes are on."""
        names = {
            lane.name
            for lanes in self.live.values()
            for lane in lanes
            if lane.partition == partition
        }
        return stray_instances(self.usable, self.occupied, names)

    @property
    def registered(self) -> int:
        return sum(self.domain.instances.values())

    @property
    def demands(self) -> list[Demand]:
        return self._demands(self.registered)

    @property
    def _draining(self) -> list[str]:
        there = self.roster.owned if self.roster else ()
        return [each.name for each in there if each.status == "DRAINING"]

    @property
    def present(self) -> list[LiveLane]:
        """All lanes, but for those that are being deleted already."""
        found = (lane for lanes in self.live.values() for lane in lanes)
        return [lane for lane in found if lane.name not in self._draining]

    @cached_property
    def settlement(self) -> Settlement:
        """Offline the domain has as many instances as it takes, unless somebody has said it."""
        if self.agreed is not None:
            return self.agreed
        demands = self.demands
        if self.roster is not None:
            return settle(
                demands,
                self.domain,
                [lane for lanes in self.live.values() for lane in lanes],
                downtime=self.allowed.downtime,
                repack=self.allowed.repack,
                gone=self._draining,
            )
        found = allocate(demands, self.domain)
        enough = [each.enough for each in found.shortages if each.enough is not None]
        if enough and self.empty is None:
            found = allocate(demands, empty_domain(self.instance_type, max(enough)))
        return Settlement(found)

    @property
    def allocation(self) -> Allocation:
        return self.settlement.allocation

    @property
    def lacking(self) -> tuple[Shortage, ...]:
        """Of the services that lack replicas, and not only spread."""
        return tuple(each for each in self.allocation.shortages if each.replicas)

    @cached_property
    def labels_wait(self) -> Mapping[str, int]:
        """Services that a partition would place, and how many more idle instances it takes."""
        default = self.domain.instances.get(DEFAULT_PARTITION, 0)
        if self.roster is None or not self.lacking or self.domain.idle >= default:
            return {}
        freely = replace(self.domain, idle=default)
        tried = allocate(self.demands, freely, self.present, rough=True)
        still = {each.service for each in tried.shortages if each.replicas}
        more = sum(each.instances for each in tried.partitions) - self.domain.idle
        cured = (each.service for each in self.lacking if each.service not in still)
        return dict.fromkeys(cured, more) if more > 0 else {}

    @property
    def deleted_in_steps(self) -> frozenset[str]:
        """The names of lanes that give way in steps, until nothing is left of them."""
        passage = self.settlement.passage
        steps = passage.steps if passage else ()
        return frozenset(each.lane.name for each in steps if each.action == "delete")

    def _demands(self, registered: int) -> list[Demand]:
        there = registered or OFFLINE_INSTANCES
        return [
            demand(each, self.instance_type, self.live.get(name, ()), there)
            for name, each in self.moving.items()
        ]

    def lanes(self, name: str) -> tuple[Lane, ...]:
        """What a service gets; a suspended one keeps what it has."""
        if name not in self.moving:
            return tuple(
                Lane(each.name, each.device_ids, each.count, each.partition)
                for each in self.live.get(name, ())
            )
        open_count = self.manifests[name].spec.replicas is None
        found = self.allocation.lanes.get(name, ())
        return tuple(replace(lane, count=None) for lane in found) if open_count else tuple(found)

    def leaving(self, name: str) -> tuple[LiveService, ...]:
        """Live services of lanes that the service no longer has, those of other domains too.

        None as long as replicas lack: what runs of the old shape is better than nothing. Those
        that go in steps are not among them.
        """
        if self.roster is None or name not in self.moving:
            return ()
        if any(each.service == name for each in self.lacking):
            return ()
        passage = self.settlement.passage
        kept = {lane.name for lane in self.lanes(name)}
        kept |= {step.lane.name for step in passage.steps} if passage else set()
        return tuple(
            each for each in lanes_of(self.manifests[name], self.roster) if each.name not in kept
        )
