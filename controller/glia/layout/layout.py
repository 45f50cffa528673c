"""``lay_out``: the lanes of every service, and what has to be done to the instances for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from glia.desired.desire import clusters
from glia.layout.domains import domain_key, pinned_devices, shared_domains
from glia.layout.refusals import refused
from glia.manifest.spec import NeuronService
from glia.neuron.lanes import Lane, lane_name
from glia.planning.allowances import NOTHING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from glia.errors import Diagnostic
    from glia.layout.competition import Competition
    from glia.layout.domains import DomainKey
    from glia.layout.roster import Roster
    from glia.live import LiveService
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.plan import Shortage
    from glia.planning.allowances import Allowances
    from glia.status import Room
    from glia.steps import Labelling, Separation
    from glia.target import ClusterRef
    from glia.transition import Transition


@dataclass(frozen=True, slots=True)
class Layout:
    """What the allocator came to.

    Attributes:
        lanes: of each service, by its manifest's name.
        leaving: live services of lanes that are to be deleted, by their manifest's name.
        labellings: instances that change their partition.
        shortages: domains whose instances are not enough; ``diagnostics`` say for whom.
        transitions: lanes that change in steps, as there is no room for all at once.
        separations: live lanes to keep apart from others first.
    """

    lanes: Mapping[str, tuple[Lane, ...]]
    leaving: Mapping[str, tuple[LiveService, ...]]
    labellings: tuple[Labelling, ...]
    shortages: tuple[Shortage, ...]
    diagnostics: tuple[Diagnostic, ...]
    transitions: tuple[Transition, ...] = ()
    separations: tuple[Separation, ...] = ()


def clusters_to_read(
    declared: Sequence[Declared], instance_types: Mapping[str, InstanceType]
) -> frozenset[ClusterRef]:
    """The clusters whose instances are shared: of these alone the fleet has to be known."""
    return frozenset(key.cluster for key in _shared(declared, instance_types))


def domain_keys(declared: Sequence[Declared], names: Collection[str]) -> frozenset[DomainKey]:
    """The domains of these services, by their manifests' names."""
    found = (
        domain_key(cluster, manifest.spec.neuron)
        for _, manifest, cluster in _services(declared)
        if manifest.metadata.name in names
    )
    return frozenset(key for key in found if key is not None)


def parted(
    declared: Sequence[Declared], instance_types: Mapping[str, InstanceType]
) -> tuple[tuple[Declared, ...], tuple[Declared, ...]]:
    """Manifests whose lanes follow from themselves, and those whose lanes depend on what runs.

    The clusters are among both.
    """
    shared = _shared(declared, instance_types)
    sharing = {
        id(each)
        for each, manifest, cluster in _services(declared)
        if domain_key(cluster, manifest.spec.neuron) in shared
    }
    if not sharing:
        return tuple(declared), ()
    alone = tuple(each for each in declared if id(each) not in sharing)
    rest = tuple(
        each
        for each in declared
        if id(each) in sharing or not isinstance(each.manifest, NeuronService)
    )
    return alone, rest


