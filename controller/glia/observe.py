"""Read what a plan needs of each cluster, and no more: the only reads between git and a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from glia.causes import called_steady_since
from glia.errors import GliaError, is_transient
from glia.observed import Observed
from glia.parallel import in_parallel
from glia.planning.comparison import with_shared_members
from glia.planning.needs import definition_needs, histories_needed
from glia.tags import OWNER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from glia.clock import Clock
    from glia.desired.state import DesiredService
    from glia.layout.roster import Roster
    from glia.live import (
        LiveInstance,
        LiveService,
        LiveTask,
        LiveTaskDefinition,
        Presence,
        ServiceDeployment,
        ServiceEvent,
    )
    from glia.target import ClusterRef


READ_AT_ONCE = 1000  # services; most are let go before the next are read


class Reader(Protocol):
    """What is asked of AWS in one account and region."""

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]: ...

    def service_names(self, cluster: str) -> tuple[str, ...]: ...

    def events(
        self, cluster: str, names: Collection[str]
    ) -> Mapping[str, tuple[ServiceEvent, ...]]: ...

    def task_definition(self, reference: str) -> LiveTaskDefinition | None: ...

    def service_deployments(self, cluster: str, service: str) -> tuple[ServiceDeployment, ...]: ...

    def cluster_status(self, cluster: str) -> str: ...

    def instances(self, cluster: str) -> tuple[LiveInstance, ...]: ...

    def tasks(
        self, cluster: str, *, service: str = "", stopped: bool = False
    ) -> tuple[LiveTask, ...]: ...

    def role(self, arn: str) -> Presence: ...

    def target_group(self, arn: str) -> Presence: ...


def sight(
    cluster: ClusterRef,
    services: Sequence[DesiredService],
    reader_of: Callable[[ClusterRef], Reader],
    *,
    lists: bool = False,
) -> Observed:
    """The services of one cluster by their names, and nothing besides yet.

    ``lists`` asks for those of this installation that no manifest is at hand for, too. What
    cannot be listed costs nothing but the list: absent is not what is unknown.
    """
    try:
        ecs = reader_of(cluster)
        others, unlisted = _others(cluster, ecs) if lists else ((), "")
        found = _services(cluster, services, ecs, others)
    except GliaError as error:
        return Observed(cluster, failure=str(error), transient=is_transient(error))
    return Observed(cluster, services=found, listed=lists and not unlisted, unlisted=unlisted)


def sighted(roster: Roster) -> Observed:
    """What is known of a cluster that has been read whole."""
    return Observed(roster.cluster, services=roster.services, listed=True)


def observe(
    seen: Observed,
    services: Sequence[DesiredService],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
) -> Observed:
    """The same with what else a plan needs, and as much or as little of the cluster listed.

    What keeps it from being read is in ``failure``, and costs no other cluster.
    """
    if seen.failure:
        return seen
    try:
        return _observed(seen, services, reader_of(seen.cluster), clock)
    except GliaError as error:
        return Observed(seen.cluster, failure=str(error), transient=is_transient(error))


def _others(cluster: ClusterRef, ecs: Reader) -> tuple[tuple[str, ...], str]:
    try:
        return ecs.service_names(cluster.name), ""
    except GliaError as error:
        return (), str(error)


def _observed(
    sighting: Observed, services: Sequence[DesiredService], ecs: Reader, clock: Clock
) -> Observed:
    cluster, live = sighting.cluster, sighting.services
    needs = definition_needs(services, live)
    newest = dict(
        zip(needs.families, in_parallel(clock, ecs.task_definition, needs.families), strict=True)
    )
    # The newest revision usually is the one that runs: then one read has served for both.
    found = {each.arn: each for each in newest.values() if each is not None}
    missing = [arn for arn in needs.arns if arn not in found]
    read = in_parallel(clock, ecs.task_definition, missing)
    found |= {arn: each for arn, each in zip(missing, read, strict=True) if each is not None}
    seen = replace(
        sighting,
        definitions={arn: found[arn] for arn in needs.arns if arn in found},
        newest=newest,
    )
    suspicious = histories_needed(services, seen)
    if not suspicious:
        return seen
    histories = {name: ecs.service_deployments(cluster.name, name) for name in suspicious}
    return replace(seen, histories=histories)


def _services(
    cluster: ClusterRef,
    services: Sequence[DesiredService],
    ecs: Reader,
    others: Iterable[str] = (),
) -> dict[str, LiveService]:
    """The live services by name, some at a time: a large fleet's answers are large.

    Of ``others`` only those of this installation are kept.
    """
    lanes = {lane.lane.name: lane for service in services for lane in service.lanes}
    names, found = list(dict.fromkeys([*lanes, *others])), dict[str, "LiveService"]()
    for start in range(0, len(names), READ_AT_ONCE):
        for name, each in ecs.services(cluster.name, names[start : start + READ_AT_ONCE]).items():
            if name in lanes:
                found[name] = with_shared_members(lanes[name], each)
            elif each.tags.get(OWNER) == cluster.owner:
                found[name] = each
    return found


def with_loading(
    observed: Observed,
    in_question: Mapping[str, float],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
) -> Observed:
    """The same with those of the services that are not Ready, as ECS's events tell.

    ``in_question`` are names, each with the seconds for which it has to have been steady. Of
    what cannot be read nothing is taken for Ready.
    """
    if not in_question:
        return observed
    name = observed.cluster.name
    try:
        told = reader_of(observed.cluster).events(name, sorted(in_question))
    except GliaError:
        return replace(observed, loading=frozenset(in_question))
    since = {each: called_steady_since(events) for each, events in told.items()}
    now = clock.now()
    ready = {
        each
        for each, seconds in in_question.items()
        if (steady := since.get(each)) is not None and now - steady >= seconds
    }
    return replace(observed, loading=frozenset(in_question) - ready)
