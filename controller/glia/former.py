"""Lanes of a manifest that now comes down to others, where nothing else makes Glia look around.

Of services that share no instances only those are read that the manifests name. Lanes from
before, when one shared instances, had other chips pinned, was not handed whole instances by ECS
or had another ``serviceName``, have other names. Two things say that there may be some: a lane of
today carries ``glia:siblings``, or it is not there yet, and then the names in its cluster, and
the tags of those that no manifest has, tell whether it is worth looking closer.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from glia.desired import lane_tag
from glia.desired.state import DesiredState
from glia.enrol import enrol
from glia.errors import Diagnostic, GliaError
from glia.layout.demands import manifest_of
from glia.layout.layout import domain_keys
from glia.layout.roster import Roster
from glia.manifest.spec import NeuronCluster, NeuronService
from glia.neuron.locks import Lock
from glia.observe import sight
from glia.parallel import in_parallel
from glia.planning.needs import is_there
from glia.tags import SIBLINGS, TRUE, tag_list

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from glia.clock import Clock
    from glia.desired.state import DesiredLane, DesiredService
    from glia.layout.domains import DomainKey
    from glia.manifest.relations import Declared
    from glia.observe import Reader
    from glia.observed import Observed
    from glia.target import ClusterRef

# As ``lane_name`` makes them.
LANE_LIKE: Final = re.compile(r".+-neuron\d+(to\d+)?(-[a-z]\w*)?")


@dataclass(frozen=True, slots=True)
class Recalled:
    """What is to be laid out once it is known what there was.

    Attributes:
        state: the services whose lanes still follow from their manifests alone.
        sharing: the manifests of the others.
        domains: those whose chips have to be chosen because of former lanes.
        rosters: of the clusters that were read whole.
        sightings: of the others, the services that manifests name, and all where they were listed.
        diagnostics: what could not be looked at.
    """

    state: DesiredState
    sharing: tuple[Declared, ...]
    domains: frozenset[DomainKey]
    rosters: Mapping[ClusterRef, Roster]
    sightings: Mapping[ClusterRef, Observed]
    diagnostics: tuple[Diagnostic, ...]


def recalled(  # noqa: PLR0913  (by keyword)
    state: DesiredState,
    sharing: Sequence[Declared],
    rosters: Mapping[ClusterRef, Roster],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
    *,
    recall: Callable[[], Sequence[Declared]],
    to_list: Collection[ClusterRef] = (),
) -> Recalled:
    """Look for former lanes of the services in ``state``, and take those out that have some.

    An unchanged fleet costs no call beside those that read its services. ``recall`` gives all
    right manifests once more: those of a large fleet are not kept. The services of the clusters
    ``to_list`` are all looked at, and no other sighting says that it has them all.
    """
    unread = {each for each, roster in rosters.items() if roster.failure}
    apart = sorted({*state.clusters, *to_list} - (rosters.keys() - unread))

    def look(cluster: ClusterRef) -> Observed:
        return sight(cluster, _of(state, cluster), reader_of, lists=cluster in to_list)

    seen = in_parallel(clock, look, apart)
    asked = [each for each in seen if not each.failure and each.cluster not in unread]
    found = in_parallel(clock, lambda each: _look_around(state, each, reader_of, clock), asked)
    enrolled = dict(rosters) | {each.cluster: each for each, _ in found if each is not None}
    sightings = {each.cluster: each for each in seen}
    told = tuple(each for _, each in found if each is not None)
    unsure = unread | {seen.cluster for seen, (_, each) in zip(asked, found, strict=True) if each}
    state = DesiredState(tuple(_marked(each, unsure) for each in state.services))
    lanes = {cluster: _Lanes.of(each) for cluster, each in enrolled.items() if not each.failure}
    concerned = {
        each.name
        for each in state.services
        if each.cluster in lanes and not each.suspended and lanes[each.cluster].concern(each)
    }
    state = DesiredState(
        tuple(_tagged(each) if each.name in concerned else each for each in state.services)
    )
    # Where ECS hands out the instances, the old lanes alone are on chips of Glia's choice.
    former = [
        each
        for each in state.services
        if each.name in concerned and any(lane.lane.device_ids for lane in each.lanes)
    ]
    if not former:
        return Recalled(state, tuple(sharing), frozenset(), enrolled, sightings, told)
    places = {(each.cluster, _kind(each)) for each in former}
    names = {each.name for each in state.services if (each.cluster, _kind(each)) in places}
    again = tuple(_named(recall(), names))
    back = {each.manifest.metadata.name for each in again}
    domains = domain_keys(again, {each.name for each in former})
    rest = tuple(each for each in state.services if each.name not in back)
    return Recalled(DesiredState(rest), (*sharing, *again), domains, enrolled, sightings, told)


@dataclass(frozen=True, slots=True)
class _Lanes:
    """The live lanes of a cluster.

    Attributes:
        by_manifest: their names.
        kinds: the instance types on which some are kept apart from others by names alone.
    """

    by_manifest: Mapping[str, set[str]]
    kinds: frozenset[str]

    @classmethod
    def of(cls, roster: Roster) -> _Lanes:
        names: dict[str, set[str]] = defaultdict(set)
        kinds = set()
        for each in roster.owned:
            if each.status != "ACTIVE":
                continue
            names[manifest_of(each)].add(each.name)
            figures = lane_tag.read(each.tags)
            if figures is not None and figures.lock is Lock.CONSTRAINTS:
                kinds.add(figures.instance_type)
        return cls(names, frozenset(kinds))

    def concern(self, service: DesiredService) -> bool:
        """Whether some are its manifest's and not its own, or have to know that it comes."""
        own = {lane.lane.name for lane in service.lanes}
        there = self.by_manifest.get(service.name, set())
        is_new = there.isdisjoint(own)
        return bool(there - own or (is_new and _kind(service) in self.kinds))


