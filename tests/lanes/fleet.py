"""Services that share instances, and somebody who watches their chips at every second."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import jsonschema

from glia.apply import apply
from glia.applying.manner import Manner
from glia.aws.clock import Interrupted
from glia.cli.prepared import prepared
from glia.cli.status import looked_at
from glia.planning.allowances import Allowances
from glia.render.status_json import status_json
from glia.render.status_schema import status_schema
from support.operator import MUTATING, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.plan import Plan
    from glia.sandbox.records import Task
    from glia.status import Status
    from glia.target import ClusterRef
    from support.operator import Operator

BIG = "inf2.48xlarge"  # 12 chips
SMALL = "inf1.6xlarge"  # 4 chips
WRITES = frozenset(
    {
        "register_task_definition",
        "create_service",
        "update_service",
        "delete_service",
        "put_attributes",
        "delete_attributes",
        "set_instance_state",
        "tag",
    }
)


def sharing(
    name: str,
    replicas: int | None,
    devices: int | str,
    *,
    image: str = "server:1",
    kind: str = BIG,
    **spec: Any,
) -> dict[str, Any]:
    """A service with a health check; ``pool``, ``lock`` and the like are members of neuron."""
    neuron = {"instanceType": kind, "devices": devices}
    neuron |= {each: spec.pop(each) for each in ("pool", "lock", "minInstances") if each in spec}
    made = neuron_service(name, image=image, replicas=replicas, neuron=neuron, **spec)
    (container,) = made["spec"]["taskDefinition"]["containerDefinitions"]
    container["healthCheck"] = {"command": ["CMD-SHELL", "true"]}
    return made


class Watch:
    """Plays the sandbox's time second by second and looks at every one of them.

    Attributes:
        fewest: the lowest number of healthy replicas of each manifest since ``begin``.
        rolling: how many lanes of one manifest were ever rolling at once.
    """

    def __init__(self, operator: Operator) -> None:
        self._sandbox = operator.driver.sandbox
        self._clock = operator.driver.clock
        self.fewest: dict[str, int] = {}
        self.rolling = 0
        self.collisions: list[str] = []
        # Before the sandbox's own listener: it would play the whole step at once.
        self._clock._listeners.insert(0, self._play)

    def begin(self) -> None:
        """Forget what was, and count from here on."""
        self.fewest, self.rolling = {}, 0
        self._look()

    def _play(self, to: float) -> None:
        at = self._clock.now() + 1
        while at < to:
            self._sandbox.world.advance(at)
            self._look()
            at += 1
        self._sandbox.world.advance(to)
        self._look()

    def _look(self) -> None:
        with self._sandbox.world.lock:
            self._count()
            for instance in self._sandbox.cluster.instances.values():
                holders = Counter(
                    chip for task in instance.tasks.values() for chip in chips_of(task)
                )
                self.collisions += [f"{chip} twice" for chip, n in holders.items() if n > 1]

    def _count(self) -> None:
        ready, rolling = Counter[str](), Counter[str]()
        for service in self._sandbox.cluster.services.values():
            if service.status != "ACTIVE":
                continue
            key = service.tags.get("glia:key", service.name)
            ready[key] += sum(each.live and each.healthy for each in service.tasks.values())
            rolling[key] += len(service.deployments) > 1
        self.rolling = max(self.rolling, *rolling.values(), 0)
        for key in ready:
            self.fewest[key] = min(self.fewest.get(key, ready[key]), ready[key])


def chips_of(task: Task) -> set[str]:
    """The chips that a task's processes have open now."""
    if task.last_status not in {"RUNNING", "DEACTIVATING", "STOPPING"}:
        return set()
    return mapped(task)


def mapped(task: Task) -> set[str]:
    """The chips of its instance that its task definition maps."""
    containers = task.definition.spec["containerDefinitions"]
    parameters = (each.get("linuxParameters", {}) for each in containers)
    return {device["hostPath"] for each in parameters for device in each.get("devices", ())}


def died_for_a_taken_chip(operator: Operator) -> list[str]:
    """Tasks, of the last hour, whose process found its chip taken: what must never be."""
    with operator.driver.sandbox.world.lock:
        return [
            task.group
            for task in operator.driver.sandbox.cluster.tasks.values()
            for container in task.containers
            if str(container.get("reason", "")).startswith("NRT:nrt_init")
        ]


