"""The JSON Schema of a status."""

from __future__ import annotations

from glia.render.schema import (
    COUNT,
    DIAGNOSTIC,
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

REPLICAS = {name: nullable(COUNT) for name in ("desired", "running", "pending", "ready")}
CONDITION = closed(
    type=among("Ready", "Reconciling", "Stalled"),
    status=among("True", "False", "Unknown"),
    reason=TEXT,
    message=TEXT,
)
LANE = closed(
    name=TEXT,
    deviceIds=listed(COUNT),
    partition=TEXT,
    **REPLICAS,
    taskDefinition=TEXT,
    deployment=nullable(closed(arn=TEXT, status=TEXT)),
)
SERVICE = closed(
    key=TEXT,
    region=TEXT,
    location=LOCATION,
    health=among("Healthy", "Progressing", "Degraded", "Missing", "Suspended"),
    replicas=closed(**REPLICAS),
    conditions=listed(CONDITION),
    lanes=listed(LANE),
)
HOLDER = closed(key=TEXT, lane=TEXT, taskArn=TEXT, owned=FLAG)
CHIP = closed(id=COUNT, holder=nullable(HOLDER), clashesWith=listed(HOLDER))
FIGURES = closed(
    instanceType=TEXT,
    deviceIds=listed(COUNT),
    partition=TEXT,
    cpu=COUNT,
    memory=COUNT,
    ports=listed(COUNT),
    lock=nullable(among("antiAffinity", "none")),
)
CLUSTER_LANE = closed(
    name=TEXT,
    key=TEXT,
    owner=TEXT,
    status=among("ACTIVE", "DRAINING"),
    desired=COUNT,
    figures=nullable(FIGURES),
    capacityProviders=listed(TEXT),
    constraints=listed(TEXT),
)
TASK = closed(
    arn=TEXT,
    group=TEXT,
    deviceIds=listed(COUNT),
    cpu=COUNT,
    memory=COUNT,
    ports=listed(COUNT),
    enis=COUNT,
)
INSTANCE = closed(
    arn=TEXT,
    ec2InstanceId=TEXT,
    type=TEXT,
    partition=TEXT,
    status=TEXT,
    connected=FLAG,
    capacityProvider=TEXT,
    attributes={"type": "object", "additionalProperties": TEXT},
    cpu=COUNT,
    memory=COUNT,
    chips=listed(CHIP),
    tasks=listed(TASK),
)
ROOM = closed(
    instanceType=TEXT,
    pool=TEXT,
    partition=TEXT,
    instances=COUNT,
    chips=COUNT,
    freeChips=COUNT,
    longestRun=COUNT,
    fits=listed(closed(chips=COUNT, replicas=COUNT)),
    unsafeLanes=listed(closed(name=TEXT, needed=COUNT, instances=COUNT, resource=TEXT)),
)
CLUSTER = closed(
    name=TEXT,
    region=TEXT,
    accountId=TEXT,
    owner=TEXT,
    lanes=nullable(listed(CLUSTER_LANE)),
    rooms=listed(ROOM),
    instances=listed(INSTANCE),
)


def status_schema() -> Schema:
    """What ``status_json`` gives."""
    return document(
        "Status",
        observedAt=TIME,
        services=listed(SERVICE),
        clusters=listed(CLUSTER),
        diagnostics=listed(DIAGNOSTIC),
    )
