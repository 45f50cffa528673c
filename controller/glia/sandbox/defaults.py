"""What ECS fills in, as tables: requests go in, members as Describe* returns them come out.

Where a default has been seen but contradicts another recording it is left out; where it is
documented but nobody has published an answer with it, its note says "unverified".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.sandbox.validation.compatibility import is_compatible
from glia.sandbox.validation.deployment import faults_of_rebalancing
from glia.sandbox.validation.task_size import normalised

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

# AWS CLI's recorded register-task-definition and describe-task-definition answers; essential
# from botocore's documentation; systemControls as Terraform's provider normalises it.
CONTAINER_DEFAULTS: Json = {
    "cpu": 0,
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "portMappings": [],
    "systemControls": [],
    "volumesFrom": [],
}

# botocore's documentation of HealthCheck; a startPeriod is "off" and stays out.
HEALTH_CHECK_DEFAULTS: Json = {"interval": 30, "timeout": 5, "retries": 3}

# The same recorded answers.
TASK_DEFINITION_DEFAULTS: Json = {"volumes": [], "placementConstraints": []}

# In the order of recorded answers: EXTERNAL before EC2, EC2 before FARGATE.
COMPATIBILITIES = ("EXTERNAL", "EC2", "FARGATE", "MANAGED_INSTANCES")

# What alone, in requiresCompatibilities, makes awsvpc the default network mode (developer
# guide, "Amazon ECS task definition parameters for Amazon ECS Managed Instances"; Fargate
# has no other).
AWSVPC_BY_DEFAULT = frozenset({"FARGATE", "MANAGED_INSTANCES"})

# AWS CLI's recorded create-service and update-service answers (2025): they carry a grace
# period of 0 with and without load balancers.
SERVICE_DEFAULTS: Json = {
    "loadBalancers": [],
    "serviceRegistries": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "healthCheckGracePeriodSeconds": 0,
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "propagateTags": "NONE",
}

# botocore's documentation of DeploymentConfiguration: by schedulingStrategy.
PERCENT_DEFAULTS: dict[str, Json] = {
    "REPLICA": {"maximumPercent": 200, "minimumHealthyPercent": 100},
    "DAEMON": {"maximumPercent": 100, "minimumHealthyPercent": 0},
}

# For the ECS deployment controller. The circuit breaker is recorded; strategy and
# bakeTimeInMinutes are what ecspresso finds in newer answers (unverified). ``alarms`` is in
# one recording and missing in a later one, so it is not filled in.
ROLLING_DEFAULTS: Json = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}

# The members of CreateService that DescribeServices returns as they were given.
SERVICE_MEMBERS = frozenset(
    {
        "availabilityZoneRebalancing",
        "capacityProviderStrategy",
        "deploymentConfiguration",
        "deploymentController",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "healthCheckGracePeriodSeconds",
        "launchType",
        "loadBalancers",
        "networkConfiguration",
        "placementConstraints",
        "placementStrategy",
        "platformVersion",
        "propagateTags",
        "schedulingStrategy",
        "serviceName",
        "serviceRegistries",
    }
)

# Those of them that UpdateService may change.
UPDATE_MEMBERS = SERVICE_MEMBERS - {"launchType", "schedulingStrategy", "serviceName"}

# "This parameter triggers a new service deployment" (botocore's documentation of
# UpdateServiceRequest); forceNewDeployment does so by itself.
NEW_DEPLOYMENT_MEMBERS: frozenset[str] = frozenset(
    {
        "loadBalancers",
        "networkConfiguration",
        "platformVersion",
        "serviceConnectConfiguration",
        "serviceRegistries",
        "taskDefinition",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    }
)

# As Terraform's provider reads them back; comparisons there ignore the case.
FIELD_SPELLINGS = {"cpu": "CPU", "memory": "MEMORY", "host": "instanceId"}

FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})

# The deploymentConfiguration that belongs to one strategy only.
STRATEGY_CONFIGURATIONS = {"LINEAR": "linearConfiguration", "CANARY": "canaryConfiguration"}


def described_task_definition(params: Json) -> Json:
    """The members of a registration as DescribeTaskDefinition returns them, without tags."""
    task = normalised(_kept({**TASK_DEFINITION_DEFAULTS, **params}))
    task.pop("tags", None)
    task.setdefault("networkMode", _default_network_mode(task))
    task["containerDefinitions"] = [
        _described_container(container, task["networkMode"])
        for container in task["containerDefinitions"]
    ]
    task["volumes"] = [_described_volume(volume) for volume in task["volumes"]]
    task["compatibilities"] = [each for each in COMPATIBILITIES if is_compatible(task, each)]
    return task


def _default_network_mode(task: Json) -> str:
    required = set(task.get("requiresCompatibilities", ()))
    return "awsvpc" if required and required <= AWSVPC_BY_DEFAULT else "bridge"


def _described_container(container: Json, network_mode: str) -> Json:
    described: Json = {**_kept(CONTAINER_DEFAULTS), **container}
    described["portMappings"] = [
        _described_port(mapping, network_mode) for mapping in described["portMappings"]
    ]
    if "healthCheck" in described:
        described["healthCheck"] = {**HEALTH_CHECK_DEFAULTS, **described["healthCheck"]}
    return described


def _described_port(mapping: Json, network_mode: str) -> Json:
    """Botocore's documentation of PortMapping: protocol, hostPort."""
    described = {**mapping, "protocol": "udp" if mapping.get("protocol") == "udp" else "tcp"}
    if "containerPort" in mapping:
        dynamic = network_mode == "bridge"
        described.setdefault("hostPort", 0 if dynamic else mapping["containerPort"])
    return described


