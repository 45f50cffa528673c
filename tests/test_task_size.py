"""What a task takes of its instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.task_size import TaskSize, task_size
from support.requests import container, task_definition

if TYPE_CHECKING:
    from collections.abc import Sequence

PORTS = [
    {"containerPort": 80},
    {"containerPort": 81, "hostPort": 0},
    {"containerPort": 82, "hostPort": 8082},
    {"containerPort": 83, "hostPort": 8083, "protocol": "udp"},
]


@pytest.mark.parametrize(
    ("members", "cpu", "memory"),
    [
        ({}, 768, 3000),
        ({"cpu": "1024", "memory": "4096"}, 1024, 4096),
        ({"cpu": "1 vCPU", "memory": "2 GB"}, 1024, 2048),
        ({"cpu": ".5vcpu", "memory": "0.5GB"}, 512, 512),
        ({"cpu": "", "memory": "plenty"}, 768, 3000),
    ],
)
def test_the_tasks_own_size_counts_before_its_containers(
    members: dict[str, Any], cpu: int, memory: int
) -> None:
    containers = [
        container(cpu=512, memoryReservation=1000, memory=4000),
        container(name="sidecar", cpu=256, memoryReservation=None, memory=2000),
        container(name="free", memoryReservation=None),
    ]
    size = task_size(task_definition(containerDefinitions=containers, **members))
    assert size == TaskSize(cpu, memory, frozenset())


@pytest.mark.parametrize(
    ("mode", "ports"),
    [(None, [8082]), ("bridge", [8082]), ("host", [80, 81, 8082]), ("awsvpc", []), ("none", [])],
)
def test_static_tcp_ports_of_the_host_depend_on_the_network_mode(
    mode: str | None, ports: Sequence[int]
) -> None:
    containers = [container(portMappings=PORTS)]
    size = task_size(task_definition(networkMode=mode, containerDefinitions=containers))
    assert sorted(size.ports) == ports
