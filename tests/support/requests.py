"""Requests to ECS, whole and valid, for tests to vary."""

from __future__ import annotations

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
NEURON_SAMPLE: dict[str, Any] = {
    "family": "ecs-neuron",
    "requiresCompatibilities": ["EC2"],
    "placementConstraints": [
        {"type": "memberOf", "expression": "attribute:ecs.os-type == linux"},
        {"type": "memberOf", "expression": "attribute:ecs.instance-type == inf1.xlarge"},
    ],
    "executionRoleArn": "${YOUR_EXECUTION_ROLE}",
    "containerDefinitions": [
        {
            "entryPoint": [
                "/usr/local/bin/entrypoint.sh",
                "--port=8500",
                "--rest_api_port=9000",
                "--model_name=resnet50_neuron",
                "--model_base_path=s3://amzn-s3-demo-bucket/resnet50_neuron/",
            ],
            "portMappings": [
                {"hostPort": 8500, "protocol": "tcp", "containerPort": 8500},
                {"hostPort": 8501, "protocol": "tcp", "containerPort": 8501},
                {"hostPort": 0, "protocol": "tcp", "containerPort": 80},
            ],
            "linuxParameters": {
                "devices": [
                    {
                        "containerPath": "/dev/neuron0",
                        "hostPath": "/dev/neuron0",
                        "permissions": ["read", "write"],
                    }
                ],
                "capabilities": {"add": ["IPC_LOCK"]},
            },
            "cpu": 0,
            "memoryReservation": 1000,
            "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference-neuron:"
            "1.15.4-neuron-py37-ubuntu18.04",
            "essential": True,
            "name": "resnet50",
        }
    ],
}
