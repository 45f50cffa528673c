"""A cluster as ``glia status -o json`` has shown it: for laying out without a look at AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from glia.desired import lane_tag
from glia.desired.lane_tag import UNCOUNTED_BY_NAME, LaneFigures
from glia.errors import UsageError
from glia.layout.roster import Roster
from glia.live import Fleet, LiveInstance, LiveService, LiveTask, LiveTaskDefinition
from glia.manifest.spec import API_VERSION
from glia.tags import KEY, LANE, OWNER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glia.target import ClusterRef

MOST_FAULTS = 5


class Part(BaseModel):
    """What a layout needs of an object of a status; the rest of it is left out."""

    model_config = ConfigDict(extra="ignore", strict=True, alias_generator=to_camel)


class Figures(Part):
    instance_type: str
    device_ids: list[int] = Field(min_length=1)
    partition: str
    cpu: int
    memory: int
    ports: list[int]
    lock: Literal["antiAffinity", "none"] | None = None


class Lane(Part):
    name: str
    key: str
    owner: str
    status: str
    desired: int
    figures: Figures | None
    capacity_providers: list[str]
    constraints: list[str]


class Task(Part):
    arn: str
    group: str
    device_ids: list[int]
    cpu: int
    memory: int
    ports: list[int]
    enis: int


class Instance(Part):
    arn: str
    ec2_instance_id: str = Field(alias="ec2InstanceId")
    type: str
    status: str
    connected: bool
    capacity_provider: str
    attributes: dict[str, str]
    cpu: int
    memory: int
    tasks: list[Task]


class Cluster(Part):
    name: str
    region: str
    account_id: str
    lanes: list[Lane] | None
    instances: list[Instance]

    def __str__(self) -> str:
        return f"{self.name} ({self.region})"


class Snapshot(Part):
    """A whole status."""

    observed_at: str
    clusters: list[Cluster]


def read_snapshot(document: Any) -> Snapshot:
    """A status that was read back from JSON.

    Raises:
        UsageError: it is none, or none of this version's form; the message begins with what it
            is instead.
    """
    told = document if isinstance(document, dict) else {}
    kind, version = told.get("kind"), told.get("apiVersion")
    if kind != "Status":
        raise UsageError(f"is no status but {kind or 'something else'}; {_REMEDY}")
    if version != API_VERSION:
        raise UsageError(f"is a status of {version}, and this glia reads {API_VERSION}; {_REMEDY}")
    try:
        return Snapshot.model_validate(document)
    except ValidationError as error:
        raise UsageError(f"is broken: {'; '.join(_faults(error))}; {_REMEDY}") from None


_REMEDY = "write one with `glia status PATH... -o json`"


def _faults(error: ValidationError) -> Iterator[str]:
    found = error.errors(include_url=False, include_input=False)
    for each in found[:MOST_FAULTS]:
        yield f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
    if len(found) > MOST_FAULTS:
        yield f"and {len(found) - MOST_FAULTS} more"


def rosters(snapshot: Snapshot, clusters: Iterable[ClusterRef]) -> dict[ClusterRef, Roster]:
    """These clusters as the snapshot shows them.

    Raises:
        UsageError: it is not of one of them, or was taken without looking at its lanes.
    """
    found, wrong = {}, []
    for ref in clusters:
        shown = next((each for each in snapshot.clusters if _is_of(each, ref)), None)
        if shown is None:
            there = ", ".join(map(str, snapshot.clusters)) or "no cluster"
            wrong.append(f"is of {there}, not of {ref}")
        elif shown.lanes is None:
            wrong.append(f"tells no lanes of {ref}: its manifests shared no instances there")
        else:
            found[ref] = _roster(ref, shown)
    if wrong:
        raise UsageError(f"{'; '.join(wrong)}; take it with these manifests")
    return found


def _is_of(shown: Cluster, ref: ClusterRef) -> bool:
    account = ref.target.account_id
    return (shown.name, shown.region) == (ref.name, ref.target.region) and (
        not account or account == shown.account_id
    )


def _roster(ref: ClusterRef, shown: Cluster) -> Roster:
    tasks = [(each, task) for each in shown.instances for task in each.tasks]
    return Roster(
        ref,
        {each.name: _service(each) for each in shown.lanes or ()},
        Fleet(
            tuple(map(_instance, shown.instances)),
            tuple(_task(each.arn, task) for each, task in tasks),
            {task.arn: _definition(task) for _, task in tasks},
        ),
    )


def _service(lane: Lane) -> LiveService:
    tags = {OWNER: lane.owner, KEY: lane.key}
    if (told := lane.figures) is not None:
        figures = LaneFigures(
            told.instance_type,
            tuple(told.device_ids),
            told.partition,
            told.cpu,
            told.memory,
            frozenset(told.ports),
            UNCOUNTED_BY_NAME[told.lock] if told.lock else None,
        )
        tags[LANE] = lane_tag.written(figures)
    return LiveService(
        arn=lane.name,
        name=lane.name,
        status=lane.status,
        desired=lane.desired,
        running=0,
        pending=0,
        task_definition="",
        members={
            "capacityProviderStrategy": [
                {"capacityProvider": each} for each in lane.capacity_providers
            ],
            "placementConstraints": [
                {"type": "memberOf", "expression": each} for each in lane.constraints
            ],
        },
        tags={name: value for name, value in tags.items() if value},
    )


def _instance(shown: Instance) -> LiveInstance:
    return LiveInstance(
        arn=shown.arn,
        ec2_instance_id=shown.ec2_instance_id,
        instance_type=shown.type,
        status=shown.status,
        connected=shown.connected,
        capacity_provider=shown.capacity_provider,
        attributes=shown.attributes,
        registered={"CPU": shown.cpu, "MEMORY": shown.memory},
    )


def _task(instance: str, task: Task) -> LiveTask:
    """Its definition has its own ARN: no two tasks have to be of one."""
    return LiveTask(
        arn=task.arn,
        group=task.group,
        instance=instance,
        task_definition=task.arn,
        last_status="RUNNING",
        desired_status="RUNNING",
    )


def _definition(task: Task) -> LiveTaskDefinition:
    """A task definition of that size with these devices and ports."""
    container = {
        "portMappings": [{"hostPort": port, "containerPort": port} for port in task.ports],
        "linuxParameters": {
            "devices": [{"hostPath": f"/dev/neuron{device}"} for device in task.device_ids]
        },
    }
    members = {
        "cpu": str(task.cpu),
        "memory": str(task.memory),
        "networkMode": "awsvpc" if task.enis else "bridge",
        "containerDefinitions": [container],
    }
    return LiveTaskDefinition(task.arn, members)
