"""Requests to ECS, whole and valid, for tests to vary."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

ROLE = "arn:aws:iam::123456789012:role/ecsTaskExecutionRole"


def container(image: str = "server:1", **members: Any) -> dict[str, Any]:
    """An essential container of 1,000 MiB; a member that is None is left out."""
    made = {"name": "server", "image": image, "memoryReservation": 1000, **members}
    return {name: value for name, value in made.items() if value is not None}


def chip(*numbers: int) -> dict[str, Any]:
    """Linux parameters that map these Neuron devices."""
    return {
        "devices": [
            {
                "hostPath": f"/dev/neuron{number}",
                "containerPath": f"/dev/neuron{number}",
                "permissions": ["read", "write"],
            }
            for number in numbers
        ]
    }


def task_definition(
    family: str = "server", image: str = "server:1", **members: Any
) -> dict[str, Any]:
    """A task definition of one container for EC2 capacity."""
    made = {
        "family": family,
        "requiresCompatibilities": ["EC2"],
        "containerDefinitions": [container(image)],
        **members,
    }
    return {name: value for name, value in made.items() if value is not None}


# AWS's own sample (developer guide, "Example Neuron task definitions"), member for member.
NEURON_SAMPLE: dict[str, Any] = json.loads(
    resources.files("glia.sandbox").joinpath("neuron_sample.json").read_text("utf-8")
)
