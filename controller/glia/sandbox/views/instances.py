"""Container instances as ECS shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.needs import RESERVED_PORTS
from glia.sandbox.views.members import only_set, tag_list

if TYPE_CHECKING:
    from glia.sandbox.needs import Ledger
    from glia.sandbox.records import Instance
    from glia.sandbox.wire_types import Json


def container_instance(record: Instance, *, tags: bool) -> Json:
    live = [task for task in record.tasks.values() if task.live]
    return {
        "containerInstanceArn": record.arn,
        "ec2InstanceId": record.ec2_instance_id,
        "status": record.status,
        "agentConnected": record.agent_connected,
        "runningTasksCount": sum(not task.pending for task in live),
        "pendingTasksCount": sum(task.pending for task in live),
        "registeredResources": _resources(record, None),
        "remainingResources": _resources(record, record.promised),
        "attributes": attributes(record),
        "attachments": [],
        "registeredAt": record.registered_at,
        "version": record.version,
        "versionInfo": {
            "agentVersion": record.agent_version,
            "dockerVersion": "DockerVersion: 25.0.8",
        },
        "tags": tag_list(record.tags) if tags else [],
        **only_set(capacityProviderName=record.capacity_provider),
    }


def attributes(record: Instance) -> list[Json]:
    return [{"name": name, **only_set(value=value)} for name, value in record.attributes.items()]


def _resources(record: Instance, taken: Ledger | None) -> list[Json]:
    cpu, memory = record.capacity.cpu, record.capacity.memory
    ports = set(RESERVED_PORTS)
    if taken is not None:
        cpu, memory, ports = cpu - taken.cpu, memory - taken.memory, taken.ports
    resources = [_integer("CPU", cpu), _integer("MEMORY", memory)]
    for name, protocol in (("PORTS", "tcp"), ("PORTS_UDP", "udp")):
        numbers = sorted(number for kind, number in ports if kind == protocol)
        resources.append(_strings(name, [str(number) for number in numbers]))
    if record.managed and record.devices:
        held = taken is not None and taken.neuron_holders > 0
        chips = [] if held else [str(number) for number in range(len(record.devices))]
        resources.append(_strings("NEURON_DEVICES", chips))
    return resources


def _integer(name: str, value: int) -> Json:
    return {
        "name": name,
        "type": "INTEGER",
        "doubleValue": 0.0,
        "longValue": 0,
        "integerValue": value,
    }


def _strings(name: str, values: list[str]) -> Json:
    return {
        "name": name,
        "type": "STRINGSET",
        "doubleValue": 0.0,
        "longValue": 0,
        "integerValue": 0,
        "stringSetValue": values,
    }
