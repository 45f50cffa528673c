"""The rules of port mappings: botocore's documentation of PortMapping."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.ecs.shape_fault import Path, ShapeFault
from glia.ecs.shape_words import shown
from glia.manifest.rules_network import MODES_WITH_HOST_PORTS
from glia.manifest.rules_subject import CONTAINERS, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Device N's lock is port LOCK_BASE + N of its instance.
LOCK_BASE = 18000
# PortMapping.hostPort: SSH, Docker, and the ECS agent.
RESERVED = frozenset({22, 2375, 2376, 51678, 51679, 51680})
# PortMapping.hostPort: "A maximum of 100 reserved ports can be assigned to a container
# instance at a time", the default ones included.
MOST = 100


def host_port_unlike_the_container_port(subject: Subject) -> Iterator[ShapeFault]:
    if subject.network_mode not in {"awsvpc", "host"}:
        return
    for path, mapping in _mappings(subject):
        inside, outside = mapping.get("containerPort"), mapping.get("hostPort")
        if outside is not None and outside != inside:
            yield ShapeFault(
                (*path, "hostPort"),
                "contradiction",
                f"in networkMode: {subject.network_mode} a container's port is the host's, and "
                "hostPort says another one",
                "no hostPort" if inside is None else shown(inside),
                shown(outside),
                "leave hostPort out",
            )


def port_of_a_lock(subject: Subject) -> Iterator[ShapeFault]:
    locks = _locks(subject)
    for path, port, protocol in _static_ports(subject):
        if port in locks and protocol == "tcp":
            yield ShapeFault(
                path,
                "contradiction",
                f"host port {port} is the lock of /dev/neuron{port - LOCK_BASE} "
                "(neuron.lock: hostPort)",
                f"a port outside {locks[0]} to {locks[-1]}",
                str(port),
                _elsewhere(subject),
            )


def port_of_the_instance(subject: Subject) -> Iterator[ShapeFault]:
    for path, port, protocol in _static_ports(subject):
        if port in RESERVED and protocol == "tcp":
            yield ShapeFault(
                path,
                "never-works",
                f"host port {port} is taken on every instance by SSH, Docker or the ECS agent",
                f"a port other than {', '.join(map(str, sorted(RESERVED)))}",
                str(port),
                _elsewhere(subject),
            )


def more_ports_than_an_instance_lends(subject: Subject) -> Iterator[ShapeFault]:
    """With the locks of all chips: those that this replica leaves are other services'."""
    ports = {(port, protocol) for _, port, protocol in _static_ports(subject)}
    left = MOST - len(RESERVED) - len(_locks(subject))
    if len(ports) > left:
        yield ShapeFault(
            CONTAINERS,
            "out-of-range",
            f"an instance lends at most {MOST} static host ports, of which {len(RESERVED)} are "
            f"its own and {len(_locks(subject))} are Glia's locks",
            f"at most {left} static host ports",
            str(len(ports)),
            _elsewhere(subject),
        )


def _mappings(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for path, container in subject.containers:
        for index, mapping in enumerate(container.get("portMappings") or ()):
            yield (*path, "portMappings", index), mapping


def _static_ports(subject: Subject) -> Iterator[tuple[Path, int, str]]:
    """The ports of its instance that a replica takes; 0 or none in bridge mode is any port."""
    if subject.network_mode not in MODES_WITH_HOST_PORTS:
        return
    for path, mapping in _mappings(subject):
        protocol = "udp" if mapping.get("protocol") == "udp" else "tcp"
        if mapping.get("hostPort"):
            yield (*path, "hostPort"), mapping["hostPort"], protocol
        elif subject.network_mode == "host" and mapping.get("containerPort"):
            yield (*path, "containerPort"), mapping["containerPort"], protocol


def _locks(subject: Subject) -> range:
    locked = subject.neuron.lock == "hostPort" and subject.network_mode in MODES_WITH_HOST_PORTS
    if subject.instance_type is None or subject.is_managed or not locked:
        return range(0)
    return range(LOCK_BASE, LOCK_BASE + subject.instance_type.chips)


def _elsewhere(subject: Subject) -> str:
    if subject.network_mode == "host":
        return "let the server listen on another port, or write networkMode: bridge"
    return "leave hostPort out: ECS then takes a free port, and a load balancer finds it"


RULES: tuple[Rule, ...] = (
    host_port_unlike_the_container_port,
    port_of_a_lock,
    port_of_the_instance,
    more_ports_than_an_instance_lends,
)
