"""A lane's task definition: what the user wrote, and what keeps its replicas on its chips.

What is written here and what the user writes never contradict: the manifest's rules see to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.neuron.locks import Lock, lock_port

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glia.manifest.spec import ServiceSpec

# Docker shares these modes' ports with the host; in awsvpc a task has its own interface.
MODES_WITH_HOST_PORTS = frozenset({"bridge", "host"})
# What the runtime needs; `mknod` it does not (developer guide, the Neuron sample).
PERMISSIONS = ("read", "write")

Json = dict[str, Any]


def neuron_container(spec: ServiceSpec) -> str:
    """The name of the container that gets the chips."""
    if spec.neuron.container is not None:
        return spec.neuron.container
    containers = spec.task_definition.get("containerDefinitions") or ()
    essential = [each for each in containers if each.get("essential") is not False]
    name: str = essential[0]["name"]
    return name


def lane_lock(spec: ServiceSpec) -> Lock:
    """What the lanes of a service on EC2 capacity are kept apart by."""
    lock = Lock(spec.neuron.lock)
    mode = spec.task_definition.get("networkMode") or "bridge"
    return Lock.MEMORY if lock is Lock.PORTS and mode not in MODES_WITH_HOST_PORTS else lock


def task_definition(spec: ServiceSpec, family: str, device_ids: Sequence[int]) -> Json:
    """The members of RegisterTaskDefinition, without tags, in this family."""
    neuron, written = spec.neuron, spec.task_definition
    managed = neuron.allocation == "managed"
    made: Json = {"family": family, **_without(written, "family", "tags")}
    if not made.get("requiresCompatibilities"):
        made["requiresCompatibilities"] = ["MANAGED_INSTANCES" if managed else "EC2"]
    if managed and not made.get("networkMode"):
        made["networkMode"] = "awsvpc"
    if not managed:
        made["placementConstraints"] = task_constraints(spec)
    holder = neuron_container(spec)
    made["containerDefinitions"] = [
        _with_chips(each, spec, device_ids) if each["name"] == holder else each
        for each in written["containerDefinitions"]
    ]
    return made


def task_constraints(spec: ServiceSpec) -> list[Json]:
    """Only on instances of the type: the definition fits no other."""
    expression = f"attribute:ecs.instance-type == {spec.neuron.instance_type}"
    own: Json = {"type": "memberOf", "expression": expression}
    given = list(spec.task_definition.get("placementConstraints") or ())
    said = any(
        "".join(str(each.get("expression", "")).split()) == "".join(expression.split())
        for each in given
    )
    return given if said else [*given, own]


def _with_chips(container: Mapping[str, Any], spec: ServiceSpec, device_ids: Sequence[int]) -> Json:
    neuron = spec.neuron
    made = dict(container)
    if neuron.allocation == "managed":
        asked: Json = {"type": "NeuronDevice", "value": "ALL"}
        made["resourceRequirements"] = [*(made.get("resourceRequirements") or ()), asked]
        return made
    parameters = dict(made.get("linuxParameters") or {})
    parameters["devices"] = [
        *(parameters.get("devices") or ()),
        *_devices(device_ids, remapped=neuron.mapping == "remap"),
    ]
    made["linuxParameters"] = parameters
    if lane_lock(spec) is Lock.PORTS:
        locks = [_lock(device) for device in device_ids]
        made["portMappings"] = [*(made.get("portMappings") or ()), *locks]
    return made


def _devices(device_ids: Sequence[int], *, remapped: bool) -> list[Json]:
    return [
        {
            "hostPath": f"/dev/neuron{device}",
            "containerPath": f"/dev/neuron{index if remapped else device}",
            "permissions": list(PERMISSIONS),
        }
        for index, device in enumerate(device_ids)
    ]


def _lock(device: int) -> Json:
    """The host port that a second task on this chip could not have. Nothing listens there."""
    port = lock_port(device)
    return {"containerPort": port, "hostPort": port, "protocol": "tcp"}


def _without(members: Mapping[str, Any], *names: str) -> Json:
    return {name: value for name, value in members.items() if name not in names}
