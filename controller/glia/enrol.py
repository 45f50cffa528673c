"""Read a cluster whole: its instances, whose tasks are on them, and what these use."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from glia.errors import GliaError, is_transient
from glia.layout.roster import Roster
from glia.live import Fleet
from glia.parallel import in_parallel
from glia.planning.needs import runs_its_own

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glia.clock import Clock
    from glia.live import LiveTask, LiveTaskDefinition
    from glia.observe import Reader
    from glia.target import ClusterRef

NOTHING_KNOWN: Mapping[str, LiveTaskDefinition] = MappingProxyType({})


def enrol(cluster: ClusterRef, reader_of: Callable[[ClusterRef], Reader], clock: Clock) -> Roster:
    """A cluster whose instances are shared: all of its services, instances and tasks."""
    try:
        ecs = reader_of(cluster)
        services = ecs.services(cluster.name, ecs.service_names(cluster.name))
        read = Roster(cluster, services)
        ours = {each.name: each for each in read.owned}
        there = _without_definitions(cluster.name, ecs)
        # What was there before Glia may hold chips without a lock.
        arns = sorted(
            {
                each.task_definition
                for each in there.tasks
                if each.service not in ours
                or runs_its_own(ours[each.service], each.task_definition)
            }
        )
        found = in_parallel(clock, ecs.task_definition, arns)
    except GliaError as error:
        return Roster(cluster, failure=str(error), transient=is_transient(error))
    definitions = {arn: each for arn, each in zip(arns, found, strict=True) if each is not None}
    return replace(read, fleet=replace(there, definitions=definitions))


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
