"""CreateService and UpdateService refuse members that do not go together."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from glia.sandbox.defaults import described_service, described_task_definition
from glia.sandbox.ecs_error import EcsError
from glia.sandbox.validation.service import check_create_service, check_update_service
from glia.sandbox.validation.shapes import check_request

if TYPE_CHECKING:
    from collections.abc import Callable

Members = dict[str, Any]

SPREAD_BY_ZONE = {"type": "spread", "field": "attribute:ecs.availability-zone"}
TARGET = {"targetGroupArn": "arn:tg", "containerName": "model", "containerPort": 8501}
AWSVPC = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


def task_definition(**members: Any) -> Members:
    container = {
        "name": "model",
        "image": "model",
        "memory": 100,
        "portMappings": [{"containerPort": 8501, "name": "rest"}],
    }
    return described_task_definition(
        {"family": "model", "containerDefinitions": [container], **members}
    )


def on_awsvpc() -> Members:
    return task_definition(networkMode="awsvpc", requiresCompatibilities=["EC2"])


def with_volume() -> Members:
    return task_definition(volumes=[{"name": "v", "configuredAtLaunch": True}])


def with_health_check() -> Members:
    task = task_definition()
    task["containerDefinitions"][0]["healthCheck"] = {"command": ["CMD", "true"]}
    return task


def with_a_constraint() -> Members:
    expression = "agentConnected == true"
    return task_definition(placementConstraints=[{"type": "memberOf", "expression": expression}])


def replica(**members: Any) -> Members:
    return {"serviceName": "model", "taskDefinition": "model", "desiredCount": 1, **members}


def daemon(**members: Any) -> Members:
    return {
        "serviceName": "agent",
        "taskDefinition": "model",
        "schedulingStrategy": "DAEMON",
        **members,
    }


def deployed(**configuration: Any) -> Members:
    return replica(deploymentConfiguration=configuration)


def controlled(kind: str, **members: Any) -> Members:
    return replica(deploymentController={"type": kind}, **members)


VALID: dict[str, tuple[Members, Callable[[], Members]]] = {
    "the least": (replica(), task_definition),
    "a daemon": (daemon(launchType="EC2"), task_definition),
    "chip-pinned": (
        replica(
            launchType="EC2",
            deploymentConfiguration={
                "maximumPercent": 100,
                "minimumHealthyPercent": 0,
                "deploymentCircuitBreaker": {
                    "enable": True,
                    "rollback": True,
                    "thresholdConfiguration": {"type": "COUNT", "value": 3},
                },
            },
            availabilityZoneRebalancing="DISABLED",
            placementConstraints=[
                {"type": "distinctInstance"},
                {"type": "memberOf", "expression": "attribute:ecs.instance-type == inf2.xlarge"},
            ],
            placementStrategy=[
                {"type": "binpack", "field": "CPU"},
                {"type": "spread", "field": "host"},
                {"type": "spread", "field": "attribute:rack"},
                {"type": "random"},
            ],
            clientToken="!" * 36,
            tags=[{"key": "team", "value": "ml"}],
        ),
        task_definition,
    ),
    "balanced across zones": (
        replica(availabilityZoneRebalancing="ENABLED", placementStrategy=[SPREAD_BY_ZONE]),
        task_definition,
    ),
    "awsvpc with a registry": (
        replica(networkConfiguration=AWSVPC, serviceRegistries=[{"registryArn": "arn"}]),
        on_awsvpc,
    ),
    "on Fargate": (
        replica(launchType="FARGATE", networkConfiguration=AWSVPC),
        lambda: {**on_awsvpc(), "requiresCompatibilities": ["FARGATE"]},
    ),
    "behind a load balancer": (
        replica(
            loadBalancers=[TARGET],
            role="ecsServiceRole",
            healthCheckGracePeriodSeconds=600,
            serviceRegistries=[
                {"registryArn": "a", "containerName": "model", "containerPort": 8501}
            ],
        ),
        task_definition,
    ),
    "a grace period for a container's check": (
        replica(healthCheckGracePeriodSeconds=600),
        with_health_check,
    ),
    "capacity providers": (
        replica(capacityProviderStrategy=[{"capacityProvider": "trn", "base": 1}]),
        task_definition,
    ),
    "blue and green": (
        deployed(
            strategy="BLUE_GREEN",
            bakeTimeInMinutes=5,
            lifecycleHooks=[
                {"targetType": "PAUSE"},
                {"targetType": "AWS_LAMBDA", "hookTargetArn": "arn"},
            ],
        ),
        task_definition,
    ),
    "canary": (
        deployed(strategy="CANARY", canaryConfiguration={"canaryPercent": 0.3}),
        task_definition,
    ),
    "early success": (
        deployed(
            earlySuccessCriteria={
                "enable": True,
                "healthyPercent": 100,
                "sourceServiceRevisionCleanup": "DEFERRED",
            }
        ),
        task_definition,
    ),
    "Service Connect": (
        replica(serviceConnectConfiguration={"enabled": True, "services": [{"portName": "rest"}]}),
        task_definition,
    ),
    "a volume of its own": (replica(volumeConfigurations=[{"name": "v"}]), with_volume),
    "CodeDeploy": (controlled("CODE_DEPLOY"), task_definition),
}


@pytest.mark.parametrize(("params", "task"), VALID.values(), ids=VALID.keys())
def test_a_service_that_goes_together_is_created(
    params: Members, task: Callable[[], Members]
) -> None:
    before = deepcopy(params)

    check_request("CreateService", params)
    check_create_service(params, task())

    assert params == before


def test_an_external_controller_needs_neither_task_definition_nor_count() -> None:
    check_create_service(
        {"serviceName": "s", "deploymentController": {"type": "EXTERNAL"}}, task_definition=None
    )


def test_an_external_controller_is_updated_without_task_definition() -> None:
    service = described_service(controlled("EXTERNAL"))

    check_update_service({"desiredCount": 2}, service, {})


# Rule -> (request, task definition, culprit); the task definition is the plain one if None.
REFUSED: dict[str, tuple[Members, Callable[[], Members] | None, str]] = {
    "no name": (replica(serviceName=""), None, "serviceName should not be null"),
    "a space in the name": (replica(serviceName="a b"), None, "serviceName contains invalid"),
    "a long name": (replica(serviceName="s" * 256), None, "serviceName cannot be longer"),
    "a client token of 37 letters": (replica(clientToken="t" * 37), None, "clientToken"),
    "a space in the client token": (replica(clientToken="a b"), None, "clientToken"),
    "no task definition": (replica(taskDefinition=None), None, "taskDefinition must be"),
    "no desired count": (replica(desiredCount=None), None, "desiredCount must be specified"),
    "a negative count": (replica(desiredCount=-1), None, "desiredCount must not be negative: -1"),
    "launch type and providers": (
        replica(launchType="EC2", capacityProviderStrategy=[{"capacityProvider": "c"}]),
        None,
        "Specifying both a launch type and capacity provider strategy is not supported.",
    ),
    "Managed Instances as launch type": (
        replica(launchType="MANAGED_INSTANCES"),
        None,
        "need a capacityProviderStrategy",
    ),
    "a role without load balancer": (replica(role="r"), None, "role is only permitted"),
    "a role under awsvpc": (
        replica(role="r", loadBalancers=[TARGET], networkConfiguration=AWSVPC),
        on_awsvpc,
        "role is not permitted",
    ),
    "a count of daemons": (daemon(desiredCount=1), None, "does not support a desired count"),
    "a strategy for daemons": (
        daemon(placementStrategy=[{"type": "random"}]),
        None,
        "The daemon scheduling strategy does not support placement strategies.",
    ),
    "daemons on Fargate": (daemon(launchType="FARGATE"), None, "support the Fargate launch type"),
    "daemons by CodeDeploy": (
        daemon(deploymentController={"type": "CODE_DEPLOY"}),
        None,
        "only supports the ECS deployment controller",
    ),
    "daemons at 200 percent": (
        daemon(deploymentConfiguration={"maximumPercent": 200}),
        None,
        "The daemon scheduling strategy does not support values above 100 for maximumPercent",
    ),
    "daemons at 50 percent": (
        daemon(deploymentConfiguration={"maximumPercent": 50}),
        None,
        "requires a maximumPercent of 100",
    ),
    "volumes for daemons": (
        daemon(volumeConfigurations=[{"name": "v"}]),
        with_volume,
        "volumeConfigurations is not supported with the DAEMON",
    ),
    "21 capacity providers": (
        replica(
            capacityProviderStrategy=[{"capacityProvider": f"c{n}", "weight": 1} for n in range(21)]
        ),
        None,
        "at most 20 capacity providers",
    ),
    "two bases": (
        replica(
            capacityProviderStrategy=[
                {"capacityProvider": name, "weight": 1, "base": 1} for name in "ab"
            ]
        ),
        None,
        "Only one capacity provider",
    ),
    "weights of zero": (
        replica(capacityProviderStrategy=[{"capacityProvider": name} for name in "ab"]),
        None,
        "At least one capacity provider must have a weight value greater than zero",
    ),
    "Fargate among others": (
        replica(
            capacityProviderStrategy=[
                {"capacityProvider": name, "weight": 1} for name in ("FARGATE", "trn")
            ]
        ),
        None,
        "cannot mix Fargate",
    ),
    "a launch type that the task definition is not for": (
        replica(launchType="EC2", networkConfiguration=AWSVPC),
        lambda: task_definition(
            networkMode="awsvpc", requiresCompatibilities=["MANAGED_INSTANCES"]
        ),
        "Task definition does not support launch_type EC2.",
    ),
    "a launch type that ECS found impossible": (
        replica(launchType="FARGATE"),
        None,
        "Task definition does not support launch_type FARGATE.",
    ),
    "awsvpc without a network": (
        replica(),
        on_awsvpc,
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
    ),
    "a network without awsvpc": (
        replica(networkConfiguration=AWSVPC),
        None,
        "Network Configuration is not valid for the given networkMode",
    ),
    "no subnet": (
        replica(networkConfiguration={"awsvpcConfiguration": {"subnets": []}}),
        on_awsvpc,
        "subnets can not be empty.",
    ),
    "17 subnets": (
        replica(networkConfiguration={"awsvpcConfiguration": {"subnets": ["s"] * 17}}),
        on_awsvpc,
        "subnets can have at most 16",
    ),
    "6 security groups": (
        replica(
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": ["s"], "securityGroups": ["g"] * 6}
            }
        ),
        on_awsvpc,
        "securityGroups can have at most 5",
    ),
    "a public address on EC2": (
        replica(
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": ["s"], "assignPublicIp": "ENABLED"}
            }
        ),
        on_awsvpc,
        "Assign public IP is not supported",
    ),
    "6 target groups": (replica(loadBalancers=[TARGET] * 6), None, "at most 5 target groups"),
    "a load balancer without address": (
        replica(loadBalancers=[{"containerName": "model", "containerPort": 8501}]),
        None,
        "either targetGroupArn or loadBalancerName",
    ),
    "a load balancer of nobody": (
        replica(loadBalancers=[{**TARGET, "containerName": "x"}]),
        None,
        "The container x does not exist in the task definition.",
    ),
    "a load balancer of no port": (
        replica(loadBalancers=[{**TARGET, "containerPort": 80}]),
        None,
        "The container model did not have a container port 80 defined.",
    ),
    "a load balancer of two mappings": (
        replica(loadBalancers=[TARGET]),
        lambda: task_definition(
            containerDefinitions=[
                {
                    "name": "model",
                    "image": "model",
                    "memory": 6,
                    "portMappings": [{"containerPort": 8501}] * 2,
                }
            ]
        ),
        "Container port 8501 is used in more than one port mapping for container model",
    ),
    "two registries": (
        replica(serviceRegistries=[{"registryArn": "a"}] * 2),
        None,
        "serviceRegistries can have at most 1",
    ),
    "a registry of nobody": (
        replica(serviceRegistries=[{"containerName": "x"}]),
        None,
        "The container x does not exist",
    ),
    "a negative grace period": (
        replica(loadBalancers=[TARGET], healthCheckGracePeriodSeconds=-1),
        None,
        "healthCheckGracePeriodSeconds must be between",
    ),
    "a grace period without a check": (
        replica(healthCheckGracePeriodSeconds=60),
        None,
        "Health check grace period is only valid for services configured to use load balancers",
    ),
    "Service Connect to no port": (
        replica(serviceConnectConfiguration={"enabled": True, "services": [{"portName": "x"}]}),
        None,
        "serviceConnectConfiguration: no port mapping is named 'x'.",
    ),
    "a volume that does not wait": (
        replica(volumeConfigurations=[{"name": "w"}]),
        with_volume,
        "volumeConfigurations: 'w'",
    ),
    "one volume twice": (
        replica(volumeConfigurations=[{"name": "v"}] * 2),
        with_volume,
        "volumeConfigurations: 'v'",
    ),
    "less than nothing healthy": (
        deployed(minimumHealthyPercent=-1),
        None,
        "minimumHealthyPercent must not be negative",
    ),
    "less at most than at least": (
        deployed(maximumPercent=100, minimumHealthyPercent=150),
        None,
        "maximumPercent must be positive and not less",
    ),
    "nothing at most": (
        deployed(maximumPercent=0, minimumHealthyPercent=0),
        None,
        "maximumPercent must be positive",
    ),
    "100 to 100 percent": (
        deployed(maximumPercent=100, minimumHealthyPercent=100),
        None,
        "cannot be 100 as this will block deployments",
    ),
    "a circuit breaker for CodeDeploy": (
        controlled(
            "CODE_DEPLOY",
            deploymentConfiguration={
                "deploymentCircuitBreaker": {"enable": True, "rollback": True}
            },
        ),
        None,
        "deploymentCircuitBreaker is only supported with the ECS deployment controller",
    ),
    "alarms for an external controller": (
        controlled(
            "EXTERNAL",
            deploymentConfiguration={
                "alarms": {"enable": True, "rollback": True, "alarmNames": ["a"]}
            },
        ),
        None,
        "alarms is only supported with the ECS deployment controller",
    ),
    "a strategy for CodeDeploy": (
        controlled("CODE_DEPLOY", deploymentConfiguration={"strategy": "CANARY"}),
        None,
        "Deployment strategies need the ECS deployment controller",
    ),
    "other percents for CodeDeploy": (
        controlled("CODE_DEPLOY", deploymentConfiguration={"maximumPercent": 150}),
        None,
        "cannot be changed with the CODE_DEPLOY deployment controller",
    ),
    "blue and green without baking": (
        deployed(strategy="BLUE_GREEN"),
        None,
        "bakeTimeInMinutes must be specified",
    ),
    "two days of baking": (
        deployed(strategy="BLUE_GREEN", bakeTimeInMinutes=2880),
        None,
        "bakeTimeInMinutes must be between",
    ),
    "a circuit breaker for blue and green": (
        deployed(
            strategy="BLUE_GREEN",
            bakeTimeInMinutes=0,
            deploymentCircuitBreaker={"enable": True, "rollback": True},
        ),
        None,
        "deploymentCircuitBreaker is not supported with deployment strategy BLUE_GREEN",
    ),
    "a threshold of nothing": (
        deployed(
            deploymentCircuitBreaker={
                "enable": True,
                "rollback": True,
                "thresholdConfiguration": {"type": "COUNT", "value": 0},
            }
        ),
        None,
        "thresholdConfiguration: value",
    ),
    "steps of 2 percent": (
        deployed(strategy="LINEAR", linearConfiguration={"stepPercent": 2.0}),
        None,
        "linearConfiguration: stepPercent must be between 3 and 100",
    ),
    "a canary of a third of a percent": (
        deployed(strategy="CANARY", canaryConfiguration={"canaryPercent": 0.33}),
        None,
        "canaryConfiguration: canaryPercent must be between 0.1 and 100",
    ),
    "a hook to nowhere": (
        deployed(strategy="CANARY", lifecycleHooks=[{}]),
        None,
        "hookTargetArn must be specified",
    ),
    "early success of a canary": (
        deployed(strategy="CANARY", earlySuccessCriteria={"enable": True}),
        None,
        "earlySuccessCriteria is only valid with deployment strategy ROLLING",
    ),
    "early success of nobody knows how many": (
        deployed(earlySuccessCriteria={"enable": True}),
        None,
        "earlySuccessCriteria: healthyPercent must be specified",
    ),
    "success before the least are healthy": (
        deployed(
            earlySuccessCriteria={
                "enable": True,
                "healthyPercent": 50,
                "sourceServiceRevisionCleanup": "BLOCKING",
            }
        ),
        None,
        "must not be less than minimumHealthyPercent",
    ),
    "daemons in balance": (
        daemon(availabilityZoneRebalancing="ENABLED"),
        None,
        "not supported for services with the DAEMON",
    ),
    "balance at 100 percent": (
        replica(
            availabilityZoneRebalancing="ENABLED",
            deploymentConfiguration={"maximumPercent": 100, "minimumHealthyPercent": 0},
        ),
        None,
        "not supported for services with a maximumPercent of 100 or less",
    ),
    "balance against another strategy": (
        replica(
            availabilityZoneRebalancing="ENABLED",
            placementStrategy=[{"type": "binpack", "field": "cpu"}, SPREAD_BY_ZONE],
        ),
        None,
        "whose first placement strategy does not spread",
    ),
    "balance within one zone": (
        replica(
            availabilityZoneRebalancing="ENABLED",
            placementConstraints=[
                {
                    "type": "memberOf",
                    "expression": "attribute:ecs.availability-zone == us-east-1a",
                }
            ],
        ),
        None,
        "with a placement constraint on attribute:ecs.availability-zone",
    ),
    "balance behind a Classic Load Balancer": (
        replica(
            availabilityZoneRebalancing="ENABLED",
            loadBalancers=[
                {"loadBalancerName": "lb", "containerName": "model", "containerPort": 8501}
            ],
        ),
        None,
        "with a Classic Load Balancer",
    ),
    "balance on premises": (
        replica(availabilityZoneRebalancing="ENABLED", launchType="EXTERNAL"),
        None,
        "with the EXTERNAL launch type",
    ),
    "placement on Fargate": (
        replica(
            launchType="FARGATE",
            networkConfiguration=AWSVPC,
            placementConstraints=[{"type": "distinctInstance"}],
        ),
        lambda: {**on_awsvpc(), "requiresCompatibilities": ["FARGATE"]},
        "Tasks using the Fargate launch type do not support placementConstraints",
    ),
    "11 constraints together": (
        replica(placementConstraints=[{"type": "distinctInstance"}] * 10),
        with_a_constraint,
        "Too many placement constraints",
    ),
    "a constraint of no type": (replica(placementConstraints=[{}]), None, "type 'None' is not"),
    "an expression with distinctInstance": (
        replica(placementConstraints=[{"type": "distinctInstance", "expression": "a == b"}]),
        None,
        "must not be specified with placement constraint distinctInstance",
    ),
    "memberOf without expression": (
        replica(placementConstraints=[{"type": "memberOf"}]),
        None,
        "An expression must be specified",
    ),
    "an expression that is none": (
        replica(placementConstraints=[{"type": "memberOf", "expression": "=="}]),
        None,
        "Invalid expression '=='",
    ),
    "6 strategies": (
        replica(placementStrategy=[{"type": "random"}] * 6),
        None,
        "Too many placement strategies",
    ),
    "a strategy of no type": (replica(placementStrategy=[{}]), None, "strategy type 'None'"),
    "random by a field": (
        replica(placementStrategy=[{"type": "random", "field": "rack"}]),
        None,
        "random does not take field 'rack'",
    ),
    "binpack by instance": (
        replica(placementStrategy=[{"type": "binpack", "field": "instanceId"}]),
        None,
        "Invalid field 'instanceId' for placement strategy binpack",
    ),
    "spread by nothing": (
        replica(placementStrategy=[{"type": "spread"}]),
        None,
        "Invalid field '' for placement strategy spread",
    ),
    "a tag of AWS's own": (replica(tags=[{"key": "aws:x"}]), None, "'aws:x'"),
}


@pytest.mark.parametrize(("params", "task", "culprit"), REFUSED.values(), ids=REFUSED.keys())
def test_a_service_that_does_not_go_together_is_refused(
    params: Members, task: Callable[[], Members] | None, culprit: str
) -> None:
    with pytest.raises(EcsError) as caught:
        check_create_service(params, (task or task_definition)())

    assert caught.value.code == "InvalidParameterException"
    assert culprit in caught.value.message


UPDATES: dict[str, tuple[Members, Members, str | None]] = {
    "a count": (replica(), {"service": "s", "desiredCount": 0}, None),
    "a null": (replica(), {"desiredCount": None}, None),
    "a negative count": (replica(), {"desiredCount": -3}, "must not be negative: -3"),
    "a count of daemons": (daemon(), {"desiredCount": 3}, "does not support a desired count"),
    "another percent, the other kept": (
        deployed(maximumPercent=100, minimumHealthyPercent=0),
        {"deploymentConfiguration": {"minimumHealthyPercent": 100}},
        "cannot be 100 as this will block deployments",
    ),
    "100 percent while in balance": (
        replica(availabilityZoneRebalancing="ENABLED"),
        {"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}},
        "maximumPercent of 100 or less",
    ),
    "a load balancer that goes, its grace period left behind": (
        replica(loadBalancers=[TARGET], healthCheckGracePeriodSeconds=60),
        {"loadBalancers": []},
        None,
    ),
    "a grace period for nothing": (
        replica(),
        {"healthCheckGracePeriodSeconds": 60},
        "Health check grace period is only valid",
    ),
    "from launch type to providers": (
        replica(launchType="EC2"),
        {"capacityProviderStrategy": [{"capacityProvider": "trn", "weight": 1}]},
        None,
    ),
    "a linear step without the strategy": (
        replica(),
        {"deploymentConfiguration": {"linearConfiguration": {"stepPercent": 10.0}}},
        "linearConfiguration is only valid with deployment strategy LINEAR",
    ),
    "a count by CodeDeploy": (
        controlled("CODE_DEPLOY"),
        {"service": "s", "desiredCount": 1, "forceNewDeployment": False},
        None,
    ),
    "percents by CodeDeploy": (
        controlled("CODE_DEPLOY"),
        {"deploymentConfiguration": {"maximumPercent": 200}},
        None,
    ),
    "a task definition by CodeDeploy": (
        controlled("CODE_DEPLOY"),
        {"taskDefinition": "model:2"},
        "Cannot update taskDefinition of a service with the CODE_DEPLOY",
    ),
    "percents by an external controller": (
        controlled("EXTERNAL"),
        {"deploymentConfiguration": {"maximumPercent": 150}},
        "Cannot update deploymentConfiguration of a service with the EXTERNAL",
    ),
    "a forced deployment by CodeDeploy": (
        controlled("CODE_DEPLOY"),
        {"forceNewDeployment": True},
        "Cannot update forceNewDeployment",
    ),
}


@pytest.mark.parametrize(("created", "update", "culprit"), UPDATES.values(), ids=UPDATES.keys())
def test_an_update_is_judged_by_the_service_that_it_makes(
    created: Members, update: Members, culprit: str | None
) -> None:
    service = described_service(created)
    if culprit is None:
        check_update_service(update, service, task_definition())
        return

    with pytest.raises(EcsError) as caught:
        check_update_service(update, service, task_definition())

    assert caught.value.code == "InvalidParameterException"
    assert culprit in caught.value.message
