"""The rules of port mappings: botocore's documentation of PortMapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted, shown
from glia.manifest.port_mappings import (
    LAST_PORT,
    fixed_ports,
    mappings,
    port_range,
    static_ports,
)
from glia.manifest.rules_network import MODES_WITH_HOST_PORTS
from glia.manifest.rules_subject import CONTAINERS, Rule, Subject
from glia.neuron.locks import LOCK_BASE, lock_port

if TYPE_CHECKING:
    from collections.abc import Iterator

# PortMapping.hostPort: SSH, Docker, and the ECS agent.
RESERVED = frozenset({22, 2375, 2376, 51678, 51679, 51680})
# PortMapping.hostPort: "A maximum of 100 reserved ports can be assigned to a container
# instance at a time", the default ones included.
MOST = 100


def host_port_unlike_the_container_port(subject: Subject) -> Iterator[ShapeFault]:
    if subject.network_mode not in {"awsvpc", "host"}:
        return
    for path, mapping in mappings(subject):
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
    for path, port, protocol in static_ports(subject):
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
    for path, port, protocol in static_ports(subject):
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
    ports = {(port, protocol) for _, port, protocol in static_ports(subject)}
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


def port_out_of_range(subject: Subject) -> Iterator[ShapeFault]:
    """A host port of 0 is any free one."""
    for path, mapping in mappings(subject):
        for name, least in (("containerPort", 1), ("hostPort", 0)):
            port = mapping.get(name)
            if port is not None and not least <= port <= LAST_PORT:
                yield ShapeFault(
                    (*path, name),
                    "out-of-range",
                    f"{quoted(name)} has to be {least} to {LAST_PORT}",
                    f"{least} to {LAST_PORT}",
                    shown(port),
                )


def malformed_port_range(subject: Subject) -> Iterator[ShapeFault]:
    for path, mapping in mappings(subject):
        given = mapping.get("containerPortRange")
        if given is not None and port_range(given) is None:
            yield ShapeFault(
                (*path, "containerPortRange"),
                "not-allowed",
                "a range of ports goes from a lower to a higher one, 1 to 65535",
                "such as 8000-8010",
                quoted(given, '"'),
            )


def port_range_beside_a_port(subject: Subject) -> Iterator[ShapeFault]:
    for path, mapping in mappings(subject):
        if "containerPortRange" not in mapping:
            continue
        for name in ("containerPort", "hostPort"):
            if name in mapping:
                yield ShapeFault(
                    (*path, name),
                    "contradiction",
                    f"a mapping has either containerPortRange or {name}",
                    f"no {name}",
                    shown(mapping[name]),
                    f"take {name} out, or write the port as a mapping of its own",
                )


def port_range_in_another_mode(subject: Subject) -> Iterator[ShapeFault]:
    if subject.network_mode in {"bridge", "awsvpc"}:
        return
    for path, mapping in mappings(subject):
        if "containerPortRange" in mapping:
            yield ShapeFault(
                (*path, "containerPortRange"),
                "contradiction",
                "containerPortRange is for bridge and awsvpc, and networkMode is "
                f"{subject.network_mode}",
                "no containerPortRange",
                quoted(mapping["containerPortRange"], '"'),
                "write the ports one by one, or networkMode: bridge",
            )


def port_taken_twice(subject: Subject) -> Iterator[ShapeFault]:
    seen = set()
    for path, port, protocol in fixed_ports(subject):
        if (port, protocol) in seen:
            yield ShapeFault(
                path,
                "contradiction",
                f"{protocol} port {port} is mapped twice in one task",
                "another port for each mapping",
                str(port),
                _elsewhere(subject),
            )
        seen.add((port, protocol))


def _locks(subject: Subject) -> range:
    """Its own, and where constraints take their place those of services beside it."""
    if subject.instance_type is None or subject.is_managed:
        return range(0)
    lock = subject.neuron.lock
    locked = lock == "hostPort" or (lock == "antiAffinity" and subject.shares_instances)
    if not locked or subject.network_mode not in MODES_WITH_HOST_PORTS:
        return range(0)
    return range(lock_port(0), lock_port(subject.instance_type.chips))


def _elsewhere(subject: Subject) -> str:
    if subject.network_mode == "awsvpc":
        return "let the server listen on another port"
    if subject.network_mode == "host":
        return "let the server listen on another port, or write networkMode: bridge"
    return "leave hostPort out: ECS then takes a free port, and a load balancer finds it"


RULES: tuple[Rule, ...] = (
    host_port_unlike_the_container_port,
    port_of_a_lock,
    port_of_the_instance,
    more_ports_than_an_instance_lends,
    port_out_of_range,
    malformed_port_range,
    port_range_beside_a_port,
    port_range_in_another_mode,
    port_taken_twice,
)
