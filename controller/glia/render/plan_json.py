"""A plan for programs. The form is fixed by ``plan_schema``; there are no times in it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

from glia.diff import Absent
from glia.manifest.spec import API_VERSION
from glia.render.diagnostics import as_json
from glia.render.fields import is_masked
from glia.render.status_json import iso_time

if TYPE_CHECKING:
    from glia.change import Block, Change, Effect
    from glia.diff import FieldChange
    from glia.errors import Location
    from glia.neuron.lanes import Lane
    from glia.plan import Drifted, Held, Plan, Preflight, Retired, Shortage
    from glia.transition import Transition

Json = dict[str, Any]
ACTIONS = ("create", "update", "replace", "delete")


def plan_json(plan: Plan) -> Json:
    """The plan as JSON-like values, the same for the same plan.

    A masked field is ``{"path", "sensitive": true}``. Of other fields, an ``old`` or ``new``
    that is null is absent: ECS knows no null.
    """
    return {
        "apiVersion": API_VERSION,
        "kind": "Plan",
        "digest": plan.digest,
        "offline": plan.offline,
        "source": {
            "repository": plan.source.repository,
            "commit": plan.source.commit,
            "path": plan.source.path,
            "base": plan.source.base,
        },
        "summary": _summary(plan),
        "changes": [_change(change) for change in plan.changes],
        "held": [_held(each) for each in plan.held],
        "suspended": list(plan.suspended),
        "drifted": [_drifted(each) for each in plan.drifted],
        "retired": [_retired(each) for each in plan.retired],
        "labellings": [
            {
                "cluster": each.cluster.name,
                "region": each.cluster.target.region,
                "instanceType": each.instance_type,
                "partition": each.partition,
                "action": each.action,
                "instances": list(each.instances),
                "occupied": list(each.occupied),
                "dependsOn": list(each.depends_on),
            }
            for each in plan.labellings
        ],
        "separations": [
            {
                "cluster": each.cluster.name,
                "region": each.cluster.target.region,
                "key": each.key,
                "lane": each.service.name,
                "apartFrom": list(each.apart_from),
            }
            for each in plan.separations
        ],
        "transitions": [_transition(each) for each in plan.transitions],
        "moves": [
            {
                "key": each.key,
                "from": each.source,
                "to": each.target,
                "replicas": each.replicas,
            }
            for each in plan.moves
        ],
        "shortages": [_shortage(each) for each in plan.shortages],
        "preflight": [_preflight(each) for each in plan.preflight],
        "diagnostics": [as_json(each) for each in plan.diagnostics],
    }


def _summary(plan: Plan) -> Json:
    return {
        **{action: plan.count(action) for action in ACTIONS},
        "unchanged": len(plan.settled),
        "held": len(plan.held),
        "blocked": len(plan.blocked),
        "errors": len(plan.errors),
    }


def _change(change: Change) -> Json:
    return {
        "id": change.id,
        "action": change.action,
        "key": change.key,
        "cause": change.cause,
        "location": _location(change.service.location),
        "lane": _lane(change.lane.lane),
        "fields": [_field(each) for each in change.fields],
        "effect": _effect(change.effect),
        "dependsOn": list(change.depends_on),
        "blockedBy": [_block(block) for block in change.blocked_by],
    }


def _location(location: Location) -> Json | None:
    """What is pruned stands in no file any more."""
    if not location.file:
        return None
    return {"file": location.file, "line": location.line, "column": location.column}


def _lane(lane: Lane) -> Json:
    return {
        "name": lane.name,
        "deviceIds": list(lane.device_ids),
        "partition": lane.partition,
        "count": lane.count,
    }


def _field(change: FieldChange) -> Json:
    if is_masked(change):
        return {"path": change.path, "sensitive": True}
    return {
        "path": change.path,
        "old": None if isinstance(change.old, Absent) else change.old,
        "new": None if isinstance(change.new, Absent) else change.new,
        "sensitive": False,
    }


def _effect(effect: Effect) -> Json:
    return {
        "newTaskDefinition": effect.new_task_definition,
        "replacedTasks": effect.replaced_tasks,
        "maxUnavailable": effect.at_once,
        "surplus": effect.surplus,
        "replicas": list(effect.replicas) if effect.replicas else None,
        "calls": list(effect.calls),
    }


def _block(block: Block) -> Json:
    return {"rule": block.rule, "message": block.message, "allowWith": block.allow_with}


def _held(held: Held) -> Json:
    return {
        "key": held.service.key,
        "reason": held.reason,
        "message": held.message,
        "contentHash": held.service.attempt,
    }


def _drifted(drifted: Drifted) -> Json:
    return {
        "key": drifted.service.key,
        "lane": drifted.lane.lane.name,
        "fields": [_field(each) for each in drifted.fields],
    }


def _retired(retired: Retired) -> Json:
    return {
        "key": retired.service.key,
        "lane": retired.live.name,
        "deleteFrom": iso_time(retired.at),
        "running": retired.live.running,
    }


def _transition(transition: Transition) -> Json:
    return {
        "domain": transition.domain,
        "cause": "repack" if transition.moves else "git",
        "steps": len(transition.steps),
        "turns": transition.turns,
        "seconds": ceil(transition.api_seconds),
        "services": [
            {"key": key, "leastReady": least, "turnsBelow": transition.below.get(key, 0)}
            for key, least in sorted(transition.least.items())
        ],
        "freeRuns": [
            {"partition": each.partition, "before": each.before, "after": each.after}
            for each in transition.free_runs
        ],
        "cures": list(transition.cures),
    }


def _shortage(shortage: Shortage) -> Json:
    return {
        "domain": shortage.domain,
        "needed": shortage.needed,
        "registered": shortage.registered,
        "chips": shortage.chips,
    }


def _preflight(preflight: Preflight) -> Json:
    return {
        "key": preflight.key,
        "check": preflight.check,
        "result": preflight.result,
        "message": preflight.message,
    }
