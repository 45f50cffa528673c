"""The rules of container definitions: botocore's documentation of ContainerDefinition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted, shown
from glia.manifest.rules_subject import CONTAINERS, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glia.ecs.shape_fault import Path

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


def container_without_a_name_or_image(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        for name in ("name", "image"):
            if not container.get(name):
                yield ShapeFault(
                    (*path, name), "missing-field", f"{quoted(name)} is missing", "a string"
                )


def malformed_container_name(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        name = container.get("name")
        if name and not NAME.fullmatch(name):
            yield ShapeFault(
                (*path, "name"),
                "not-allowed",
                "a container's name has letters, digits, hyphens and underscores, at most 255",
                "letters, digits, - and _",
                quoted(name),
                "rename it",
            )


def repeated_container_name(subject: Subject) -> Iterator[ShapeFault]:
    return repeated_names(subject.containers, "container")


def repeated_names(
    named: Iterable[tuple[Path, Mapping[str, Any]]], what: str
) -> Iterator[ShapeFault]:
    """Of members with their paths, each that has the name of one before it."""
    seen = set()
    for path, member in named:
        name = member.get("name")
        if name in seen:
            yield ShapeFault(
                (*path, "name"),
                "not-allowed",
                f"two {what}s are called {quoted(name)}",
                f"another name for each {what}",
                quoted(name),
                "rename one of them",
            )
        elif name:
            seen.add(name)


def no_essential_container(subject: Subject) -> Iterator[ShapeFault]:
    if subject.essential_containers:
        return
    if not subject.containers:
        yield ShapeFault(
            CONTAINERS,
            "out-of-range",
            "a task definition has at least one container",
            "at least one container",
            "an empty list",
        )
        return
    yield ShapeFault(
        CONTAINERS,
        "not-allowed",
        "no container is essential, and a task definition needs one",
        "at least one essential container",
        "none",
        "write essential: true for the container that serves, or leave the member out there",
    )


def container_without_memory(subject: Subject) -> Iterator[ShapeFault]:
    if subject.task_definition.get("memory"):
        return
    for path, container in subject.containers:
        if not (container.get("memory") or container.get("memoryReservation")):
            yield ShapeFault(
                (*path, "memoryReservation"),
                "missing-field",
                "neither memoryReservation nor memory says how much memory the container needs",
                "a number of MiB",
                remedy="write memoryReservation, what an instance has to have free, or memory, "
                "the container's limit, or taskDefinition.memory for all containers",
            )


def reservation_above_the_limit(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        limit, reserved = container.get("memory"), container.get("memoryReservation")
        if limit and reserved and reserved > limit:
            yield ShapeFault(
                (*path, "memoryReservation"),
                "contradiction",
                "memoryReservation is more than memory, the container's limit",
                f"at most {shown(limit)}",
                shown(reserved),
                "lower memoryReservation, or raise memory",
            )


def repeated_variable(subject: Subject) -> Iterator[ShapeFault]:
    """Of ``environment`` and ``secrets`` together: ECS refuses a secret called as a variable."""
    for path, container in subject.containers:
        seen = set()
        for member in ("environment", "secrets"):
            for index, pair in enumerate(container.get(member) or ()):
                name = pair.get("name")
                if name in seen:
                    yield ShapeFault(
                        (*path, member, index, "name"),
                        "not-allowed",
                        f"two variables of the container are called {quoted(name)}",
                        "another name for each variable of environment and secrets",
                        quoted(name),
                        "take one of them out",
                    )
                elif name:
                    seen.add(name)


RULES: tuple[Rule, ...] = (
    container_without_a_name_or_image,
    malformed_container_name,
    repeated_container_name,
    no_essential_container,
    container_without_memory,
    reservation_above_the_limit,
    repeated_variable,
)
