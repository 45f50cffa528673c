"""Where a task goes: resources, then constraints, then strategies, then a pick.

The order is ECS's own (developer guide, "task placement"). ``linuxParameters.devices`` plays
no part in it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.ecs.expression import InstanceView, matches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glia.ecs.expression import Expression
    from glia.sandbox.needs import Needs
    from glia.sandbox.records import Cluster, Instance, Task, TaskDefinition
    from glia.sandbox.wire_types import Json

NO_INSTANCES = "No Container Instances were found in your cluster."
LACKS = {
    "CPU": "has insufficient CPU units available.",
    "MEMORY": "has insufficient memory available.",
    "PORTS": "is already using a port required by your task.",
    "ENI": 'encountered error "RESOURCE:ENI".',
    "NEURON_DEVICES": 'encountered error "RESOURCE:NEURON_DEVICES".',
    "AGENT": 'encountered error "AGENT".',
    "ATTRIBUTE": "is missing an attribute required by your task.",
    "memberOf": 'encountered error "MemberOf placement constraint unsatisfied.".',
    "distinctInstance": 'encountered error "DistinctInstance placement constraint unsatisfied.".',
}


@dataclass(frozen=True, slots=True)
class Terms:
    """What has to hold where a task goes, and what is preferred.

    ``peers`` are the live tasks of the same group: distinctInstance and spread look at them.
    ``provider`` limits the choice to a capacity provider's instances; none means that the
    launch type is EC2, which is every instance of the cluster but managed ones.
    """

    definition: TaskDefinition
    needs: Needs
    peers: Sequence[Task]
    constraints: tuple[Expression, ...]
    distinct_instance: bool
    strategy: Sequence[Json]
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class NoPlace:
    """Why there is no place: RunTask's failure code, its instance, and a service's sentence.

    ``on_its_way`` says that a capacity provider is launching an instance.
    """

    code: str
    instance: Instance | None = None
    on_its_way: bool = False

    @property
    def failure(self) -> str:
        if self.instance is None:
            return "EMPTY CAPACITY PROVIDER" if self.on_its_way else "NO ACTIVE INSTANCES"
        if self.code in {"memberOf", "distinctInstance"}:
            return f"{self.code[0].upper()}{self.code[1:]} placement constraint unsatisfied."
        return self.code if self.code in {"AGENT", "ATTRIBUTE"} else f"RESOURCE:{self.code}"

    @property
    def sentence(self) -> str:
        if self.instance is None:
            return f"Reason: {NO_INSTANCES}"
        name = self.instance.arn.rsplit("/", 1)[-1]
        return f"The closest matching (container-instance {name}) {LACKS[self.code]}"


def place(cluster: Cluster, terms: Terms) -> Instance | NoPlace:
    """The instance for one more task."""
    candidates: list[Instance] = []
    closest = NoPlace("")
    for instance in cluster.instances.values():
        if instance.status != "ACTIVE" or not belongs(instance, terms.provider):
            continue
        lack = obstacle(instance, terms)
        if lack is None:
            candidates.append(instance)
        elif closest.instance is None or _closeness(lack) > _closeness(closest.code):
            closest = NoPlace(lack, instance)
    if not candidates:
        return closest
    return _pick(candidates, terms)


def belongs(instance: Instance, provider: str | None) -> bool:
    """Whether the instance is one of the provider's, or of the launch type EC2 if none is named."""
    if provider is not None:
        return instance.capacity_provider == provider
    return not instance.managed


def obstacle(instance: Instance, terms: Terms) -> str | None:
    """What keeps the task from this instance, or none. The checks stand in ECS's order."""
    if not instance.agent_connected:
        return "AGENT"
    if (resource := instance.promised.lacks(terms.needs)) is not None:
        return resource
    return unsatisfied(instance, terms)


def unsatisfied(instance: Instance, terms: Terms) -> str | None:
    """The kind of constraint that the instance does not satisfy, or none."""
    if not terms.definition.requires <= instance.attributes.keys():
        return "ATTRIBUTE"
    if terms.constraints or terms.definition.constraints:
        view = view_of(instance)
        for expression in (*terms.definition.constraints, *terms.constraints):
            if not matches(expression, view):
                return "memberOf"
    if terms.distinct_instance and any(task.instance is instance for task in terms.peers):
        return "distinctInstance"
    return None


_NEAREST_LAST = ("AGENT", "ATTRIBUTE", "memberOf", "distinctInstance")


def _closeness(lack: str) -> int:
    """An instance that only lacks a resource is closer than one that may not be used at all."""
    return _NEAREST_LAST.index(lack) if lack in _NEAREST_LAST else len(_NEAREST_LAST)


def view_of(instance: Instance) -> InstanceView:
    """The instance as the cluster query language sees it: constraints look at desired status."""
    live = [task for task in instance.tasks.values() if task.live]
    return InstanceView(
        attributes=instance.attributes,
        agent_connected=instance.agent_connected,
        agent_version=instance.agent_version,
        ec2_instance_id=instance.ec2_instance_id,
        registered_at=instance.registered_at,
        running_tasks_count=len(live),
        task_groups={task.group for task in live},
    )


def _pick(candidates: list[Instance], terms: Terms) -> Instance:
    strategy = terms.strategy or (
        {"type": "spread", "field": "attribute:ecs.availability-zone"},  # ECS's default
    )
    for rule in strategy:
        match rule["type"]:
            case "spread":
                candidates = _fewest_of_group(candidates, rule["field"], terms.peers)
            case "binpack":
                free = _free_memory if rule["field"].lower() == "memory" else _free_cpu
                candidates = _least(candidates, free)
            case _:  # random: any of them, so the first
                pass
    return candidates[0]


def _least(candidates: list[Instance], measure: Callable[[Instance], float]) -> list[Instance]:
    least = min(map(measure, candidates))
    return [instance for instance in candidates if measure(instance) == least]


def _free_memory(instance: Instance) -> float:
    return instance.capacity.memory - instance.promised.memory


def _free_cpu(instance: Instance) -> float:
    return instance.capacity.cpu - instance.promised.cpu


def _fewest_of_group(candidates: list[Instance], by: str, peers: Sequence[Task]) -> list[Instance]:
    def value(instance: Instance) -> str | None:
        if by in {"instanceId", "host"}:
            return instance.arn
        return instance.attributes.get(by.removeprefix("attribute:"))

    counts = Counter(value(task.instance) for task in peers if task.instance is not None)
    return _least(candidates, lambda instance: counts[value(instance)])
