"""The rules of who maps the chips into containers: Glia, and nobody beside it."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.manifest.rules_subject import Rule, Subject

DEVICE_FILES = "/dev/neuron"


def devices_mapped_by_hand(subject: Subject) -> Iterator[ShapeFault]:
    """Glia maps the chips that a lane has; a device named here would be another's."""
    for path, container in subject.containers:
        devices = (container.get("linuxParameters") or {}).get("devices") or ()
        for index, device in enumerate(devices):
            for member in ("hostPath", "containerPath"):
                if _is_neuron(device.get(member, "")):
                    place = (*path, "linuxParameters", "devices", index, member)
                    yield ShapeFault(
                        place,
                        "contradiction",
                        f"linuxParameters.devices maps {quoted(device[member])} by hand, and "
                        "spec.neuron says which chips the container gets",
                        "no Neuron device in linuxParameters.devices",
                        quoted(device[member]),
                        _instead_of_mapping(subject),
                    )
                    break


def devices_asked_of_ecs(subject: Subject) -> Iterator[ShapeFault]:
    """ECS's own allocation hands out whole Managed Instances (ResourceRequirement)."""
    for path, container in subject.containers:
        for index, requirement in enumerate(container.get("resourceRequirements") or ()):
            if requirement.get("type") == "NeuronDevice":
                yield ShapeFault(
                    (*path, "resourceRequirements", index),
                    "contradiction",
                    "resourceRequirements asks for NeuronDevice, and neuron.allocation: "
                    f"{subject.neuron.allocation} says how the container gets its chips",
                    "no NeuronDevice in resourceRequirements",
                    "NeuronDevice",
                    "take it out: Glia writes it"
                    if subject.is_managed
                    else "take it out; for whole Managed Instances write neuron.allocation: "
                    "managed",
                )


def _instead_of_mapping(subject: Subject) -> str:
    if subject.is_managed:
        return "take it out: neuron.allocation: managed gives the container all chips"
    return "take it out; to choose the chips by hand write their numbers in neuron.deviceIds"


def _is_neuron(path: str) -> bool:
    return posixpath.normpath(path).replace("//", "/").startswith(DEVICE_FILES)


RULES: tuple[Rule, ...] = (devices_mapped_by_hand, devices_asked_of_ecs)
