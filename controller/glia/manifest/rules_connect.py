"""The rules of names that other services find this one by: Service Connect and Cloud Map.

Developer guide, "Amazon ECS Service Connect components"; botocore's documentation of
ServiceConnectService and PortMapping.name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from glia.ecs.nearest import nearest
from glia.ecs.shape_fault import SHORT_LIST, Path, ShapeFault
from glia.ecs.shape_words import one_of, quoted
from glia.manifest.port_mappings import mappings
from glia.manifest.rules_containers import repeated_names
from glia.manifest.rules_subject import SERVICE, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVERS: Path = (*SERVICE, "serviceConnectConfiguration", "services")
PORT_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}")


def unknown_port_name(subject: Subject) -> Iterator[ShapeFault]:
    known = [name for _, mapping in mappings(subject) if (name := mapping.get("name"))]
    for path, item in _users(subject):
        wanted = item["portName"]
        if wanted not in known:
            meant = nearest(wanted, known)
            yield ShapeFault(
                (*path, "portName"),
                "not-allowed",
                f"no port mapping is called {quoted(wanted)}",
                one_of(known) if 0 < len(known) <= SHORT_LIST else "a port mapping's name",
                quoted(wanted),
                f"write {quoted(meant)}" if meant else "name a mapping so in portMappings",
            )


def malformed_port_name(subject: Subject) -> Iterator[ShapeFault]:
    for path, mapping in mappings(subject):
        name = mapping.get("name")
        if name is not None and not PORT_NAME.fullmatch(name):
            yield ShapeFault(
                (*path, "name"),
                "not-allowed",
                "a port mapping's name has lower-case letters, digits, hyphens and underscores, "
                "at most 64, and begins with no hyphen",
                "such as http",
                quoted(name),
                "rename it",
            )


def repeated_port_name(subject: Subject) -> Iterator[ShapeFault]:
    return repeated_names(mappings(subject), "port mapping")


def server_of_several_lanes(subject: Subject) -> Iterator[ShapeFault]:
    """A name belongs to one service of a namespace, and each lane is a service of ECS's."""
    if subject.has_several_lanes and _servers(subject):
        yield ShapeFault(
            SERVERS,
            "never-works",
            "replicas that share instances are several services of ECS, and only one of them "
            "could have these Service Connect names",
            "no services: a client of Service Connect",
            "a list",
            "put a load balancer before the replicas, let a replica take whole instances with "
            "neuron.devices: all, or pin its chips with neuron.deviceIds",
        )


def registry_of_several_lanes(subject: Subject) -> Iterator[ShapeFault]:
    if subject.has_several_lanes and subject.service.get("serviceRegistries"):
        yield ShapeFault(
            (*SERVICE, "serviceRegistries"),
            "may-not-work",
            "replicas that share instances are several services of ECS, and AWS does not say "
            "whether they may share a Cloud Map service",
            "a load balancer",
            remedy="try it before you rely on it, or write loadBalancers",
            severity="warning",
        )


def _servers(subject: Subject) -> tuple[Mapping[str, Any], ...]:
    connect = subject.service.get("serviceConnectConfiguration") or {}
    return tuple(connect.get("services") or ())


def _users(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for index, server in enumerate(_servers(subject)):
        yield (*SERVERS, index), server
    for member in ("vpcLatticeConfigurations", "gatewayConnectors"):
        for index, item in enumerate(subject.service.get(member) or ()):
            yield (*SERVICE, member, index), item


RULES: tuple[Rule, ...] = (
    unknown_port_name,
    malformed_port_name,
    repeated_port_name,
    server_of_several_lanes,
    registry_of_several_lanes,
)
