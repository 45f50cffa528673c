"""Read what a plan needs of each cluster, and no more: the only reads between git and a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from glia.errors import GliaError
from glia.layout.roster import Roster
from glia.live import Fleet
from glia.observed import Facts, Observed
from glia.parallel import in_parallel
from glia.planning.comparison import with_shared_members
from glia.planning.needs import definition_needs, histories_needed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from glia.clock import Clock
    from glia.desired.state import DesiredService
    from glia.live import (
        LiveInstance,
        LiveService,
        LiveTask,
        LiveTaskDefinition,
        Presence,
        ServiceDeployment,
    )
    from glia.plan import Change
    from glia.target import ClusterRef


READ_AT_ONCE = 1000


class Reader(Protocol):
    """What is asked of AWS in one account and region."""

    def services(self, cluster: str, names: Collection[str]) -> Mapping[str, LiveService]: ...

    def service_names(self, cluster: str) -> tuple[str, ...]: ...

    def task_definition(self, reference: str) -> LiveTaskDefinition | None: ...

    def service_deployments(self, cluster: str, service: str) -> tuple[ServiceDeployment, ...]: ...

    def cluster_status(self, cluster: str) -> str: ...

    def instances(self, cluster: str) -> tuple[LiveInstance, ...]: ...

    def tasks(
        self, cluster: str, *, service: str = "", stopped: bool = False
    ) -> tuple[LiveTask, ...]: ...

    def role(self, arn: str) -> Presence: ...

    def target_group(self, arn: str) -> Presence: ...


def observe(
    cluster: ClusterRef,
    services: Sequence[DesiredService],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
    known: Mapping[str, LiveService] | None = None,
) -> Observed:
    """One cluster; what keeps it from being read is in ``failure``, and costs no other cluster."""
    try:
        return _observed(cluster, services, reader_of(cluster), clock, known)
    except GliaError as error:
        return Observed(cluster, failure=str(error))


def _observed(
    cluster: ClusterRef,
    services: Sequence[DesiredService],
    ecs: Reader,
    clock: Clock,
    known: Mapping[str, LiveService] | None,
) -> Observed:
    live = _services(cluster, services, ecs) if known is None else known
    needs = definition_needs(services, live)
    newest = dict(
        zip(needs.families, in_parallel(clock, ecs.task_definition, needs.families), strict=True)
    )
    # The newest revision usually is the one that runs: then one read has served for both.
    found = {each.arn: each for each in newest.values() if each is not None}
    missing = [arn for arn in needs.arns if arn not in found]
    read = in_parallel(clock, ecs.task_definition, missing)
    found |= {arn: each for arn, each in zip(missing, read, strict=True) if each is not None}
    seen = Observed(
        cluster,
        services=live,
        definitions={arn: found[arn] for arn in needs.arns if arn in found},
        newest=newest,
    )
    suspicious = histories_needed(services, seen)
    if not suspicious:
        return seen
    histories = {name: ecs.service_deployments(cluster.name, name) for name in suspicious}
    return replace(seen, histories=histories)


def _services(
    cluster: ClusterRef, services: Sequence[DesiredService], ecs: Reader
) -> dict[str, LiveService]:
    """The live services by name, some at a time: a large fleet's answers are large."""
    lanes = {lane.lane.name: lane for service in services for lane in service.lanes}
    names, found = list(lanes), dict[str, "LiveService"]()
    for start in range(0, len(names), READ_AT_ONCE):
        read = ecs.services(cluster.name, names[start : start + READ_AT_ONCE])
        found |= {name: with_shared_members(lanes[name], each) for name, each in read.items()}
    return found


def enrol(cluster: ClusterRef, reader_of: Callable[[ClusterRef], Reader], clock: Clock) -> Roster:
    """A cluster whose instances are shared: all of its services, instances and tasks."""
    try:
        ecs = reader_of(cluster)
        services = ecs.services(cluster.name, ecs.service_names(cluster.name))
        read = Roster(cluster, services)
        ours = {each.name for each in read.owned}
        instances = ecs.instances(cluster.name)
        tasks = _holding(cluster.name, ecs) if instances else ()
        arns = sorted({each.task_definition for each in tasks if each.service not in ours})
        found = in_parallel(clock, ecs.task_definition, arns)
    except GliaError as error:
        return Roster(cluster, failure=str(error))
    definitions = {arn: each for arn, each in zip(arns, found, strict=True) if each is not None}
    return replace(read, fleet=Fleet(instances, tasks, definitions))


def with_facts(
    observed: Observed,
    changes: Iterable[Change],
    reader_of: Callable[[ClusterRef], Reader],
    clock: Clock,
) -> Observed:
    """The same with what preflight looks at, if anything changes in this cluster."""
    concerned = [each for each in changes if each.service.cluster == observed.cluster]
    if not concerned or observed.failure:
        return observed
    ecs = reader_of(observed.cluster)
    roles = sorted({arn for change in concerned for arn in _roles(change)})
    groups = sorted({arn for change in concerned for arn in _target_groups(change)})
    facts = Facts(
        cluster_status=_cluster_status(ecs, observed.cluster.name),
        fleet=fleet(observed.cluster.name, ecs, clock),
        roles=dict(zip(roles, in_parallel(clock, ecs.role, roles), strict=True)),
        target_groups=dict(zip(groups, in_parallel(clock, ecs.target_group, groups), strict=True)),
    )
    return replace(observed, facts=facts)


def fleet(cluster: str, ecs: Reader, clock: Clock) -> Fleet | None:
    """Instances, tasks, and the task definitions of these; None where they cannot be read."""
    try:
        instances = ecs.instances(cluster)
        tasks = _holding(cluster, ecs) if instances else ()
        arns = sorted({task.task_definition for task in tasks})
        found = in_parallel(clock, ecs.task_definition, arns)
    except GliaError:
        return None
    read = {arn: each for arn, each in zip(arns, found, strict=True) if each is not None}
    return Fleet(instances, tasks, read)


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
