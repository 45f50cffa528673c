"""Every member that ECS's model has: set it, take it away again, and the plan is empty each time.

The manifest with everything is made from botocore's own model, so a newer model brings its new
members here. What a NeuronService does not say in ECS's words is named, with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.outcome import State
from support.operator import is_empty, neuron_service
from support.recipes import MODEL, OF_SERVICE, Members, Recipe, unsent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.operator import Operator

VOLUMES = [kind for kind in MODEL.shape_for("Volume").members if kind != "name"]
DEFINITION = Recipe(
    without=frozenset({"containerDefinitions.resourceRequirements"}),
    examples={
        "family": "record",
        "containerDefinitions.name": "server",
        "containerDefinitions.secrets.name": "SECRET",
        "containerDefinitions.image": "server:1",
        "containerDefinitions.memory": 256,
        "containerDefinitions.memoryReservation": 128,
        "containerDefinitions.restartPolicy.restartAttemptPeriod": 300,
        "containerDefinitions.mountPoints.sourceVolume": "name-0",
        "containerDefinitions.volumesFrom.sourceContainer": "sidecar",
        "containerDefinitions.links": ["sidecar"],
        "containerDefinitions.dependsOn.containerName": "sidecar",
        "containerDefinitions.linuxParameters.devices.hostPath": "/dev/fuse",
        "containerDefinitions.linuxParameters.devices.containerPath": "/dev/fuse",
        "containerDefinitions.healthCheck.command": ["CMD", "true"],
        "containerDefinitions.portMappings.containerPortRange": "8000-8010",
        "volumes.efsVolumeConfiguration.rootDirectory": "/",
        "placementConstraints.expression": "attribute:ecs.os-type == linux",
        "cpu": "1024",
        "memory": "4096",
        "proxyConfiguration.containerName": "server",
        "ephemeralStorage.sizeInGiB": 21,
        "runtimePlatform.operatingSystemFamily": "LINUX",
    },
    kinds={
        "containerDefinitions.portMappings": (
            frozenset({"containerPort", "hostPort", "protocol", "name", "appProtocol"}),
            frozenset({"containerPortRange", "protocol"}),
        ),
        "volumes": tuple(frozenset({"name", kind}) for kind in VOLUMES),
    },
)
SERVICE = Recipe(
    without=frozenset(
        {
            "cluster",
            "taskDefinition",
            "desiredCount",
            "clientToken",
            "schedulingStrategy",
            "serviceName",
            "capacityProviderStrategy",
            "deploymentConfiguration.canaryConfiguration",
            "deploymentConfiguration.linearConfiguration",
            "loadBalancers.loadBalancerName",
            "networkConfiguration",
            "platformVersion",
        }
    ),
    examples={
        **OF_SERVICE,
        "availabilityZoneRebalancing": "DISABLED",
        "volumeConfigurations.name": f"name-{VOLUMES.index('configuredAtLaunch')}",
    },
)
SIDECAR = {"name": "sidecar", "image": "sidecar:1", "memory": 8, "essential": False}

# Others refer to them, or ECS asks for them: they stay while the rest comes and goes.
STAY = {
    "containerDefinitions",
    "containerDefinitions.name",
    "containerDefinitions.image",
    "containerDefinitions.memory",
    "containerDefinitions.portMappings",
    "executionRoleArn",
    "volumes",
}


GO_TOGETHER = {"service.role": "service.loadBalancers"}


def everything() -> dict[str, Any]:
    definition = DEFINITION.request("RegisterTaskDefinition")
    definition["containerDefinitions"].append(SIDECAR)
    return {"taskDefinition": definition, "service": SERVICE.request("CreateService")}


def members(said: dict[str, Any]) -> Iterator[tuple[Members, str, str]]:
    """Each member, as the mapping that it stands in, its name there, and its path."""
    definition, service = said["taskDefinition"], said["service"]
    yield from ((definition, name, name) for name in definition)
    container = definition["containerDefinitions"][0]
    yield from ((container, name, f"containerDefinitions.{name}") for name in container)
    parameters = container.get("linuxParameters", {})
    yield from ((parameters, name, f"linuxParameters.{name}") for name in parameters)
    yield from ((service, name, f"service.{name}") for name in service)
    configuration = service.get("deploymentConfiguration", {})
    yield from ((configuration, name, f"configuration.{name}") for name in configuration)


def manifest(said: dict[str, Any]) -> dict[str, Any]:
    neuron = {"instanceType": "inf1.xlarge", "devices": "all", "lock": "none"}
    return neuron_service("members", replicas=4, neuron=neuron, **said)


def test_members_come_and_go_and_the_plan_is_empty_each_time(planner: Operator) -> None:
    """Half of them at a time, so that each is set beside and without each other one."""
    paths = [path for _, _, path in members(everything()) if path not in STAY]
    number = {path: paths.index(GO_TOGETHER.get(path, path)) for path in paths}
    bits = range(len(paths).bit_length())
    for bit, side in [(None, 0), *((bit, side) for bit in bits for side in (0, 1))]:
        said = everything()
        for inside, name, path in list(members(said)):
            if bit is not None and path in number and number[path] >> bit & 1 == side:
                inside.pop(name, None)
        planner.write(manifest(said))
        outcomes = planner.apply(wait=False, downtime=True)
        assert outcomes["members"].state is State.SUBMITTED, outcomes["members"].message
        plan = planner.plan()
        assert is_empty(plan), [change.fields for change in plan.changes]


# Member -> what says it instead, or why it is not here.
NOT_HERE = {
    "RegisterTaskDefinition": {
        "containerDefinitions.resourceRequirements": "neuron.allocation: managed says it",
    },
    "CreateService": {
        "capacityProviderStrategy": "ECS takes it or launchType; the laws have it",
        "clientToken": "the gateway's",
        "cluster": "spec.cluster says it",
        "deploymentConfiguration.canaryConfiguration": "of another strategy than ROLLING",
        "deploymentConfiguration.linearConfiguration": "of another strategy than ROLLING",
        "desiredCount": "spec.replicas says it",
        "loadBalancers.loadBalancerName": "ECS takes it or targetGroupArn",
        "networkConfiguration": "of awsvpc alone; the laws have it",
        "platformVersion": "of Fargate alone",
        "schedulingStrategy": "a NeuronService has replicas",
        "serviceName": "the manifest's name, which cannot change",
        "taskDefinition": "spec.taskDefinition says it",
    },
}


def test_what_is_left_out_has_a_reason_that_still_holds() -> None:
    said = everything()
    requests = {"RegisterTaskDefinition": "taskDefinition", "CreateService": "service"}
    for operation, part in requests.items():
        missing = unsent(operation, [said[part]])
        reasons = NOT_HERE[operation]
        for name in reasons:
            assert any(path == name or path.startswith(f"{name}.") for path in missing), name
        assert all(path.startswith(tuple(reasons)) for path in missing), missing
