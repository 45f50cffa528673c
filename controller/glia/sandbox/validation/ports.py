"""The rules of port mappings: botocore's documentation of PortMapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glia.sandbox.validation.rules import Sentences, repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.sandbox.wire_types import Json

CONTAINER_PORTS = range(1, 65535 + 1)
HOST_PORTS = range(65535 + 1)  # 0 asks for an ephemeral port

NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")
PORT_RANGE = re.compile(r"(\d+)-(\d+)")


def faults_of_ports(task: Json) -> Sentences:
    """ECS's sentences about a task definition's port mappings, each and together."""
    mode = task.get("networkMode") or "bridge"
    for container in task["containerDefinitions"]:
        for mapping in container.get("portMappings") or []:
            yield from _faults_of_numbers(mapping, container["name"])
            yield from _faults_of_range(mapping, container["name"], mode)
            yield from _faults_of_name(mapping, container["name"])
            if mode in {"awsvpc", "host"}:
                yield from _faults_of_difference(mapping, mode)
    for port in repeated(_taken(task, mode)):
        yield f"Host port {port} is used in more than one port mapping."
    for name in repeated(each["name"] for each in _mappings(task) if each.get("name")):
        yield f"Port mapping name '{name}' is used more than once."


def _mappings(task: Json) -> Iterator[Json]:
    for container in task["containerDefinitions"]:
        yield from container.get("portMappings") or []


def _taken(task: Json, mode: str) -> Iterator[str]:
    """The host ports that one task takes for certain, as ``8501/tcp``."""
    for mapping in _mappings(task):
        port = mapping.get("hostPort")
        if not port and mode != "bridge":
            port = mapping.get("containerPort")
        if port:
            yield f"{port}/{'udp' if mapping.get('protocol') == 'udp' else 'tcp'}"


def _faults_of_numbers(mapping: Json, container: str) -> Sentences:
    port, host_port = mapping.get("containerPort"), mapping.get("hostPort")
    if port not in CONTAINER_PORTS and not (port is None and mapping.get("containerPortRange")):
        yield f"Invalid 'containerPort' setting for container '{container}'."
    if host_port is not None and host_port not in HOST_PORTS:
        yield f"Invalid 'hostPort' setting for container '{container}'."


def _faults_of_range(mapping: Json, container: str, mode: str) -> Sentences:
    text = mapping.get("containerPortRange")
    if not text:
        return
    found = PORT_RANGE.fullmatch(text)
    if not found or not 1 <= int(found[1]) <= int(found[2]) <= CONTAINER_PORTS.stop - 1:
        yield f"Invalid 'containerPortRange' setting for container '{container}'."
    if mapping.get("containerPort") is not None or mapping.get("hostPort") is not None:
        yield (
            f"Invalid 'containerPortRange' setting for container '{container}': "
            "'containerPort' and 'hostPort' must be left out."
        )
    if mode == "host":
        yield "containerPortRange is not supported on container when networkMode=host."


def _faults_of_name(mapping: Json, container: str) -> Sentences:
    if mapping.get("name") and not NAME.fullmatch(mapping["name"]):
        yield f"Invalid port mapping 'name' setting for container '{container}'."


def _faults_of_difference(mapping: Json, mode: str) -> Sentences:
    if mapping.get("hostPort") not in {None, mapping.get("containerPort")}:
        yield (
            f"When networkMode={mode}, the host ports and container ports in port mappings "
            "must match."
        )
