"""What ECS sets aside on an instance for one task of a task definition."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_AMOUNT: Final = re.compile(r"([0-9]+|[0-9]*\.[0-9]+) *(vcpu|gb)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TaskSize:
    """What the scheduler counts.

    Attributes:
        cpu: units, 1,024 a vCPU.
        memory: MiB.
        ports: static TCP ports of the host.
    """

    cpu: int
    memory: int
    ports: frozenset[int]


def task_size(task_definition: Mapping[str, Any]) -> TaskSize:
    """The size of a task, of RegisterTaskDefinition's members or DescribeTaskDefinition's.

    The task's own size counts where it has one, else the sum over its containers; of a
    container's memory the reservation where it has one, else the limit (API reference,
    TaskDefinition and ContainerDefinition). What is no amount counts as not given: ECS refuses
    it, so no task is made of it.
    """
    containers = task_definition.get("containerDefinitions") or ()
    return TaskSize(
        cpu=_amount(task_definition.get("cpu")) or sum(each.get("cpu") or 0 for each in containers),
        memory=_amount(task_definition.get("memory"))
        or sum(each.get("memoryReservation") or each.get("memory") or 0 for each in containers),
        ports=frozenset(_static_ports(task_definition)),
    )


def _amount(written: object) -> int:
    """CPU units or MiB: a number, ``"1024"``, ``"1 vCPU"`` or ``"0.5 GB"``; 0 for none."""
    match = _AMOUNT.fullmatch(str(written).strip())
    if match is None:
        return 0
    number, unit = match.groups()
    return round(float(number) * (1024 if unit else 1))


def _static_ports(task_definition: Mapping[str, Any]) -> Iterator[int]:
    """In bridge mode a port without a number is found at start; in host mode it is the same."""
    mode = task_definition.get("networkMode") or "bridge"
    if mode not in {"bridge", "host"}:
        return
    for container in task_definition.get("containerDefinitions") or ():
        for mapping in container.get("portMappings") or ():
            port = mapping.get("hostPort") or (mode == "host" and mapping.get("containerPort"))
            if port and (mapping.get("protocol") or "tcp") == "tcp":
                yield port
