"""What a service attaches to its tasks: networks, load balancers, registries, volumes.

Source, where none is named: botocore's documentation of the CreateService member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.validation.rules import Sentences, repeated

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.wire_types import Json

SUBNET_LIMIT = 16
SECURITY_GROUP_LIMIT = 5
TARGET_GROUP_LIMIT = 5  # developer guide, "Amazon ECS service quotas"
GRACE_PERIOD_SECONDS = 2_147_483_647


def faults_of_attachments(service: Json, task: Json | None) -> Sentences:
    """ECS's sentences about what surrounds the service's tasks.

    Args:
        service: with its defaults filled in.
        task: the described task definition; without it what depends on it goes unchecked.
    """
    yield from faults_of_network(service, task)
    yield from _faults_of_target_groups(service)
    if task is not None:
        for rule in RULES:
            yield from rule(service, task)


def faults_of_network(params: Json, task: Json | None) -> Sentences:
    """ECS's sentences about the networkConfiguration of a service or of a RunTask."""
    yield from _faults_of_awsvpc(params)
    if task is not None:
        yield from _faults_of_network_mode(params, task)


def _faults_of_awsvpc(service: Json) -> Sentences:
    awsvpc = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if awsvpc is None:
        return
    if not awsvpc["subnets"]:
        yield "subnets can not be empty."
    if len(awsvpc["subnets"]) > SUBNET_LIMIT:
        yield f"subnets can have at most {SUBNET_LIMIT} items."
    if len(awsvpc.get("securityGroups") or []) > SECURITY_GROUP_LIMIT:
        yield f"securityGroups can have at most {SECURITY_GROUP_LIMIT} items."
    if awsvpc.get("assignPublicIp") == "ENABLED" and service.get("launchType") == "EC2":
        yield "Assign public IP is not supported for this launch type."


def _faults_of_target_groups(service: Json) -> Sentences:
    balancers = service.get("loadBalancers") or []
    if len(balancers) > TARGET_GROUP_LIMIT:
        yield f"loadBalancers can have at most {TARGET_GROUP_LIMIT} target groups."
    for balancer in balancers:
        if bool(balancer.get("targetGroupArn")) == bool(balancer.get("loadBalancerName")):
            yield "A load balancer needs either targetGroupArn or loadBalancerName."
    if len(service.get("serviceRegistries") or []) > 1:
        yield "serviceRegistries can have at most 1 item."


def _faults_of_network_mode(service: Json, task: Json) -> Sentences:
    given = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if task.get("networkMode") == "awsvpc" and not given:
        yield "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    if task.get("networkMode") != "awsvpc" and given:
        yield (
            "Network Configuration is not valid for the given networkMode of this task definition."
        )


def _faults_of_containers(service: Json, task: Json) -> Sentences:
    for balancer in service.get("loadBalancers") or []:
        yield from _faults_of_container(balancer, task)
    for registry in service.get("serviceRegistries") or []:
        if registry.get("containerName"):
            yield from _faults_of_container(registry, task)


def _faults_of_container(target: Json, task: Json) -> Sentences:
    name, port = target.get("containerName"), target.get("containerPort")
    found = [each for each in task["containerDefinitions"] if each["name"] == name]
    mappings = [mapping for each in found for mapping in each.get("portMappings") or []]
    ports = [mapping.get("containerPort") for mapping in mappings]
    if not found:
        yield f"The container {name} does not exist in the task definition."
    elif port not in ports:
        yield f"The container {name} did not have a container port {port} defined."
    elif ports.count(port) > 1:
        yield (f"Container port {port} is used in more than one port mapping for container {name}")


def _faults_of_grace_period(service: Json, task: Json) -> Sentences:
    """Load balancers, VPC Lattice and container health checks have a grace period.

    The model calls it "unused" without any of these; ECS was seen to refuse it instead.
    """
    seconds = service.get("healthCheckGracePeriodSeconds") or 0
    if not 0 <= seconds <= GRACE_PERIOD_SECONDS:
        yield f"healthCheckGracePeriodSeconds must be between 0 and {GRACE_PERIOD_SECONDS}."
    checked = any(container.get("healthCheck") for container in task["containerDefinitions"])
    if seconds and not (
        checked or service.get("loadBalancers") or service.get("vpcLatticeConfigurations")
    ):
        yield (
            "Health check grace period is only valid for services configured to use load balancers"
        )


def _faults_of_port_names(service: Json, task: Json) -> Sentences:
    named = {
        mapping.get("name")
        for container in task["containerDefinitions"]
        for mapping in container.get("portMappings") or []
    }
    connect = service.get("serviceConnectConfiguration") or {}
    for member, users in (
        ("serviceConnectConfiguration", connect.get("services")),
        ("vpcLatticeConfigurations", service.get("vpcLatticeConfigurations")),
        ("gatewayConnectors", service.get("gatewayConnectors")),
    ):
        for user in users or []:
            if user["portName"] not in named:
                yield f"{member}: no port mapping is named '{user['portName']}'."


def _faults_of_volumes(service: Json, task: Json) -> Sentences:
    waiting = {v["name"] for v in task.get("volumes") or [] if v.get("configuredAtLaunch")}
    given = [volume["name"] for volume in service.get("volumeConfigurations") or []]
    if given and service["schedulingStrategy"] == "DAEMON":
        yield "volumeConfigurations is not supported with the DAEMON scheduling strategy."
    for name in (*repeated(given), *sorted(set(given) - waiting)):
        yield f"volumeConfigurations: '{name}' is not one volume that is configuredAtLaunch."


RULES: tuple[Callable[[Json, Json], Sentences], ...] = (
    _faults_of_containers,
    _faults_of_grace_period,
    _faults_of_port_names,
    _faults_of_volumes,
)
