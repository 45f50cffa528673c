"""What keeps a chip to one task: ECS counts ports and memory, and devices it does not.

A static host port is free on an instance only once the task that held it has really ended, so
it is the one thing that makes ECS wait for a chip (developer guide, "Amazon ECS task
placement": ports are looked at with CPU and memory, before constraints).
"""

from __future__ import annotations

from enum import Enum
from typing import Final

# Below Linux's ephemeral ports, which begin at 32768, and above what servers usually take.
LOCK_BASE: Final = 18000


class Lock(Enum):
    """What keeps other tasks off a lane's chips."""

    PORTS = "hostPort"
    """A host port for each chip; ECS waits until the task before has ended."""
    MEMORY = "memory"
    """More than half of the instance's, where tasks have no host ports; ECS waits as well."""
    CONSTRAINTS = "antiAffinity"
    """Best effort: constraints look at the desired status, and a stopping task holds its chips."""
    NONE = "none"


def lock_port(device: int) -> int:
    """The TCP port of an instance that stands for its ``/dev/neuron<device>``."""
    return LOCK_BASE + device
