"""The rules of names that lead to something else in the manifest: containers, ports, volumes.

Botocore's documentation of LoadBalancer, ServiceRegistry, ContainerDependency, MountPoint,
VolumeFrom, ContainerDefinition.links and ServiceVolumeConfiguration.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from glia.ecs.nearest import nearest
from glia.ecs.shape_fault import SHORT_LIST, Path, ShapeFault
from glia.ecs.shape_words import one_of, quoted, shown
from glia.manifest.port_mappings import container_ports
from glia.manifest.rules_subject import SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

# Members of a service whose elements name a container and a port of it.
ATTACHED = ("loadBalancers", "serviceRegistries")


def attached_to_an_unknown_container(subject: Subject) -> Iterator[ShapeFault]:
    known = _names(subject)
    for path, item in _attached(subject):
        wanted = item.get("containerName")
        if wanted is not None and wanted not in known:
            yield _unknown((*path, "containerName"), "container", wanted, known)


def attached_to_an_unmapped_port(subject: Subject) -> Iterator[ShapeFault]:
    named = {container.get("name"): container for _, container in subject.containers}
    for path, item in _attached(subject):
        container, port = named.get(item.get("containerName")), item.get("containerPort")
        if container is None or port is None:
            continue
        mapped = container_ports(container)
        if port not in mapped:
            known = one_of([shown(each) for each in mapped[:SHORT_LIST]]) if mapped else ""
            yield ShapeFault(
                (*path, "containerPort"),
                "not-allowed",
                f"container {quoted(item['containerName'])} maps no port {shown(port)}",
                known or "a port of the container's portMappings",
                shown(port),
                f"add {{containerPort: {shown(port)}}} to its portMappings"
                + (f", or write {known}" if known else ""),
            )


def balancer_without_a_container(subject: Subject) -> Iterator[ShapeFault]:
    for index, item in enumerate(subject.service.get("loadBalancers") or ()):
        for name in ("containerName", "containerPort"):
            if item.get(name) is None:
                yield ShapeFault(
                    (*SERVICE, "loadBalancers", index, name),
                    "missing-field",
                    f"{quoted(name)} is missing: where the load balancer sends requests",
                    "a container's name" if name == "containerName" else "a port that it maps",
                )


def depends_on_an_unknown_container(subject: Subject) -> Iterator[ShapeFault]:
    known = _names(subject)
    for path, item in _items(subject, "dependsOn"):
        if item["containerName"] not in known:
            yield _unknown((*path, "containerName"), "container", item["containerName"], known)


def depends_on_itself(subject: Subject) -> Iterator[ShapeFault]:
    """Round about, too."""
    graph: dict[str, set[str]] = {}
    places: dict[str, Path] = {}
    for path, container in subject.containers:
        name = container.get("name") or ""
        places.setdefault(name, (*path, "dependsOn"))
        wanted = {each["containerName"] for each in container.get("dependsOn") or ()}
        graph.setdefault(name, set()).update(wanted)
    if not any(graph.values()):
        return
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle = [str(name) for name in error.args[1][::-1]]
        yield ShapeFault(
            places[cycle[0]],
            "never-works",
            f"no container of these can start first: {_arrows(cycle)}",
            "containers that do not wait for one another",
            remedy="take one of these dependencies out",
        )


def unknown_volume(subject: Subject) -> Iterator[ShapeFault]:
    known = [
        name for each in subject.task_definition.get("volumes") or () if (name := each.get("name"))
    ]
    for path, item in _items(subject, "mountPoints"):
        wanted = item.get("sourceVolume")
        if wanted not in known:
            where = (*path, "sourceVolume")
            yield _unknown(where, "volume", wanted, known, "taskDefinition.volumes")


def configuration_of_an_unknown_volume(subject: Subject) -> Iterator[ShapeFault]:
    """Only what the task definition leaves open is configured by the service."""
    volumes = subject.task_definition.get("volumes") or ()
    known = [
        name for each in volumes if each.get("configuredAtLaunch") and (name := each.get("name"))
    ]
    for index, item in enumerate(subject.service.get("volumeConfigurations") or ()):
        wanted = item.get("name")
        if wanted not in known:
            yield _unknown(
                (*SERVICE, "volumeConfigurations", index, "name"),
                "volume",
                wanted,
                known,
                "taskDefinition.volumes with configuredAtLaunch: true",
            )


def volumes_from_an_unknown_container(subject: Subject) -> Iterator[ShapeFault]:
    known = _names(subject)
    for path, item in _items(subject, "volumesFrom"):
        wanted = item.get("sourceContainer")
        if wanted not in known:
            yield _unknown((*path, "sourceContainer"), "container", wanted, known)


def link_to_an_unknown_container(subject: Subject) -> Iterator[ShapeFault]:
    """``name`` or ``name:alias``."""
    known = _names(subject)
    for path, link in _items(subject, "links"):
        wanted = link.partition(":")[0]
        if wanted not in known:
            yield _unknown(path, "container", wanted, known)


def links_in_another_mode(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        if container.get("links") and subject.network_mode != "bridge":
            yield ShapeFault(
                (*path, "links"),
                "contradiction",
                f"links are for bridge, and networkMode is {subject.network_mode}",
                "no links",
                "a list",
                "take links out: here the containers find each other at localhost",
            )


def _attached(subject: Subject) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for member in ATTACHED:
        for index, item in enumerate(subject.service.get(member) or ()):
            yield (*SERVICE, member, index), item


def _items(subject: Subject, member: str) -> Iterator[tuple[Path, Any]]:
    for path, container in subject.containers:
        for index, item in enumerate(container.get(member) or ()):
            yield (*path, member, index), item


def _names(subject: Subject) -> list[str]:
    return [name for _, container in subject.containers if (name := container.get("name"))]


def _arrows(cycle: list[str]) -> str:
    """A cycle ends where it begins."""
    shown_ = cycle if len(cycle) <= SHORT_LIST else [*cycle[:SHORT_LIST], "..."]
    return " -> ".join(shown_)


def _unknown(
    path: Path, noun: str, wanted: str | None, known: Collection[str], where: str = ""
) -> ShapeFault:
    where = where or ".".join(map(str, TASK_DEFINITION[1:]))
    name = path[-1] if isinstance(path[-1], str) else path[-2]
    if wanted is None:
        return ShapeFault(path, "missing-field", f"'{name}' is missing", f"a {noun}'s name")
    meant = nearest(wanted, known)
    return ShapeFault(
        path,
        "not-allowed",
        f"no {noun} in {where} is called {quoted(wanted)}",
        one_of(list(known)) if 0 < len(known) <= SHORT_LIST else f"a {noun}'s name",
        quoted(wanted),
        f"write {quoted(meant)}" if meant else f"name one of the {noun}s, or add it to {where}",
    )


RULES: tuple[Rule, ...] = (
    attached_to_an_unknown_container,
    attached_to_an_unmapped_port,
    balancer_without_a_container,
    depends_on_an_unknown_container,
    depends_on_itself,
    unknown_volume,
    configuration_of_an_unknown_volume,
    volumes_from_an_unknown_container,
    link_to_an_unknown_container,
    links_in_another_mode,
)
