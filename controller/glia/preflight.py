"""What can be known before a change is made: the questions that ECS answers only afterwards.

Each is looked at and told, whether it is answered well or not; what cannot be known is said to
be unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

from glia.candidates import Wanted
from glia.capacity import CHECKS, capacity
from glia.change import Block
from glia.occupancy import occupancy
from glia.plan import Preflight, Result
from glia.planning.effects import starts_deployment
from glia.steps import Create, Delete, Replace, Retire, Scale, Update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.capacity import Finding
    from glia.change import Change
    from glia.desired.state import DesiredLane
    from glia.live import Presence
    from glia.observed import Observed
    from glia.occupancy import Occupancy
    from glia.steps import Definition

_RESULTS: Mapping[Presence, Result] = {"there": "ok", "missing": "failed", "unknown": "unknown"}
_ROLES_OF_A_TASK = ("executionRoleArn", "taskRoleArn")


def preflight(change: Change, observed: Observed) -> tuple[Preflight, ...]:
    """Every check of one change: see ``preflights``."""
    return preflights([change], observed)


def preflights(changes: Iterable[Change], observed: Observed) -> tuple[Preflight, ...]:
    """Every check of the changes of one cluster; none of a blocked one, as it is not made.

    Each change is looked at by itself, against the fleet as it is. The checks are ``cluster``,
    those of ``glia.capacity.CHECKS`` where Glia chooses the chips, ``role`` once for each role
    and ``target-group`` once for each target group.
    """
    fleet = observed.facts.fleet
    occupied = None if fleet is None else occupancy(fleet)
    return tuple(
        Preflight(change.key, check, result, _about(change) + message)
        for change in changes
        if not change.blocked_by and not isinstance(change.step, Delete | Retire | Scale)
        for check, result, message in _findings(change, observed, occupied)
    )


def needs_a_copy(change: Change) -> bool:
    """Whether its deployment runs every replica twice before the first one stops."""
    configuration = change.lane.service.get("deploymentConfiguration") or {}
    rolling = configuration.get("strategy", "ROLLING") == "ROLLING"
    step = change.step
    return not rolling and isinstance(step, Update) and starts_deployment(step)


def refused(change: Change, checks: Iterable[Preflight]) -> Change:
    """The change, blocked where such a deployment has no instances: ECS would wait for ever."""
    if change.blocked_by or not change.lane.lane.device_ids or not needs_a_copy(change):
        return change
    for each in checks:
        if each.key == change.key and each.check in CHECKS and each.result == "failed":
            strategy = change.lane.service["deploymentConfiguration"]["strategy"]
            message = f"{strategy} runs all replicas twice: {each.message}"
            return replace(change, blocked_by=(Block("no-room-for-a-copy", message, ""),))
    return change


def _about(change: Change) -> str:
    """A key alone does not tell which of several lanes is meant."""
    return f"{change.lane.lane.name}: " if len(change.service.lanes) > 1 else ""


def _findings(change: Change, observed: Observed, occupied: Occupancy | None) -> Iterator[Finding]:
    wanted = _wanted(change, observed)
    yield _cluster(observed)
    if not looks_for_room(change):
        pass
    elif occupied is not None:
        yield from capacity(wanted, occupied, observed.cluster.owner)
    else:
        for check in CHECKS:
            yield check, "unknown", "the cluster's instances and tasks could not be read"
    yield from _roles(change.lane, observed.facts.roles)
    yield from _target_groups(change.lane, observed.facts.target_groups)


def _cluster(observed: Observed) -> Finding:
    status, name = observed.facts.cluster_status, str(observed.cluster)
    if status is None:
        why = f": {observed.failure}" if observed.failure else ""
        return "cluster", "unknown", f"cluster {name} could not be read{why}"
    if not status:
        return "cluster", "failed", f"there is no cluster {name}; create it, or name another one"
    if status != "ACTIVE":
        return "cluster", "failed", f"cluster {name} is {status}, and should be ACTIVE"
    return "cluster", "ok", f"cluster {name} is ACTIVE"


def looks_for_room(change: Change) -> bool:
    """Whether a change places tasks on chips that Glia chooses: only then the fleet matters.

    A new lane comes after others only for the partition, or the chips, that they make: the
    fleet as it is says nothing of that room.
    """
    if change.blocked_by or not change.lane.lane.device_ids:
        return False
    match change.step:
        case Create():
            return not change.depends_on
        case Replace():
            return True
        case Update(service=service, members=members) as step:
            more = members.get("desiredCount", service.desired) > service.desired
            return more or starts_deployment(step)
        case Delete() | Retire() | Scale():
            return False
        case _:
            assert_never(change.step)


def _roles(lane: DesiredLane, roles: Mapping[str, Presence]) -> Iterator[Finding]:
    named: dict[str, list[str]] = {}
    members = [(name, lane.task_definition.get(name)) for name in _ROLES_OF_A_TASK]
    for name, role in (*members, ("role", lane.service.get("role"))):
        if role:
            named.setdefault(role, []).append(name)
    for role, names in named.items():
        yield _present("role", f"role {role} ({', '.join(names)})", roles.get(role, "unknown"))


def _target_groups(lane: DesiredLane, groups: Mapping[str, Presence]) -> Iterator[Finding]:
    named: dict[str, None] = {}
    for each in lane.service.get("loadBalancers") or ():
        alternate = (each.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
        named |= dict.fromkeys(arn for arn in (each.get("targetGroupArn"), alternate) if arn)
    for arn in named:
        yield _present("target-group", f"target group {arn}", groups.get(arn, "unknown"))


def _present(check: str, what: str, presence: Presence) -> Finding:
    messages: Mapping[Presence, str] = {
        "there": f"{what} is there",
        "missing": f"there is no {what}; create it, or name another one",
        "unknown": f"whether there is a {what} could not be read",
    }
    return check, _RESULTS[presence], messages[presence]


def _wanted(change: Change, observed: Observed) -> Wanted:
    service = _service(change)
    instance_type = change.service.instance_type
    starts_first = change.effect.surplus > 0 and change.effect.at_once == 0
    replicas = _replicas(change)
    spare = 1 if starts_first else 0
    return Wanted(
        lane=change.lane.lane.name,
        replicas=replicas,
        spare=replicas if needs_a_copy(change) else spare,
        device_ids=frozenset(change.lane.lane.device_ids),
        instance_type=instance_type.name if instance_type else "",
        task_definition=_task_definition(change, observed),
        service=service,
    )


def _replicas(change: Change) -> int:
    count: int
    match change.step:
        case Create(_, request) | Replace(_, Create(_, request)):
            count = request["desiredCount"]
        case Update(service, _, members):
            count = members.get("desiredCount", service.desired)
        case Delete() | Retire():
            count = 0
        case Scale():
            count = change.step.count
        case _:
            assert_never(change.step)
    return count


def _service(change: Change) -> Mapping[str, Any]:
    match change.step:
        case Create(_, request) | Replace(_, Create(_, request)):
            return request
        case Update(service, _, members):
            return {**service.members, **members}
        case Delete(service) | Retire(service):
            return service.members
        case Scale():
            return change.lane.service
        case _:
            assert_never(change.step)


def _task_definition(change: Change, observed: Observed) -> Mapping[str, Any]:
    """An adopted service keeps its own definition where Glia would only default."""
    match change.step:
        case Create(definition) | Replace(_, Create(definition)):
            return _registered(change, definition)
        case Update(service, definition):
            if definition is not None:
                return _registered(change, definition)
            live = observed.definitions.get(service.task_definition)
            return live.members if live else change.lane.task_definition
        case Delete() | Retire() | Scale():
            return {}
        case _:
            assert_never(change.step)


def _registered(change: Change, definition: Definition) -> Mapping[str, Any]:
    return change.lane.task_definition if definition.register is None else definition.register
