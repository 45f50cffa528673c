"""A record that loses nothing: whatever can be sent to ECS comes back when it is described.

Requests are made from botocore's own model, with every member at every depth. Members that
ECS forbids together are spread over several requests; that the requests together send all
that there is, is asserted first, so a newer model shows its new members here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.recipes import MODEL, OF_SERVICE, Members, Recipe, lost, unsent

if TYPE_CHECKING:
    from support.driver import Driver

ON_EC2 = Recipe(
    examples={
        "family": "record",
        "containerDefinitions.name": "server",
        "containerDefinitions.image": "server:1",
        "containerDefinitions.memory": 256,
        "containerDefinitions.memoryReservation": 128,
        "containerDefinitions.restartPolicy.restartAttemptPeriod": 300,
        "containerDefinitions.mountPoints.sourceVolume": "name-0",
        "containerDefinitions.volumesFrom.sourceContainer": "sidecar",
        "containerDefinitions.links": ["sidecar"],
        "containerDefinitions.dependsOn.containerName": "sidecar",
        "containerDefinitions.linuxParameters.devices.hostPath": "/dev/neuron0",
        "containerDefinitions.linuxParameters.devices.containerPath": "/dev/neuron0",
        "containerDefinitions.healthCheck.command": ["CMD", "true"],
        "volumes.efsVolumeConfiguration.rootDirectory": "/",
        "placementConstraints.expression": "attribute:ecs.instance-type == inf1.xlarge",
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
        "containerDefinitions.resourceRequirements": (
            frozenset({"type", "value"}),
            frozenset({"type", "sharingStrategy"}),
        ),
        "volumes": tuple(
            frozenset({"name", kind})
            for kind in MODEL.shape_for("Volume").members
            if kind != "name"
        ),
    },
).but(containerDefinitions__portMappings__containerPortRange="8000-8010")

# Docker's own networking, which awsvpc does without.
OF_BRIDGES = tuple(f"containerDefinitions.{name}" for name in ("links", "hostname", "extraHosts"))
ON_FARGATE = ON_EC2.but(
    *OF_BRIDGES,
    "containerDefinitions.dockerSecurityOptions",
    "containerDefinitions.linuxParameters.devices",
    "containerDefinitions.linuxParameters.devices.hostPath",
    "containerDefinitions.linuxParameters.devices.containerPath",
    "containerDefinitions.linuxParameters.maxSwap",
    "containerDefinitions.linuxParameters.sharedMemorySize",
    "containerDefinitions.linuxParameters.swappiness",
    "containerDefinitions.privileged",
    "containerDefinitions.resourceRequirements",
    "ipcMode",
    "placementConstraints",
    "volumes.dockerVolumeConfiguration",
    "volumes.host.sourcePath",
    containerDefinitions__linuxParameters__capabilities__add=["SYS_PTRACE"],
    containerDefinitions__logConfiguration__logDriver="splunk",
    networkMode="awsvpc",
    pidMode="task",
    requiresCompatibilities=["FARGATE"],
)
ON_MANAGED_INSTANCES = ON_EC2.but(
    *OF_BRIDGES,
    containerDefinitions__linuxParameters__devices__hostPath="/dev/fuse",
    containerDefinitions__resourceRequirements=[{"type": "NeuronDevice", "value": "ALL"}],
    networkMode="awsvpc",
    requiresCompatibilities=["MANAGED_INSTANCES"],
)
REGISTRATIONS = {"EC2": ON_EC2, "Fargate": ON_FARGATE, "Managed Instances": ON_MANAGED_INSTANCES}
SIDECAR = {"name": "sidecar", "image": "sidecar:1", "memory": 8}


def registration(recipe: Recipe) -> Members:
    request = recipe.request("RegisterTaskDefinition")
    request["containerDefinitions"].append(SIDECAR)
    return request


def test_the_registrations_send_every_member_of_the_model() -> None:
    requests = [registration(recipe) for recipe in REGISTRATIONS.values()]
    assert not unsent("RegisterTaskDefinition", requests)


@pytest.mark.parametrize("recipe", REGISTRATIONS.values(), ids=REGISTRATIONS.keys())
def test_a_task_definition_is_described_as_it_was_registered(
    driver: Driver, recipe: Recipe
) -> None:
    request = registration(recipe)
    arn = driver.ecs.register_task_definition(**request)["taskDefinition"]["taskDefinitionArn"]
    answer = driver.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    assert not lost(request, {**answer["taskDefinition"], "tags": answer["tags"]})


ROLLING = Recipe(
    without=frozenset(
        {
            "capacityProviderStrategy",
            "deploymentConfiguration.canaryConfiguration",
            "deploymentConfiguration.linearConfiguration",
            "loadBalancers.loadBalancerName",
            "networkConfiguration",
            "platformVersion",
        }
    ),
    examples={
        "cluster": "inference",
        "serviceName": "web",
        "service": "web",
        "taskDefinition": "record",
        **OF_SERVICE,
        "volumeConfigurations.name": "data",
    },
)
SHIFTING = ROLLING.but(
    "deploymentConfiguration.earlySuccessCriteria",
    deploymentConfiguration__deploymentCircuitBreaker={"enable": False, "rollback": True},
)
SERVICES = {
    "rolling": ROLLING,
    "blue and green": SHIFTING.but(deploymentConfiguration__strategy="BLUE_GREEN"),
    "linear": SHIFTING.but(
        deploymentConfiguration__strategy="LINEAR",
        deploymentConfiguration__linearConfiguration={
            "stepPercent": 12.5,
            "stepBakeTimeInMinutes": 7,
        },
    ),
    "canary": SHIFTING.but(
        deploymentConfiguration__strategy="CANARY",
        deploymentConfiguration__canaryConfiguration={
            "canaryPercent": 7.5,
            "canaryBakeTimeInMinutes": 7,
        },
    ),
    "capacity providers": ROLLING.but(
        "launchType",
        capacityProviderStrategy=[{"capacityProvider": "chips", "weight": 7, "base": 7}],
    ),
    "Fargate": ROLLING.but(
        "placementConstraints",
        "placementStrategy",
        "role",
        launchType="FARGATE",
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "ENABLED",
            }
        },
        platformVersion="1.4.0",
    ),
    "a classic load balancer": ROLLING.but(
        "loadBalancers.targetGroupArn",
        "loadBalancers.advancedConfiguration",
        loadBalancers__loadBalancerName="classic",
        availabilityZoneRebalancing="DISABLED",
    ),
    "a daemon": ROLLING.but(
        "desiredCount",
        "placementStrategy",
        "volumeConfigurations",
        availabilityZoneRebalancing="DISABLED",
        deploymentConfiguration__maximumPercent=100,
        schedulingStrategy="DAEMON",
    ),
}

# Member -> why DescribeServices does not show it by that name.
NOT_SHOWN = {
    "CreateService": {
        "clientToken": "only tells a repeated request from a new one",
        "cluster": "shown as clusterArn",
        "role": "shown as roleArn",
    },
    "UpdateService": {
        "cluster": "shown as clusterArn",
        "forceNewDeployment": "an order, not a state: it shows as a new deployment",
        "service": "shown as serviceName",
    },
}
UNDER_DEPLOYMENTS = (
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
)
UNDER_REVISIONS = ("gatewayConnectors", "monitoring")


def prepared(driver: Driver, recipe: Recipe) -> str:
    """A task definition with all that the recipe's service refers to."""
    fargate = recipe.examples.get("launchType") == "FARGATE"
    server = {
        "name": "server",
        "image": "server:1",
        "memory": 256,
        "portMappings": [{"containerPort": 7, "name": "name-0"}],
    }
    sizes = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"} if fargate else {}
    registered = driver.ecs.register_task_definition(
        family="record",
        requiresCompatibilities=["FARGATE" if fargate else "EC2"],
        containerDefinitions=[server],
        volumes=[{"name": "data", "configuredAtLaunch": True}],
        **sizes,
    )
    driver.ecs.create_capacity_provider(
        name="chips", autoScalingGroupProvider={"autoScalingGroupArn": "arn:of:group"}
    )
    driver.ecs.put_cluster_capacity_providers(
        cluster="inference", capacityProviders=["chips"], defaultCapacityProviderStrategy=[]
    )
    arn: str = registered["taskDefinition"]["taskDefinitionArn"]
    return arn


