"""How a service may be deployed: deploymentConfiguration and Availability Zone rebalancing.

All rules read a service with its defaults filled in. Source, where none is named: botocore's
documentation of DeploymentConfiguration and of the structures in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.validation.rules import Sentences
    from glia.sandbox.wire_types import Json

MINUTES = range(1440 + 1)
ZONE = "attribute:ecs.availability-zone"

Limits: TypeAlias = "range | tuple[float, float]"

# configuration -> its strategy, and member -> least and most (percent in steps of 0.1).
TRAFFIC_SHIFTS: dict[str, tuple[str, dict[str, Limits]]] = {
    "linearConfiguration": ("LINEAR", {"stepPercent": (3, 100), "stepBakeTimeInMinutes": MINUTES}),
    "canaryConfiguration": (
        "CANARY",
        {"canaryPercent": (0.1, 100), "canaryBakeTimeInMinutes": MINUTES},
    ),
}


def faults_of_deployment(service: Json) -> Sentences:
    """ECS's sentences about how a service is deployed."""
    for rule in RULES:
        yield from rule(service, service["deploymentConfiguration"])
    if service.get("availabilityZoneRebalancing") == "ENABLED":
        yield from faults_of_rebalancing(service)


def faults_of_rebalancing(service: Json) -> Sentences:
    """Why a service cannot have its tasks balanced across Availability Zones.

    Developer guide, "Balancing an Amazon ECS service across Availability Zones".
    """
    cannot = "Availability Zone rebalancing is not supported for services"
    configuration = service["deploymentConfiguration"]
    if service["schedulingStrategy"] == "DAEMON":
        yield f"{cannot} with the DAEMON scheduling strategy."
    if configuration["maximumPercent"] <= 100:
        yield f"{cannot} with a maximumPercent of 100 or less."
    strategies = service.get("placementStrategy") or []
    if strategies and strategies[0].get("field") != ZONE:
        yield f"{cannot} whose first placement strategy does not spread by {ZONE}."
    for constraint in service.get("placementConstraints") or []:
        if ZONE in (constraint.get("expression") or ""):
            yield f"{cannot} with a placement constraint on {ZONE}."
    if any(each.get("loadBalancerName") for each in service.get("loadBalancers") or []):
        yield f"{cannot} with a Classic Load Balancer."
    if service.get("launchType") == "EXTERNAL":
        yield f"{cannot} with the EXTERNAL launch type."


def _faults_of_percents(service: Json, configuration: Json) -> Sentences:
    least, most = configuration["minimumHealthyPercent"], configuration["maximumPercent"]
    if least < 0:
        yield "minimumHealthyPercent must not be negative."
    if service["schedulingStrategy"] == "DAEMON" and most > 100:
        yield (
            "The daemon scheduling strategy does not support values above 100 for "
            "maximumPercent on a deployment configuration. Change the maximumPercent value "
            "to 100, and try again"
        )
    if most < 1 or most < least:
        yield "maximumPercent must be positive and not less than minimumHealthyPercent."
    # ECS's own sentence; in no page of its documentation.
    if least == most == 100:
        yield (
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
            "deployments."
        )


def _faults_of_daemon(service: Json, configuration: Json) -> Sentences:
    if service["schedulingStrategy"] == "DAEMON" and configuration["maximumPercent"] < 100:
        yield "The daemon scheduling strategy requires a maximumPercent of 100."


def _faults_of_controller(service: Json, configuration: Json) -> Sentences:
    kind = service["deploymentController"]["type"]
    if kind == "ECS":
        return
    for member in ("deploymentCircuitBreaker", "alarms"):
        if (configuration.get(member) or {}).get("enable"):
            yield f"{member} is only supported with the ECS deployment controller, not {kind}."
    if configuration.get("strategy", "ROLLING") != "ROLLING":
        yield f"Deployment strategies need the ECS deployment controller, not {kind}."
    custom = (configuration["minimumHealthyPercent"], configuration["maximumPercent"])
    if service.get("launchType") == "EC2" and custom != (100, 200):
        yield (
            "minimumHealthyPercent and maximumPercent cannot be changed with the "
            f"{kind} deployment controller and the EC2 launch type."
        )


def _faults_of_strategy(_: Json, configuration: Json) -> Sentences:
    strategy = configuration.get("strategy", "ROLLING")
    if strategy == "BLUE_GREEN" and configuration.get("bakeTimeInMinutes") is None:
        yield "bakeTimeInMinutes must be specified with deployment strategy BLUE_GREEN."
    if (configuration.get("bakeTimeInMinutes") or 0) not in MINUTES:
        yield "bakeTimeInMinutes must be between 0 and 1440."
    breaker = configuration.get("deploymentCircuitBreaker") or {}
    if strategy != "ROLLING" and breaker.get("enable"):
        yield f"deploymentCircuitBreaker is not supported with deployment strategy {strategy}."
    if (breaker.get("thresholdConfiguration") or {"value": 1})["value"] < 1:
        yield "thresholdConfiguration: value must be positive."
    for name, (owner, members) in TRAFFIC_SHIFTS.items():
        if configuration.get(name) and strategy != owner:
            yield f"{name} is only valid with deployment strategy {owner}."
        for member, allowed in members.items():
            if not _within((configuration.get(name) or {}).get(member), allowed):
                yield f"{name}: {member} must be between {allowed[0]} and {allowed[-1]}."


def _within(value: float | None, allowed: Limits) -> bool:
    if value is None:
        return True
    steps = value * 10
    return allowed[0] <= value <= allowed[-1] and abs(steps - round(steps)) < 1e-6


def _faults_of_hooks(_: Json, configuration: Json) -> Sentences:
    """Botocore's documentation of DeploymentLifecycleHook."""
    for hook in configuration.get("lifecycleHooks") or []:
        paused = hook.get("targetType") == "PAUSE"
        if not paused and not hook.get("hookTargetArn"):
            yield "hookTargetArn must be specified for an AWS_LAMBDA lifecycle hook."


def _faults_of_early_success(_: Json, configuration: Json) -> Sentences:
    early = configuration.get("earlySuccessCriteria") or {}
    if not early.get("enable"):
        return
    if configuration.get("strategy", "ROLLING") != "ROLLING":
        yield "earlySuccessCriteria is only valid with deployment strategy ROLLING."
    for member in ("healthyPercent", "sourceServiceRevisionCleanup"):
        if early.get(member) is None:
            yield f"earlySuccessCriteria: {member} must be specified."
    if early.get("healthyPercent", 100) < configuration["minimumHealthyPercent"]:
        yield "earlySuccessCriteria: healthyPercent must not be less than minimumHealthyPercent."


RULES: tuple[Callable[[Json, Json], Sentences], ...] = (
    _faults_of_percents,
    _faults_of_daemon,
    _faults_of_controller,
    _faults_of_strategy,
    _faults_of_hooks,
    _faults_of_early_success,
)
