"""The services of one domain: what they want, what they have, and what they get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from glia.layout.demands import demand, live_lanes
from glia.layout.supply import empty_domain, idle_instances, supply, usable_instances
from glia.manifest.spec import NeuronService
from glia.neuron.allocation import allocate
from glia.neuron.lanes import Lane
from glia.occupancy import occupancy
from glia.plan import Labelling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glia.layout.domains import DomainKey
    from glia.layout.roster import Roster
    from glia.live import LiveService
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.neuron.domain import Allocation, Domain, LiveLane

# Offline nobody knows how many instances there are; two are what `minInstances` asks for.
OFFLINE_INSTANCES = 2


@dataclass(frozen=True)
class Competition:
    """A domain and whoever wants chips of it.

    Attributes:
        roster: None offline: the domain is taken to be empty, with as many instances as needed.
        without_leaving: lanes that have to go are taken to be gone.
    """

    key: DomainKey
    services: Sequence[Declared]
    roster: Roster | None
    instance_type: InstanceType
    without_leaving: bool

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
    def live(self) -> Mapping[str, tuple[LiveLane, ...]]:
        return live_lanes(self.key, self.roster, self.moving) if self.roster else {}

    @cached_property
    def domain(self) -> Domain:
        if self.roster is None:
            return empty_domain(self.instance_type, 0)
        return supply(self.key, self.roster, self.instance_type)

    @property
    def registered(self) -> int:
        return sum(self.domain.instances.values())

    @cached_property
    def allocation(self) -> Allocation:
        """Offline the domain has as many instances as it takes."""
        found = self._allocated(self.domain, leaving=not self.without_leaving)
        enough = [each.enough for each in found.shortages if each.enough is not None]
        if self.roster is not None or not enough:
            return found
        return self._allocated(empty_domain(self.instance_type, max(enough)), leaving=True)

    def helps_to_delete_first(self) -> bool:
        """Whether what has no room now would have some were the leaving lanes gone."""
        leaves = any(lane.leaving for lanes in self.live.values() for lane in lanes)
        return leaves and not self._allocated(self.domain, leaving=False).shortages

    def _allocated(self, domain: Domain, *, leaving: bool) -> Allocation:
        registered = self.registered or OFFLINE_INSTANCES
        demands = [
            demand(each, self.instance_type, self.live.get(name, ()), registered)
            for name, each in self.moving.items()
        ]
        fixed = [
            lane for lanes in self.live.values() for lane in lanes if leaving or not lane.leaving
        ]
        return allocate(demands, domain, fixed)

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
        """Live services of lanes that the service no longer has."""
        if self.roster is None or name not in self.moving:
            return ()
        kept = {lane.name for lane in self.lanes(name)}
        gone = (each.name for each in self.live.get(name, ()) if each.name not in kept)
        return tuple(self.roster.services[each] for each in gone)

    def labellings(self) -> tuple[Labelling, ...]:
        """Idle instances for each new partition, the first by their ids: the same in every run."""
        if self.roster is None:
            return ()
        occupied = occupancy(self.roster.fleet)
        idle = list(idle_instances(usable_instances(self.key, occupied), occupied))
        made = []
        for partition in self.allocation.partitions:
            taken, idle = idle[: partition.instances], idle[partition.instances :]
            arns = tuple(each.arn for each in taken)
            made.append(Labelling(self.key.cluster, self.instance_type.name, partition.name, arns))
        return tuple(made)
