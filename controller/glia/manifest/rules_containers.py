"""The rules of container definitions: botocore's documentation of ContainerDefinition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted, shown
from glia.manifest.rules_subject import CONTAINERS, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

# In seconds, but for the retries (HealthCheck).
HEALTH_CHECK = {
    "interval": (5, 300),
    "timeout": (2, 60),
    "retries": (1, 10),
    "startPeriod": (0, 300),
}


def health_check_out_of_range(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        check = container.get("healthCheck") or {}
        for name, (least, most) in HEALTH_CHECK.items():
            if name in check and not least <= check[name] <= most:
                yield ShapeFault(
                    (*path, "healthCheck", name),
                    "out-of-range",
                    f"{quoted(name)} of a health check has to be {least} to {most}",
                    f"{least} to {most}",
                    shown(check[name]),
                    _remedy(name),
                )


def container_without_a_name_or_image(subject: Subject) -> Iterator[ShapeFault]:
    for path, container in subject.containers:
        for name in ("name", "image"):
            if not container.get(name):
                yield ShapeFault(
                    (*path, name), "missing-field", f"{quoted(name)} is missing", "a string"
                )


def repeated_container_name(subject: Subject) -> Iterator[ShapeFault]:
    seen = set()
    for path, container in subject.containers:
        name = container.get("name")
        if name in seen:
            yield ShapeFault(
                (*path, "name"),
                "not-allowed",
                f"two containers are called {quoted(name)}",
                "another name for each container",
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
                f"less than {shown(limit)}",
                shown(reserved),
                "lower memoryReservation, or raise memory",
            )


def _remedy(name: str) -> str:
    if name != "startPeriod":
        return ""
    return (
        "for a model that loads longer than 300 seconds only "
        "service.healthCheckGracePeriodSeconds is longer, behind a load balancer"
    )


RULES: tuple[Rule, ...] = (
    container_without_a_name_or_image,
    repeated_container_name,
    no_essential_container,
    container_without_memory,
    reservation_above_the_limit,
    health_check_out_of_range,
)