def lay_out(  # noqa: PLR0913  (by keyword)
    declared: Sequence[Declared],
    instance_types: Mapping[str, InstanceType],
    rosters: Mapping[ClusterRef, Roster],
    *,
    allowed: Allowances = NOTHING,
    empty: Mapping[str, int] = MappingProxyType({}),
    domains: Collection[DomainKey] = (),
) -> Layout:
    """The lanes of every service, a pure function of the manifests and of what runs.

    Args:
        declared: clusters and services, all of them right.
        instance_types: by name, all that the services use.
        rosters: of the clusters to read; one that is missing is laid out as if it were empty,
            with as many instances as it takes. Of one that could not be read nothing is.
        allowed: more replicas down than the services say, or moving those that could stay.
        empty: by type, how many instances a domain without a roster has, instead of as many as
            it takes.
        domains: those that are shared because of what runs there.
    """
    services = _services(declared)
    shared = _shared(declared, instance_types).union(domains)
    refusals = dict(refused(services, shared))
    lanes: dict[str, tuple[Lane, ...]] = {}
    competing: dict[DomainKey, list[Declared]] = {}
    for each, manifest, cluster in services:
        key = domain_key(cluster, manifest.spec.neuron)
        if manifest.metadata.name in refusals:
            continue
        if key is not None and key in shared:
            competing.setdefault(key, []).append(each)
        else:
            lanes[manifest.metadata.name] = (_alone(manifest, instance_types),)
    wrong = tuple(refusals.values())
    if not competing:
        return Layout(lanes, {}, (), (), wrong)
    # The allocator's modules are only for those who share instances: start-up time.
    from glia.layout.competition import Competition  # noqa: PLC0415
    from glia.layout.exchange import exchanged  # noqa: PLC0415
    from glia.layout.labelling import labellings  # noqa: PLC0415
    from glia.layout.overlaps import Frozen, frozen  # noqa: PLC0415
    from glia.layout.separation import separated  # noqa: PLC0415
    from glia.layout.shortages import told, total  # noqa: PLC0415
    from glia.layout.transitions import transition  # noqa: PLC0415

    asked = [
        Competition(
            key,
            competing[key],
            roster,
            instance_types[key.instance_type],
            allowed,
            empty.get(key.instance_type),
        )
        for key in sorted(competing)
        if not ((roster := rosters.get(key.cluster)) and roster.failure)
    ]
    competitions, overlaps = frozen(asked)
    free = exchanged([each for each in competitions if not isinstance(each, Frozen)])
    competitions = (*free, *(each for each in competitions if isinstance(each, Frozen)))
    parted_ones = [(each, separated(each)) for each in competitions]
    for competition, found in parted_ones:
        for name, own in found.lanes.items():
            lanes[name] = _told_apart(competition, name, own)
    leaving = {name: each.leaving(name) for each, found in parted_ones for name in found.lanes}
    gone = {each.name for services in leaving.values() for each in services}
    gone |= {name for each in competitions for name in each.deleted_in_steps}
    return Layout(
        lanes,
        leaving,
        tuple(made for each in free for made in labellings(each, gone)),
        tuple(total(each) for each in free if each.lacking),
        (
            *wrong,
            *overlaps,
            *(diagnostic for _, found in parted_ones for diagnostic in found.refused.values()),
            *(diagnostic for each in free for diagnostic in told(each)),
        ),
        transitions=tuple(made for each in free if (made := transition(each))),
        separations=tuple(made for _, found in parted_ones for made in found.separations),
    )


def rooms_of(
    declared: Sequence[Declared],
    instance_types: Mapping[str, InstanceType],
    rosters: Mapping[ClusterRef, Roster],
) -> dict[ClusterRef, tuple[Room, ...]]:
    """What is left of the domains that these manifests share, as far as they could be read."""
    shared = _shared(declared, instance_types)
    competing: dict[DomainKey, list[Declared]] = {}
    for each, manifest, cluster in _services(declared):
        key = domain_key(cluster, manifest.spec.neuron)
        roster = rosters.get(cluster)
        if key is not None and key in shared and roster is not None and not roster.failure:
            competing.setdefault(key, []).append(each)
    if not competing:
        return {}
    from glia.layout.competition import Competition  # noqa: PLC0415
    from glia.layout.room import rooms  # noqa: PLC0415

    found: dict[ClusterRef, tuple[Room, ...]] = {}
    for key, services in sorted(competing.items(), key=lambda item: item[0]):
        kind = instance_types[key.instance_type]
        competition = Competition(key, services, rosters[key.cluster], kind, NOTHING)
        found[key.cluster] = (*found.get(key.cluster, ()), *rooms(competition))
    return found


def _told_apart(competition: Competition, name: str, lanes: tuple[Lane, ...]) -> tuple[Lane, ...]:
    """Lanes know whether there may be others of their service."""
    neuron = competition.manifests[name].spec.neuron
    if pinned_devices(neuron, competition.instance_type) and not competition.leaving(name):
        return lanes
    return tuple(replace(each, siblings=True) for each in lanes)


def _services(
    declared: Iterable[Declared],
) -> list[tuple[Declared, NeuronService, ClusterRef]]:
    found = list(declared)
    known = clusters(found)
    return [
        (each, each.manifest, known[each.manifest.spec.cluster])
        for each in found
        if isinstance(each.manifest, NeuronService)
    ]


def _shared(
    declared: Sequence[Declared], instance_types: Mapping[str, InstanceType]
) -> frozenset[DomainKey]:
    services = [(manifest, cluster) for _, manifest, cluster in _services(declared)]
    return shared_domains(services, instance_types)


def _alone(manifest: NeuronService, instance_types: Mapping[str, InstanceType]) -> Lane:
    """A service that leaves no choice: its replicas have instances, or chips, of their own."""
    spec, name = manifest.spec, manifest.metadata.name
    own_name: str | None = spec.service.get("serviceName")
    if spec.neuron.allocation == "managed":
        return Lane(own_name or name, (), spec.replicas)
    instance_type = instance_types[spec.neuron.instance_type or ""]
    devices = pinned_devices(spec.neuron, instance_type)
    return Lane(own_name or lane_name(name, devices, instance_type.chips), devices, spec.replicas)
