"""The JSON Schema of a plan."""

from __future__ import annotations

from glia.render.schema import (
    COUNT,
    DIAGNOSTIC,
    DIGEST,
    FLAG,
    LOCATION,
    TEXT,
    TIME,
    Schema,
    among,
    closed,
    document,
    listed,
    nullable,
)

VALUE: Schema = {"type": ["string", "number", "boolean", "null", "array", "object"]}
FIELD: Schema = {
    "oneOf": [
        closed(path=TEXT, old=VALUE, new=VALUE, sensitive={"const": False}),
        closed(path=TEXT, sensitive={"const": True}),
    ]
}
LANE = closed(name=TEXT, deviceIds=listed(COUNT), partition=TEXT, count=nullable(COUNT))
EFFECT = closed(
    newTaskDefinition=FLAG,
    replacedTasks=COUNT,
    maxUnavailable=COUNT,
    surplus=COUNT,
    replicas=nullable({**listed(COUNT), "minItems": 2, "maxItems": 2}),
    calls=listed(TEXT),
)
CHANGE = closed(
    id=TEXT,
    action=among("create", "update", "replace", "delete"),
    key=TEXT,
    cause=among("git", "drift", "prune", "adopt", "repack"),
    location=nullable(LOCATION),
    lane=LANE,
    fields=listed(FIELD),
    effect=EFFECT,
    dependsOn=listed(TEXT),
    blockedBy=listed(closed(rule=TEXT, message=TEXT, allowWith=TEXT)),
)
TRANSITION = closed(
    domain=TEXT,
    cause=among("git", "repack"),
    steps=COUNT,
    turns=COUNT,
    seconds=COUNT,
    services=listed(closed(key=TEXT, leastReady=COUNT, turnsBelow=COUNT)),
    freeRuns=listed(closed(partition=TEXT, before=COUNT, after=COUNT)),
    cures=listed(TEXT),
)
SUMMARY = closed(
    create=COUNT,
    update=COUNT,
    replace=COUNT,
    delete=COUNT,
    unchanged=COUNT,
    held=COUNT,
    blocked=COUNT,
    errors=COUNT,
)


def plan_schema() -> Schema:
    """What ``plan_json`` gives."""
    return document(
        "Plan",
        digest=DIGEST,
        offline=FLAG,
        source=closed(repository=TEXT, commit=TEXT, path=TEXT, base=TEXT),
        summary=SUMMARY,
        changes=listed(CHANGE),
        held=listed(closed(key=TEXT, reason=TEXT, message=TEXT, contentHash=TEXT)),
        suspended=listed(TEXT),
        drifted=listed(closed(key=TEXT, lane=TEXT, fields=listed(FIELD))),
        retired=listed(closed(key=TEXT, lane=TEXT, deleteFrom=TIME, running=COUNT)),
        labellings=listed(
            closed(
                cluster=TEXT,
                region=TEXT,
                instanceType=TEXT,
                partition=TEXT,
                action=among("label", "unlabel", "release"),
                instances=listed(TEXT),
                occupied=listed(TEXT),
                dependsOn=listed(TEXT),
            )
        ),
        separations=listed(
            closed(cluster=TEXT, region=TEXT, key=TEXT, lane=TEXT, apartFrom=listed(TEXT))
        ),
        transitions=listed(TRANSITION),
        moves=listed(closed(key=TEXT, **{"from": TEXT, "to": TEXT}, replicas=COUNT)),
        shortages=listed(
            closed(domain=TEXT, needed=nullable(COUNT), registered=COUNT, chips=COUNT)
        ),
        preflight=listed(
            closed(key=TEXT, check=TEXT, result=among("ok", "failed", "unknown"), message=TEXT)
        ),
        diagnostics=listed(DIAGNOSTIC),
    )
