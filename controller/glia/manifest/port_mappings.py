"""The port mappings of a task definition, and which ports of its host a replica takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from glia.manifest.rules_network import MODES_WITH_HOST_PORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.ecs.shape_fault import Path
    from glia.manifest.rules_subject import Subject

RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
LAST_PORT = 65535


def mappings(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """All of them, each with its path."""
    for path, container in subject.containers:
        yield from mappings_of(path, container)


def mappings_of(
    path: Path, container: Mapping[str, Any]
) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for index, mapping in enumerate(container.get("portMappings") or ()):
        yield (*path, "portMappings", index), mapping


def static_ports(subject: Subject) -> Iterator[tuple[Path, int, str]]:
    """The ports of its instance that a replica takes; 0 or none in bridge mode is any port."""
    if subject.network_mode in MODES_WITH_HOST_PORTS:
        yield from fixed_ports(subject)


def fixed_ports(subject: Subject) -> Iterator[tuple[Path, int, str]]:
    """The ports of whatever the containers share: the instance, or in awsvpc an interface."""
    for path, mapping in mappings(subject):
        protocol = "udp" if mapping.get("protocol") == "udp" else "tcp"
        if mapping.get("hostPort"):
            yield (*path, "hostPort"), mapping["hostPort"], protocol
        elif subject.network_mode != "bridge" and mapping.get("containerPort"):
            yield (*path, "containerPort"), mapping["containerPort"], protocol


def port_range(text: str) -> range | None:
    """The ports of ``8000-8010``; None where it is no range from a lower to a higher one."""
    found = RANGE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) < int(found[2]) <= LAST_PORT:
        return None
    return range(int(found[1]), int(found[2]) + 1)


def container_ports(container: Mapping[str, Any]) -> list[int]:
    """The ports that a container's mappings name one by one."""
    return [port for _, each in mappings_of((), container) if (port := each.get("containerPort"))]
