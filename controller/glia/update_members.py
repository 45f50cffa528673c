"""The members of UpdateService that turn a live service into the desired one."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = dict[str, Any]

# UpdateService leaves what it is not given as it is, so what the manifest no longer says has to
# be taken away in words (botocore's documentation of UpdateServiceRequest; Terraform's provider
# for the circuit breaker).
CLEARED: Final[Mapping[str, Any]] = {
    "capacityProviderStrategy": [],
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "healthCheckGracePeriodSeconds": 0,
    "loadBalancers": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "platformVersion": "LATEST",
    "propagateTags": "NONE",
    "serviceConnectConfiguration": {"enabled": False},
    "serviceRegistries": [],
    "volumeConfigurations": [],
    "vpcLatticeConfigurations": [],
}
CLEARED_CONFIGURATION: Final[Mapping[str, Any]] = {
    "alarms": {"alarmNames": [], "enable": False, "rollback": False},
    "bakeTimeInMinutes": 0,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "earlySuccessCriteria": {
        "enable": False,
        "healthyPercent": 100,
        "sourceServiceRevisionCleanup": "BLOCKING",
    },
    "lifecycleHooks": [],
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
}
# They cannot be changed in place: UpdateServiceRequest does not have them. A launch type gives
# way to a capacity provider strategy, and comes back with an empty one.
CREATE_ONLY: Final = frozenset({"role", "schedulingStrategy"})
# Their change starts a new deployment (botocore's documentation of UpdateServiceRequest).
STARTS_DEPLOYMENT: Final = frozenset(
    {
        "loadBalancers",
        "networkConfiguration",
        "platformVersion",
        "serviceConnectConfiguration",
        "serviceRegistries",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    }
)
# ECS refuses another strategy without forceNewDeployment.
REDEPLOYING: Final = STARTS_DEPLOYMENT | {"capacityProviderStrategy", "launchType"}


def update_members(
    names: Iterable[str], desired: Mapping[str, Any], live: Mapping[str, Any]
) -> Json:
    """What to send for the members that differ.

    Args:
        names: of the members.
        desired: the input of CreateService.
        live: the service's canonical form.
    """
    members: Json = {}
    for name in sorted(names):
        if name == "deploymentConfiguration":
            members[name] = _configuration(desired.get(name) or {}, live.get(name) or {})
        elif name == "launchType":
            members.setdefault("capacityProviderStrategy", [])
        elif desired.get(name) not in (None, [], {}):
            members[name] = deepcopy(desired[name])
        elif name in CLEARED:
            members[name] = deepcopy(CLEARED[name])
    if "capacityProviderStrategy" in members:
        # ECS refuses another strategy without one (Terraform's provider asks for it as well).
        members["forceNewDeployment"] = True
    return members


def needs_replacing(
    names: Iterable[str], desired: Mapping[str, Any], live: Mapping[str, Any]
) -> tuple[str, ...]:
    """Those of the members that differ and that UpdateService cannot change."""
    fixed = {name for name in names if name in CREATE_ONLY}
    strategies = desired.get("capacityProviderStrategy") or live.get("capacityProviderStrategy")
    if "launchType" in set(names) and not strategies:
        fixed.add("launchType")
    # It can be changed and not taken away, and no other network mode than awsvpc goes with it.
    if "networkConfiguration" in set(names) and not desired.get("networkConfiguration"):
        fixed.add("networkConfiguration")
    return tuple(sorted(fixed))


def _configuration(desired: Mapping[str, Any], live: Mapping[str, Any]) -> Json:
    """Whole, and with words for what is to go: ECS merges it member by member."""
    gone = {
        name: deepcopy(value)
        for name, value in CLEARED_CONFIGURATION.items()
        if name in live and name not in desired and live[name] != value
    }
    return gone | deepcopy(dict(desired))