def _marked(service: DesiredService, unsure: Collection[ClusterRef]) -> DesiredService:
    """Where nobody could look, a lane keeps its tag: the next plan asks again."""
    if service.cluster not in unsure:
        return service
    lanes = (replace(each, lane=replace(each.lane, siblings=True)) for each in service.lanes)
    return replace(service, lanes=tuple(lanes))


def _tagged(service: DesiredService) -> DesiredService:
    """With the tag that tells a later plan that there may be others."""

    def tagged(lane: DesiredLane) -> DesiredLane:
        tags = {**lane.tags, SIBLINGS: TRUE}
        return replace(
            lane,
            lane=replace(lane.lane, siblings=True),
            tags=tags,
            service={**lane.service, "tags": tag_list(tags)},
        )

    return replace(service, lanes=tuple(map(tagged, service.lanes)))


def _of(state: DesiredState, cluster: ClusterRef) -> list[DesiredService]:
    return [each for each in state.services if each.cluster == cluster]


def _kind(service: DesiredService) -> str:
    return service.instance_type.name if service.instance_type else ""


def _named(declared: Iterable[Declared], names: set[str]) -> Iterator[Declared]:
    for each in declared:
        manifest = each.manifest
        is_named = isinstance(manifest, NeuronService) and manifest.metadata.name in names
        if is_named or isinstance(manifest, NeuronCluster):
            yield each


def _look_around(
    state: DesiredState,
    seen: Observed,
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
) -> tuple[Roster | None, Diagnostic | None]:
    """The whole cluster, where something says that former lanes may be there."""
    cluster = seen.cluster
    lanes = [
        (service, lane.lane.name)
        for service in _of(state, cluster)
        if not service.suspended
        for lane in service.lanes
    ]
    missing = [(each, name) for each, name in lanes if not is_there(seen.services.get(name))]
    marked = any(
        seen.services[name].tags.get(SIBLINGS) == TRUE
        for _, name in lanes
        if name in seen.services and is_there(seen.services[name])
    )
    if not marked:
        if missing and seen.unlisted:
            return None, _unlisted(cluster, seen.unlisted)
        declared = {lane.lane.name for each in _of(state, cluster) for lane in each.lanes}
        try:
            there = missing and _may_be_there(
                {each.name for each, _ in missing}, declared, seen, reader_of
            )
        except GliaError as error:
            return None, _unlisted(cluster, str(error))
        if not there:
            return None, None
    roster = enrol(cluster, reader_of, clock)
    if roster.failure:  # what is asked for by name has been read, and is planned
        return None, _unlisted(cluster, roster.failure)
    return roster, None


def _may_be_there(
    manifests: Collection[str],
    declared: Collection[str],
    seen: Observed,
    reader_of: Callable[[ClusterRef], Reader],
) -> bool:
    """Whether a service that is not declared looks like a lane that one of the manifests had.

    Names tell of most. A ``serviceName`` that is no longer written can be any: of what nobody
    declares the tags are read.
    """
    cluster = seen.cluster
    ecs = reader_of(cluster)
    names = seen.services if seen.listed else ecs.service_names(cluster.name)
    others = sorted(set(names).difference(declared))
    if any(name in manifests or LANE_LIKE.fullmatch(name) for name in others):
        return True
    unread = [name for name in others if name not in seen.services]
    found = Roster(cluster, {**seen.services, **ecs.services(cluster.name, unread)})
    return any(each.name in others and manifest_of(each) in manifests for each in found.owned)


def _unlisted(cluster: ClusterRef, why: str) -> Diagnostic:
    return Diagnostic(
        severity="warning",
        code="lanes-unknown",
        message=f"whether {cluster} still has lanes that services had before could not be read, "
        f"and if so they keep their chips: {why}",
        expected="ecs:ListServices, and DescribeServices of all services of the cluster",
    )
