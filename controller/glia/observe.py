"""Read what a plan needs of each cluster, and no more: the only reads between git and a plan."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from glia.causes import called_steady_since
from glia.desired.tags import OWNER
from glia.errors import GliaError, is_transient
from glia.layout.roster import Roster
from glia.live import Fleet, LiveTaskDefinition
from glia.observed import Facts, Observed
from glia.parallel import in_parallel
from glia.planning.comparison import with_shared_members
from glia.planning.needs import definition_needs, histories_needed, is_cached, keeps_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from glia.clock import Clock
    from glia.desired.state import DesiredService
    from glia.live import (
        LiveInstance,
        LiveService,
        LiveTask,
        Presence,
        ServiceDeployment,
        ServiceEvent,
    )
    from glia.plan import Change
    from glia.target import ClusterRef


READ_AT_ONCE = 1000  # services; most are let go before the next are read
NOTHING_KNOWN: Mapping[str, LiveTaskDefinition] = MappingProxyType({})


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


def enrol(cluster: ClusterRef, reader_of: Callable[[ClusterRef], Reader], clock: Clock) -> Roster:
    """A cluster whose instances are shared: all of its services, instances and tasks."""
    try:
        ecs = reader_of(cluster)
        services = ecs.services(cluster.name, ecs.service_names(cluster.name))
        read = Roster(cluster, services)
        ours = {each.name for each in read.owned}
        there = _without_definitions(cluster.name, ecs)
        arns = sorted({each.task_definition for each in there.tasks if each.service not in ours})
        found = in_parallel(clock, ecs.task_definition, arns)
    except GliaError as error:
        return Roster(cluster, failure=str(error), transient=is_transient(error))
    definitions = {arn: each for arn, each in zip(arns, found, strict=True) if each is not None}
    return replace(read, fleet=replace(there, definitions=definitions))


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


def with_facts(  # noqa: PLR0913  (what is known already comes by keyword)
    observed: Observed,
    changes: Iterable[Change],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
    *,
    services: Iterable[DesiredService],
    enrolled: Fleet | None,
) -> Observed:
    """The same with what preflight looks at, if anything changes in this cluster.

    ``services`` are the cluster's desired ones; ``enrolled`` is the fleet where it was read
    before, without the task definitions of owned services.
    """
    concerned = [each for each in changes if each.service.cluster == observed.cluster]
    if not concerned or observed.failure:
        return observed
    from glia.preflight import looks_for_room  # noqa: PLC0415  (most plans of a loop change nothing)

    ecs = reader_of(observed.cluster)
    roles = sorted({arn for change in concerned for arn in _roles(change)})
    groups = sorted({arn for change in concerned for arn in _target_groups(change)})
    facts = Facts(
        cluster_status=_cluster_status(ecs, observed.cluster.name),
        fleet=fleet(
            observed.cluster.name, ecs, clock, enrolled, _known_definitions(observed, services)
        )
        if any(looks_for_room(each) for each in concerned)
        else None,
        roles=dict(zip(roles, in_parallel(clock, ecs.role, roles), strict=True)),
        target_groups=dict(zip(groups, in_parallel(clock, ecs.target_group, groups), strict=True)),
    )
    return replace(observed, facts=facts)


def _known_definitions(
    observed: Observed, services: Iterable[DesiredService]
) -> Mapping[str, LiveTaskDefinition]:
    """The task definitions that nobody has to read: those read before, and the lanes' own.

    Of a service that runs what its manifest says, the manifest says what that is.
    """
    found = {each.arn: each for each in observed.newest.values() if each is not None}
    found |= observed.definitions
    for service in services:
        for lane in service.lanes:
            live = observed.services.get(lane.lane.name)
            if live is not None and is_cached(lane, live) and not keeps_values(live):
                tags = {each["key"]: each["value"] for each in lane.task_definition["tags"]}
                arn = live.task_definition
                found[arn] = LiveTaskDefinition(arn, lane.task_definition, tags)
    return found


def fleet(
    cluster: str,
    ecs: Reader,
    clock: Clock,
    enrolled: Fleet | None = None,
    known: Mapping[str, LiveTaskDefinition] = NOTHING_KNOWN,
) -> Fleet | None:
    """Instances, tasks, and the task definitions of these; None where they cannot be read.

    What was enrolled, and the task definitions that are known by ARN, are not read again.
    """
    try:
        there = enrolled or _without_definitions(cluster, ecs)
        known = {**there.definitions, **known}
        arns = sorted({task.task_definition for task in there.tasks})
        missing = [arn for arn in arns if arn not in known]
        found = in_parallel(clock, ecs.task_definition, missing)
    except GliaError:
        return None
    known |= {arn: each for arn, each in zip(missing, found, strict=True) if each is not None}
    return replace(there, definitions={arn: known[arn] for arn in arns if arn in known})


def _without_definitions(cluster: str, ecs: Reader) -> Fleet:
    instances = ecs.instances(cluster)
    return Fleet(instances, _holding(cluster, ecs) if instances else ())


def _holding(cluster: str, ecs: Reader) -> tuple[LiveTask, ...]:
    """A task that is to stop holds its chips until it has."""
    stopping = (each for each in ecs.tasks(cluster, stopped=True) if each.last_status != "STOPPED")
    return (*ecs.tasks(cluster), *stopping)


def _cluster_status(ecs: Reader, cluster: str) -> str | None:
    try:
        return ecs.cluster_status(cluster)
    except GliaError:
        return None


def _roles(change: Change) -> set[str]:
    definition, service = change.lane.task_definition, change.lane.service
    written = {
        definition.get("executionRoleArn"),
        definition.get("taskRoleArn"),
        service.get("role"),
    }
    return {arn for arn in written if arn}


def _target_groups(change: Change) -> set[str]:
    balancers = change.lane.service.get("loadBalancers") or ()
    written = {each.get("targetGroupArn") for each in balancers}
    written |= {
        (each.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
        for each in balancers
    }
    return {arn for arn in written if arn}