def running(operator: Operator) -> Counter[str]:
    """Running replicas by the manifest's name."""
    found = Counter[str]()
    with operator.driver.sandbox.world.lock:
        for service in operator.driver.sandbox.cluster.services.values():
            name = service.tags.get("glia:key", service.name).rpartition("/")[2]
            alive = (each for each in service.tasks.values() if each.live)
            found[name] += sum(each.last_status == "RUNNING" for each in alive)
    return +found


def tasks(operator: Operator, *names: str) -> dict[str, tuple[str, str]]:
    """Lane and definition of all running tasks, by ARN; of these manifests or of all."""
    keys = {f"inference/{name}" for name in names}
    with operator.driver.sandbox.world.lock:
        return {
            arn: (service.name, task.definition.name)
            for service in operator.driver.sandbox.cluster.services.values()
            if not names or service.tags.get("glia:key") in keys
            for arn, task in service.tasks.items()
            if task.live
        }


def lanes(operator: Operator, *names: str) -> dict[str, int]:
    """The desired counts of the live lanes, by their names."""
    keys = {f"inference/{name}" for name in names}
    return {
        service.name: service.desired_count
        for service in operator.driver.sandbox.cluster.services.values()
        if service.status == "ACTIVE" and (not names or service.tags.get("glia:key") in keys)
    }


def partitions(operator: Operator) -> Counter[str]:
    """How many instances each partition has; the default one is the empty name."""
    instances = operator.driver.sandbox.cluster.instances.values()
    return Counter(each.attributes.get("glia.partition") or "" for each in instances)


def label_of(plan: Plan) -> dict[str, int]:
    """How many instances get which label."""
    assert {each.action for each in plan.labellings} <= {"label"}
    return {each.partition: len(each.instances) for each in plan.labellings}


def status_of(operator: Operator) -> Status:
    """What `glia status` tells, in the form that is published."""
    found = looked_at((str(operator.folder),), operator.online())
    jsonschema.validate(status_json(found), status_schema())
    return found


class Mortal:
    """Gateways of a process that is killed after so many calls that change something."""

    def __init__(self, ecs_of: Callable[[ClusterRef], Any], calls: int) -> None:
        self._ecs_of = ecs_of
        self._left = calls
        self._lock = threading.Lock()

    def __call__(self, cluster: ClusterRef) -> Any:
        return _MortalEcs(self._ecs_of(cluster), self)

    def write(self, call: Callable[..., Any], *args: Any) -> Any:
        """The last call reaches ECS, and its answer nobody."""
        with self._lock:
            self._left -= 1
            if self._left < 0:
                raise Interrupted
            answer = call(*args)
            if self._left == 0:
                raise Interrupted
            return answer


class _MortalEcs:
    def __init__(self, ecs: Any, process: Mortal) -> None:
        self._ecs = ecs
        self._process = process

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._ecs, name)
        return (lambda *args: self._process.write(call, *args)) if name in WRITES else call


def apply_and_die(operator: Operator, calls: int, **allowed: Any) -> None:
    """An apply that ends after that many calls that change something."""
    online = operator.online()
    plan = prepared((str(operator.folder),), online, Allowances(**allowed)).plan
    ecs_of = Mortal(online.of, calls)
    apply(plan, ecs_of, operator.driver.clock, operator.told.append, Manner())


def writes(operator: Operator, since: int) -> Counter[str]:
    """The calls that changed something since that call."""
    made = operator.calls_of(since=since)
    return Counter({name: made[name] for name in made if name.startswith(MUTATING)})


def live_until_nothing_is_left(operator: Operator, **allowed: bool) -> Counter[str]:
    """Processes that each live for one call; all that they changed."""
    begin = len(operator.driver.sandbox.calls)
    while True:
        before = len(operator.driver.sandbox.calls)
        apply_and_die(operator, 1, **allowed)
        operator.driver.run(10)  # until somebody starts the next one
        if not writes(operator, before):
            return writes(operator, begin)
        assert len(operator.driver.sandbox.calls) - begin < 2000, "they get nowhere"
