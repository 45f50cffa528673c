"""Defaults that depend on other members: what the table marks with RULE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from glia.ecs.canonical_forms import role

if TYPE_CHECKING:
    from collections.abc import Mapping

Members: TypeAlias = dict[str, Any]

_HAVE_ONLY_AWSVPC = frozenset({"FARGATE", "MANAGED_INSTANCES"})
_FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})
# (maximum, minimum healthy) percent: botocore's documentation of DeploymentConfiguration.
_PERCENTS = {"REPLICA": (200, 100), "DAEMON": (100, 0)}
# IAM keeps this beginning for roles that a service has made for itself.
_SERVICE_LINKED = "AWSServiceRoleFor"


def network_mode(task: Mapping[str, Any]) -> str:
    """The network mode of a task definition, in whichever form it is."""
    if given := task.get("networkMode"):
        return str(given)
    required = {each for each in task.get("requiresCompatibilities") or () if each is not None}
    return "awsvpc" if required and required <= _HAVE_ONLY_AWSVPC else "bridge"


def dynamic_port(mapping: Members) -> None:
    """Under bridge: ECS's 0 is a port that Docker chooses."""
    if "containerPort" in mapping:
        mapping.setdefault("hostPort", 0)


def equal_port(mapping: Members) -> None:
    """Under awsvpc and host, where the container's port is the host's."""
    if "containerPort" in mapping and not mapping.get("hostPort"):
        mapping["hostPort"] = mapping["containerPort"]


def device(made: Members) -> None:
    """A device is where it is on the host, unless it is put elsewhere."""
    if "hostPath" in made:
        made.setdefault("containerPath", made["hostPath"])


def complete_service(made: Members, given: Mapping[str, Any]) -> None:
    """Fill in a service in canonical form.

    Args:
        made: the service, which is changed.
        given: the members that it was read from.
    """
    configuration = made["deploymentConfiguration"]
    maximum, minimum = _PERCENTS.get(made["schedulingStrategy"], _PERCENTS["REPLICA"])
    configuration.setdefault("maximumPercent", maximum)
    configuration.setdefault("minimumHealthyPercent", minimum)
    providers = made.get("capacityProviderStrategy", {})
    if not providers:
        made.setdefault("launchType", "EC2")
    if made.get("launchType") == "FARGATE" or not _FARGATE_PROVIDERS.isdisjoint(providers):
        made.setdefault("platformVersion", "LATEST")
    name = made.pop("role", None) or role(given.get("roleArn"))
    if name and not name.startswith(_SERVICE_LINKED):
        made["role"] = name
