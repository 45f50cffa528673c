"""Plans, outcomes and statuses as the layers below make them, for tests to show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from glia.change import Block, Change, Effect
from glia.desired.state import DesiredLane, DesiredService
from glia.diff import ABSENT, MASKED, FieldChange
from glia.errors import Diagnostic, Location
from glia.live import LiveService
from glia.manifest.spec import Rollout
from glia.neuron.catalogue import catalogue
from glia.neuron.lanes import Lane
from glia.outcome import Outcome, State
from glia.plan import NOT_READY, Drifted, Held, Plan, Preflight, Retired, Settled, Source
from glia.status import (
    Chip,
    ClusterStatus,
    Condition,
    Holder,
    InstanceStatus,
    LaneStatus,
    ServiceStatus,
    Status,
)
from glia.steps import Create, Definition, Delete, Replace, Retire, Update
from glia.target import ClusterRef, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

CLUSTER = ClusterRef(Target("us-west-2", "111122223333"), "inference", "ml-platform")
CONTAINER = "taskDefinition.containerDefinitions[server]"
GROUP = "targetgroup/web/0123456789abcdef"
NEW_SERVICE = Effect(calls=("RegisterTaskDefinition", "CreateService"), new_task_definition=True)
ROLLING = Effect(
    new_task_definition=True,
    replaced_tasks=2,
    at_once=1,
    calls=("RegisterTaskDefinition", "UpdateService", "TagResource"),
)


def lane(name: str, devices: Sequence[int] = (0, 1, 2, 3), count: int | None = 2) -> DesiredLane:
    return DesiredLane(Lane(name, tuple(devices), count), {}, {}, {}, (), "v1:0", "0")


def service(name: str, *lanes: DesiredLane, cluster: ClusterRef = CLUSTER) -> DesiredService:
    return DesiredService(
        key=f"{cluster.name}/{name}",
        name=name,
        location=Location(f"manifests/{name}.yaml", 2, 1),
        cluster=cluster,
        replicas=2,
        suspended=False,
        rollout=Rollout(),
        lanes=lanes,
        attempt="0123456789abcdef",
        instance_type=catalogue()["inf1.6xlarge"],
        container="server",
    )


def live(name: str) -> LiveService:
    return LiveService(f"arn:service/{name}", name, "ACTIVE", 2, 2, 0, f"{name}:1", {})


def changed(path: str, old: Any, new: Any) -> FieldChange:
    return FieldChange(path, old, new, sensitive=False)


def created(name: str, *fields: FieldChange, own: DesiredLane | None = None, **more: Any) -> Change:
    own = own or lane(name)
    step = Create(Definition({}, "", f"v1:{name}"), {"serviceName": name})
    given = {"cause": "git", "effect": NEW_SERVICE, **more}
    return Change(service(name, own), own, step, fields=fields, **given)


def updated(name: str, *fields: FieldChange, own: DesiredLane | None = None, **more: Any) -> Change:
    own = own or lane(name)
    step = Update(live(name), Definition({}, "", f"v1:{name}"), {"taskDefinition": ""})
    given = {"cause": "git", "effect": ROLLING, **more}
    return Change(service(name, own), own, step, fields=fields, **given)


def replaced(name: str, *fields: FieldChange, **more: Any) -> Change:
    own = lane(name)
    step = Replace(live(name), Create(Definition(None, "arn:1", "v1:1"), {"serviceName": name}))
    effect = Effect(replaced_tasks=2, at_once=2, calls=("DeleteService", "CreateService"))
    given = {"cause": "git", "effect": effect, **more}
    return Change(service(name, own), own, step, fields=fields, **given)


def new_fields() -> tuple[FieldChange, ...]:
    """Of a service behind a load balancer."""
    return (
        changed(f"{CONTAINER}.image", ABSENT, "registry/resnet:1"),
        changed(f"{CONTAINER}.memoryReservation", ABSENT, 1000),
        changed(f"{CONTAINER}.environment[MODEL].value", ABSENT, "resnet50"),
        FieldChange(f"{CONTAINER}.environment[TOKEN].value", ABSENT, MASKED, sensitive=True),
        changed("service.loadBalancers[web server:8501].targetGroupArn", ABSENT, GROUP),
        changed("service.placementConstraints[distinctInstance]", ABSENT, True),
    )


def changes() -> tuple[Change, ...]:
    """One of every kind."""
    registry = "111122223333.dkr.ecr.us-west-2.amazonaws.com/vision/models/bert-large-uncased"
    stopped = Block(
        "running-tasks",
        "loadBalancers cannot be changed in place, and 2 tasks are running",
        "glia apply --allow-downtime",
    )
    taken = Block("owner", "the service is owned by team-b", "glia apply --adopt inference/clip")
    four = Effect(replicas=(2, 4), calls=("UpdateService",))
    return (
        created("resnet50", *new_fields()),
        created("vit", own=lane("vit-neuron0", (0,), None)),
        updated(
            "bert",
            changed(f"{CONTAINER}.image", f"{registry}:1.4.0-neuron", f"{registry}:1.5.0-neuron"),
            changed(f"{CONTAINER}.environment[DEBUG].value", "1", ABSENT),
            FieldChange(f"{CONTAINER}.environment[TOKEN].value", MASKED, MASKED, sensitive=True),
            changed(f"{CONTAINER}.cpu", 1024, 2048),
        ),
        updated("gpt", changed("replicas", 2, 4), effect=four),
        updated(
            "whisper",
            changed("service.placementStrategy[0].field", "memory", "cpu"),
            cause="drift",
            effect=Effect(calls=("UpdateService",)),
        ),
        updated(
            "llama",
            changed("service.tags[glia:owner]", ABSENT, "ml-platform"),
            cause="adopt",
            effect=Effect(calls=("TagResource",)),
        ),
        replaced(
            "web",
            changed("service.schedulingStrategy", "DAEMON", "REPLICA"),
            blocked_by=(stopped,),
        ),
        updated("clip", changed(f"{CONTAINER}.image", "clip:1", "clip:2"), blocked_by=(taken,)),
    )


def plan() -> Plan:
    """Every part of a plan, and nothing hostile."""
    calm = lane("calm")
    rolled = service("t5", lane("t5"))
    role = "the role ecsTaskExecutionRole does not exist in 111122223333"
    return Plan(
        changes=changes(),
        settled=(
            Settled(service("calm", calm), calm, live("calm")),
            Settled(service("late", lane("late")), lane("late"), live("late"), rolling=True),
        ),
        held=(
            Held(rolled, "RolledBack", "ECS deployment circuit breaker: tasks failed to start."),
        ),
        suspended=("inference/asleep",),
        preflight=(
            Preflight("inference/resnet50", "cluster", "ok", ""),
            Preflight("inference/vit", "execution role", "unknown", "iam:GetRole is not allowed"),
            Preflight("inference/bert", "execution role", "unknown", "iam:GetRole is not allowed"),
            Preflight("inference/resnet50", "execution role", "failed", role),
        ),
        diagnostics=(
            Diagnostic("warning", "one-replica", "a rollout stops the only replica"),
            Diagnostic(
                "error",
                "unknown-field",
                "unknown field `cpuz`",
                Location("manifests/bad.yaml", 14, 9),
                path="spec.taskDefinition.cpuz",
                expected="a member of RegisterTaskDefinition",
                found="cpuz",
                remedy="write cpu",
                key="NeuronService/bad",
            ),
        ),
        source=Source("https://git.example/ml/serving", "0a1b2c3d4e5f", "manifests"),
    )


def pruned(name: str, step: Retire | Delete, **more: Any) -> Change:
    """What no manifest has any more."""
    gone = replace(service(name), location=Location("", 0, 0))
    calls = ("TagResource", "UpdateService") if isinstance(step, Retire) else ("DeleteService",)
    count = step.service.desired
    return Change(
        gone,
        lane(name),
        step,
        cause="prune",
        fields=(changed("replicas", count, 0),) if count else (),
        effect=Effect(replicas=(count, 0), calls=calls),
        **more,
    )


def pruning_plan() -> Plan:
    """Everything that comes of manifests that go, and of what is left as it is."""
    drained = replace(live("older"), desired=0, running=0)
    stopping = replace(live("oldest"), desired=0, running=1)
    limit = Block(
        "prune-limit",
        "4 of the 9 manifests of cluster inference (us-west-2) are gone, and at most 2 may be "
        "deleted at once",
        "glia apply --prune --allow-deletes 4",
    )
    changes = (
        pruned("old", Retire(live("old"), 3600.0)),
        pruned("older", Delete(drained, force=False)),
        pruned("kept", Retire(live("kept"), 0.0), blocked_by=(limit,)),
    )
    own = lane("whisper")
    return Plan(
        changes=changes,
        held=(Held(service("top"), NOT_READY, "1 of 2 replicas of inference/below run"),),
        drifted=(Drifted(service("whisper", own), own, (changed("replicas", 3, 2),)),),
        retired=(Retired(changes[0].service, stopping, 1_800_000_000),),
    )


def outcome(name: str, state: State, ready: int = 0, **more: Any) -> Outcome:
    key = f"inference/{name}"
    given: dict[str, Any] = {"lane": name, "action": "update", "at": 1e9, "replicas": 2, **more}
    return Outcome(f"us-west-2/{key}", key, state=state, ready=ready, **given)


def outcomes() -> tuple[Outcome, ...]:
    """One of every end."""
    breaker = "ECS deployment circuit breaker: tasks failed to start.\nserver: exit code 137"
    away = (
        "service bert was unable to place a task because no container instance met all of its "
        "requirements."
    )
    refused = "UpdateService: ClientException: The container server does not exist."
    return (
        outcome("resnet50", State.DONE, 2, action="create"),
        outcome("vit", State.SUBMITTED, 1),
        outcome("gpt", State.ROLLED_BACK, 2, reason="RolledBack", message=breaker),
        outcome("bert", State.STALLED, 1, lane="bert-neuron0", reason="Unplaceable", message=away),
        outcome("clip", State.FAILED, reason="ClientException", message=refused),
        outcome("llama", State.TIMED_OUT, 1, reason="ProgressDeadlineExceeded"),
        outcome("web", State.BLOCKED, action="replace", reason="running-tasks"),
        outcome("t5", State.INTERRUPTED, 1),
        outcome("whisper", State.NOT_STARTED),
    )


def holder(name: str, task: str, *, owned: bool = True) -> Holder:
    key = f"inference/{name}" if owned else f"service:{name}"
    return Holder(key, name, f"arn:aws:ecs:us-west-2:111122223333:task/inference/{task}", owned)


def instance(number: int, kind: str, *holders: tuple[Holder, ...], **more: Any) -> InstanceStatus:
    chips = tuple(Chip(at, of) for at, of in enumerate(holders))
    given: dict[str, Any] = {"partition": "", "status": "ACTIVE", **more}
    return InstanceStatus(f"arn:{number}", f"i-{number:04x}", kind, chips=chips, **given)


def conditions(reason: str, message: str, *, stalled: bool = False) -> tuple[Condition, ...]:
    kind = "Stalled" if stalled else "Reconciling"
    return (
        Condition("Ready", "False", reason, message),
        Condition("Stalled" if kind == "Stalled" else "Reconciling", "True", reason, message),
    )


def status() -> Status:
    """Services in every health, chips in every hand."""
    ready = (Condition("Ready", "True", "Converged", "2 of 2 replicas are ready"),)
    told = (
        "service t5-neuron4 was unable to place a task because no container instance met all of "
        "its requirements. The closest matching container-instance i-0002 is already using a port "
        "required by your task."
    )
    where = Location("manifests/a.yaml", 2, 1)
    lanes = (
        LaneStatus(
            "t5-neuron0", (0,), "", 1, 1, 0, 1, "inference-t5-neuron0:3", "ecs-svc/1", "COMPLETED"
        ),
        LaneStatus(
            "t5-neuron4", (4,), "", 1, 0, 0, 0, "inference-t5-neuron4:2", "ecs-svc/2", "IN_PROGRESS"
        ),
    )
    one = LaneStatus(
        "bert", (0, 1, 2, 3), "", 2, 2, 0, 2, "inference-bert:7", "ecs-svc/3", "COMPLETED"
    )
    gone = LaneStatus("gpt", (0, 1, 2, 3), "", 1, 0, 0, 0)
    absent = conditions("NotCreated", "there is no such service yet; glia apply makes it")
    return Status(
        1_700_000_000.25,
        (
            ServiceStatus("inference/bert", where, CLUSTER, "Healthy", ready, (one,)),
            ServiceStatus(
                "inference/t5",
                where,
                CLUSTER,
                "Degraded",
                conditions("Unplaceable", told, stalled=True),
                lanes,
            ),
            ServiceStatus("inference/gpt", where, CLUSTER, "Missing", absent, (gone,)),
        ),
        (ClusterStatus(CLUSTER, "111122223333", instances()),),
        (Diagnostic("warning", "agent", "the agent of i-0003 is not connected", key="inference"),),
    )


def instances() -> tuple[InstanceStatus, ...]:
    whole = (holder("bert", "b1"),)
    small = [(holder("resnet50", f"r{number}"),) for number in range(12)]
    clash = (holder("t5", "t1"), holder("train", "x1", owned=False))
    return (
        instance(
            1,
            "inf1.6xlarge",
            (holder("resnet50", "a"),),
            (holder("resnet50", "b"),),
            (),
            (holder("vllm", "c"),),
        ),
        instance(2, "inf1.6xlarge", whole, whole, (holder("train", "x2", owned=False),), clash),
        instance(3, "inf2.48xlarge", *small, status="DRAINING", partition="p2"),
        instance(4, "trn1.32xlarge", *[whole] * 8, *[()] * 8),
        instance(5, "inf2.48xlarge", *[(holder(f"service-{at}", f"s{at}"),) for at in range(12)]),
    )
