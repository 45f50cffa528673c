"""How much CPU and memory a replica reserves on its instance, as ECS adds it up.

Developer guide, "Amazon ECS task definition parameters": the task's own size where it has one,
else its containers' together; of a container the reservation, else the limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from glia.manifest.rules_subject import CONTAINERS, TASK_DEFINITION, Subject

if TYPE_CHECKING:
    from glia.ecs.shape_fault import Path

# RegisterTaskDefinitionRequest.cpu and .memory: units or MiB, or vCPU and GB of 1024 each.
# At most nine digits: more than any instance has, and quick to read.
PLAIN = re.compile(r"[0-9]{1,9}")
NAMED = {
    "cpu": re.compile(r"([0-9]{0,9}\.?[0-9]{1,9}) ?vcpu", re.IGNORECASE),
    "memory": re.compile(r"([0-9]{0,9}\.?[0-9]{1,9}) ?gb", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Reserved:
    """An amount, in CPU units or MiB, and where the manifest says the most of it.

    Attributes:
        largest: how much of it is said there.
    """

    amount: int
    path: Path
    largest: int

    def missing(self, wanted: int) -> int:
        """What to write at the path so that all together are as many."""
        return wanted - (self.amount - self.largest)


def task_size(member: str, text: str) -> int | None:
    """CPU units or MiB of ``1024``, ``1 vCPU``, ``0.5 GB``; None where it is nothing such."""
    text = text.strip()
    if PLAIN.fullmatch(text):
        return int(text)
    if found := NAMED[member].fullmatch(text):
        amount = Decimal(found[1]) * 1024
        return int(amount) if amount == int(amount) else None
    return None


def reserved_cpu(subject: Subject) -> Reserved | None:
    """CPU units; None where the task's size cannot be read or there is no container."""
    return _reserved(subject, "cpu", ("cpu",))


def reserved_memory(subject: Subject) -> Reserved | None:
    """MiB; None where the task's size cannot be read or there is no container."""
    return _reserved(subject, "memory", ("memoryReservation", "memory"))


def _reserved(subject: Subject, member: str, members: tuple[str, ...]) -> Reserved | None:
    if written := subject.task_definition.get(member):
        amount = task_size(member, written)
        path = (*TASK_DEFINITION, member)
        return None if amount is None else Reserved(amount, path, amount)
    parts = []
    for path, container in subject.containers:
        name = next((each for each in members if container.get(each)), members[0])
        parts.append((container.get(name) or 0, (*path, name)))
    if not parts:
        return None
    largest, at = max(parts, key=lambda part: part[0])
    return Reserved(sum(amount for amount, _ in parts), at or CONTAINERS, largest)
