"""The JSON Schemas of what the loop tells: its status, and its events."""

from __future__ import annotations

from glia.events import KINDS
from glia.render.schema import (
    COUNT,
    FLAG,
    TEXT,
    TIME,
    Schema,
    among,
    closed,
    document,
    listed,
    nullable,
)
from glia.render.schema import DIAGNOSTIC as WHOLE_DIAGNOSTIC
from glia.render.status_schema import CONDITION

DIAGNOSTIC = closed(
    **{
        name: each
        for name, each in WHOLE_DIAGNOSTIC["properties"].items()
        if name not in {"expected", "found"}
    }
)
SOURCE = closed(
    revision=TEXT,
    repository=TEXT,
    path=TEXT,
    fetchedAt=nullable(TIME),
    nextFetch=nullable(TIME),
    failures=COUNT,
    failure=TEXT,
)
SERVICE = closed(
    key=TEXT,
    region=TEXT,
    conditions=listed(CONDITION),
    attemptedRevision=TEXT,
    appliedRevision=TEXT,
    failures=COUNT,
    nextLook=nullable(TIME),
)
CLUSTER = closed(
    name=TEXT,
    region=TEXT,
    accountId=TEXT,
    busySince=nullable(TIME),
    sweptAt=nullable(TIME),
    nextSweep=nullable(TIME),
    rollouts=COUNT,
    failures=COUNT,
    failure=TEXT,
)
CHANGE = closed(
    lane=TEXT,
    action=TEXT,
    cause=TEXT,
    calls=listed(TEXT),
    rules=listed(TEXT),
    ready=COUNT,
    replicas=COUNT,
)
PASS = {"seconds": {"type": "number", "minimum": 0}, "changed": COUNT, "nextSweep": TIME}


def loop_status_schema() -> Schema:
    """What ``loop_status_json`` gives."""
    return document(
        "LoopStatus",
        observedAt=TIME,
        ready=FLAG,
        source=SOURCE,
        services=listed(SERVICE),
        clusters=listed(CLUSTER),
        diagnostics=listed(DIAGNOSTIC),
        pruneBlocked={"type": "object", "additionalProperties": COUNT},
        bugs=COUNT,
    )


def event_schema() -> Schema:
    """What ``event_json`` gives."""
    return document(
        "Event",
        event=among(*(kind.name for kind in KINDS)),
        severity=among("debug", "info", "warning", "error"),
        at=TIME,
        message=TEXT,
        key=TEXT,
        cluster=TEXT,
        region=TEXT,
        revision=TEXT,
        reason=TEXT,
        outcome=TEXT,
        change=nullable(CHANGE),
        conditions=listed(CONDITION),
        diagnostics=listed(DIAGNOSTIC),
        source=nullable(closed(repository=TEXT, path=TEXT, services=COUNT)),
        **{"pass": nullable(closed(**PASS))},
    )
