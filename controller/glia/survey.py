"""What ``glia status`` reads beside the plan: why things do not go on, and who holds which chip."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from glia.assess import SUSPICIOUS_SECONDS, Assessment, assess, needs_evidence
from glia.desired.desire import clusters, service_key
from glia.enrol import fleet
from glia.errors import Location
from glia.identity import lane_id
from glia.layout.layout import rooms_of
from glia.manifest.spec import NeuronService
from glia.observe import Reader
from glia.parallel import in_parallel
from glia.rollout import Watcher, evidence_of
from glia.service_status import status, unread_service
from glia.watch import look, watch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from glia.clock import Clock
    from glia.desired.state import DesiredState
    from glia.layout.roster import Roster
    from glia.manifest.relations import Declared
    from glia.neuron.catalogue import InstanceType
    from glia.observed import Observed
    from glia.plan import Plan, Settled
    from glia.status import ServiceStatus, Status
    from glia.target import ClusterRef


class Surveyor(Reader, Watcher, Protocol):
    """All that a look around asks of AWS in one account and region."""


def survey(  # noqa: PLR0913  (what was read before comes by keyword)
    desired: DesiredState,
    plan: Plan,
    observed: Mapping[ClusterRef, Observed],
    ecs_of: Callable[[ClusterRef], Surveyor],
    clock: Clock,
    *,
    instance_types: Mapping[str, InstanceType],
    rosters: Mapping[ClusterRef, Roster],
    sharing: Sequence[Declared],
) -> Status:
    """How everything is, at the moment of the call.

    ``rosters`` are of the clusters whose instances are shared, ``sharing`` the manifests of the
    services that share them.
    """
    readable = [each for each in observed.values() if not each.failure]
    refs = [each.cluster for each in readable]

    def fleets(each: Observed) -> Observed:
        found = each.facts.fleet or fleet(each.cluster.name, ecs_of(each.cluster), clock)
        return replace(each, facts=replace(each.facts, fleet=found))

    def judged(settled: Settled) -> Assessment:
        return _assessment(settled, ecs_of(settled.service.cluster), clock.now())

    seen = dict(observed) | dict(zip(refs, in_parallel(clock, fleets, readable), strict=True))
    judgements = in_parallel(clock, judged, plan.settled)
    whole = {ref: _with_fleet(roster, seen.get(ref)) for ref, roster in rosters.items()}
    told = status(
        desired,
        seen.values(),
        plan,
        {
            lane_id(settled.service, settled.lane): judgement
            for settled, judgement in zip(plan.settled, judgements, strict=True)
        },
        clock.now(),
        account_ids={cluster: _account_id(each) for cluster, each in seen.items()},
        instance_types=instance_types,
        rosters=rosters,
        rooms=rooms_of(sharing, instance_types, whole),
    )
    services = sorted(
        (*told.services, *_unread(sharing, rosters)), key=lambda each: (each.cluster, each.key)
    )
    return replace(told, services=tuple(services))


def _unread(
    sharing: Sequence[Declared], rosters: Mapping[ClusterRef, Roster]
) -> Iterator[ServiceStatus]:
    """The services that share instances which could not be read."""
    known = clusters(sharing)
    for each in sharing:
        if isinstance(each.manifest, NeuronService):
            ref = known[each.manifest.spec.cluster]
            roster = rosters.get(ref)
            if roster is not None and roster.failure:
                key = service_key(ref, each.manifest.metadata.name)
                where = Location(each.document.file, each.document.line, 1)
                yield unread_service(key, where, ref, roster.failure)


def _with_fleet(roster: Roster, seen: Observed | None) -> Roster:
    """With the task definitions of owned tasks too, which no layout has to know."""
    found = seen.facts.fleet if seen else None
    return replace(roster, fleet=found) if found else roster


def _account_id(observed: Observed) -> str:
    """Every ARN tells it, so nobody has to be asked."""
    fleet = observed.facts.fleet
    arns = [each.arn for each in observed.services.values()]
    arns += [each.arn for each in fleet.instances] if fleet else []
    return arns[0].split(":")[4] if arns else observed.cluster.target.account_id


def _assessment(settled: Settled, ecs: Watcher, now: float) -> Assessment:
    """A first look: there is no telling progress from standstill but by ECS's own times."""
    policy, live = settled.service.rollout, settled.live
    begun = live.primary.created_at if live.primary else 0.0
    watch = replace(watch_of(live, begun, policy.progress_deadline_seconds), sighted=True)
    # A replica that ECS is replacing, long after its deployment ended, is worth a closer look
    # and is not late.
    since = watch.progress_at if settled.rolling else now - SUSPICIOUS_SECONDS
    watch = replace(look(watch, live, now), progress_at=since)
    evidence = None
    if needs_evidence(watch, live, now):
        evidence = evidence_of(settled.service.cluster.name, live.name, ecs)
    return assess(watch, live, now, evidence)