def shown(driver: Driver) -> Members:
    """Everything that the Describe calls tell about the service, each member where it belongs."""
    service: Members = driver.describe("web", include=["TAGS"])
    assert not {*UNDER_DEPLOYMENTS, *UNDER_REVISIONS} & service.keys()
    (primary,) = (each for each in service["deployments"] if each["status"] == "PRIMARY")
    arn = service["currentServiceRevisions"][0]["arn"]
    revisions = driver.ecs.describe_service_revisions(serviceRevisionArns=[arn])
    (revision,) = revisions["serviceRevisions"]
    return {
        **service,
        **{name: primary[name] for name in UNDER_DEPLOYMENTS if name in primary},
        **{name: revision[name] for name in UNDER_REVISIONS if name in revision},
    }


@pytest.mark.parametrize("operation", NOT_SHOWN.keys())
def test_the_requests_about_services_send_every_member_of_the_model(operation: str) -> None:
    assert not unsent(operation, [recipe.request(operation) for recipe in SERVICES.values()])


@pytest.mark.parametrize("recipe", SERVICES.values(), ids=SERVICES.keys())
def test_a_service_is_described_as_it_was_created(driver: Driver, recipe: Recipe) -> None:
    arn = prepared(driver, recipe)
    request = recipe.but(taskDefinition=arn).request("CreateService")
    driver.ecs.create_service(**request)
    described = shown(driver)
    assert lost(request, described) == NOT_SHOWN["CreateService"].keys() & request.keys()
    assert described["clusterArn"].endswith(":cluster/inference")
    assert described["roleArn"] == request.get("role", described["roleArn"])


# What the first request of a service has to settle: no update can change it.
SETTLED = ("cluster", "launchType", "networkConfiguration", "schedulingStrategy", "serviceName")


@pytest.mark.parametrize("recipe", SERVICES.values(), ids=SERVICES.keys())
def test_a_service_is_described_as_it_was_updated(driver: Driver, recipe: Recipe) -> None:
    arn = prepared(driver, recipe)
    recipe = recipe.but(taskDefinition=arn)
    create = recipe.request("CreateService")
    count = {"desiredCount": 1} if "desiredCount" in create else {}
    settled = {name: create[name] for name in SETTLED if name in create}
    driver.ecs.create_service(taskDefinition=arn, **count, **settled)

    request = recipe.request("UpdateService")
    driver.ecs.update_service(**request)

    assert lost(request, shown(driver)) == set(NOT_SHOWN["UpdateService"])


def test_no_exception_has_outlived_its_reason() -> None:
    for operation, reasons in NOT_SHOWN.items():
        assert reasons.keys() <= MODEL.operation_model(operation).input_shape.members.keys()