def _described_volume(volume: Json) -> Json:
    described = dict(volume) if len(volume) > 1 else {**volume, "host": {}}
    if "efsVolumeConfiguration" in described:
        efs = described["efsVolumeConfiguration"]
        described["efsVolumeConfiguration"] = {"rootDirectory": "/", **efs}
    return described


def described_service(params: Json) -> Json:
    """The members of CreateService as DescribeServices returns them.

    Not those that live elsewhere or need the cluster: clientToken, cluster, role,
    taskDefinition, desiredCount, tags and what only deployments carry. A cluster's default
    capacity provider strategy is the caller's to put into ``params``.
    """
    given = {name: value for name, value in params.items() if name in SERVICE_MEMBERS}
    service = _normalised({**SERVICE_DEFAULTS, **_kept(given)})
    # Documented as ENABLED; which services it silently spares is unverified.
    if "availabilityZoneRebalancing" not in service:
        spared = any(faults_of_rebalancing(service))
        service["availabilityZoneRebalancing"] = "DISABLED" if spared else "ENABLED"
    return service


def merged_update(service: Json, params: Json) -> Json:
    """The stored service after UpdateService.

    What is left out stays as it is and [] clears. deploymentConfiguration is merged member
    by member (a circuit breaker cannot be removed by omission, Terraform's provider found),
    each member as a whole. An empty capacityProviderStrategy returns to the launch type.
    """
    given = {name: value for name, value in params.items() if name in UPDATE_MEMBERS}
    changes = _kept(given)
    merged = {**_kept(service), **changes}
    if "deploymentConfiguration" in changes:
        merged["deploymentConfiguration"] = _merged_configuration(
            service["deploymentConfiguration"], changes["deploymentConfiguration"]
        )
    if changes.get("capacityProviderStrategy"):
        merged.pop("launchType", None)
    elif "capacityProviderStrategy" in changes:
        merged.pop("capacityProviderStrategy")
        merged.setdefault("launchType", launch_type_behind(service))
    # "If the service never had a value set, Amazon ECS treats this as DISABLED."
    merged.setdefault("availabilityZoneRebalancing", "DISABLED")
    return _normalised(merged)


def _merged_configuration(before: Json, changes: Json) -> Json:
    merged: Json = _kept(before)
    if "strategy" in changes:
        for owner, configuration in STRATEGY_CONFIGURATIONS.items():
            if owner != changes["strategy"]:
                merged.pop(configuration, None)
    return {**merged, **changes}


def launch_type_behind(service: Json) -> str:
    """The launch type that a capacity provider strategy, or none, comes to."""
    items = service.get("capacityProviderStrategy") or []
    providers = {item["capacityProvider"] for item in items}
    return "FARGATE" if providers & FARGATE_PROVIDERS else "EC2"


def _normalised(service: Json) -> Json:
    """The spellings and inner defaults of a service, whichever call they came by."""
    service["deploymentConfiguration"] = _deployment_configuration(service)
    service["placementStrategy"] = [_described_strategy(s) for s in service["placementStrategy"]]
    if service.get("capacityProviderStrategy"):
        service["capacityProviderStrategy"] = [
            {"weight": 0, "base": 0, **item} for item in service["capacityProviderStrategy"]
        ]
    else:
        service.pop("capacityProviderStrategy", None)
        service.setdefault("launchType", "EC2")
    if service.get("launchType") == "FARGATE":
        service.setdefault("platformVersion", "LATEST")
    if awsvpc := (service.get("networkConfiguration") or {}).get("awsvpcConfiguration"):
        filled = {"assignPublicIp": "DISABLED", **awsvpc}
        service["networkConfiguration"] = {"awsvpcConfiguration": filled}
    return service


def _deployment_configuration(service: Json) -> Json:
    given = service.get("deploymentConfiguration") or {}
    filled = {**PERCENT_DEFAULTS[service["schedulingStrategy"]], **given}
    if service["deploymentController"]["type"] != "ECS":
        return filled
    strategy = given.get("strategy", "ROLLING")
    # A bake time must be given for BLUE_GREEN, so only ROLLING has a default.
    defaults = dict(ROLLING_DEFAULTS)
    if strategy != "ROLLING":
        defaults.pop("bakeTimeInMinutes")
    return {**_kept(defaults), **filled}


def _described_strategy(strategy: Json) -> Json:
    if "field" not in strategy:
        return dict(strategy)
    field = strategy["field"]
    return {**strategy, "field": FIELD_SPELLINGS.get(field.lower(), field)}


def _kept(value: Any) -> Any:
    """A deep copy without nulls, which AWS's JSON protocol reads as absent."""
    if isinstance(value, dict):
        return {name: _kept(content) for name, content in value.items() if content is not None}
    if isinstance(value, list):
        return [_kept(content) for content in value if content is not None]
    return value
