"""IAM's decision on a call of ECS, as far as the policies of this project go.

Which resource an action is authorised against is the Service Authorization Reference's word
("Actions, resources, and condition keys for Amazon Elastic Container Service").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glia.sandbox.world import Call

Context = Mapping[str, str]
HERE = "arn:aws:ecs:us-west-2:123456789012:"


class Authorizer:
    """Asks one policy.

    Attributes:
        granted: the actions of its statements that something was allowed by.
    """

    def __init__(self, document: dict[str, Any], owner_of: Mapping[str, str]) -> None:
        self._statements: list[dict[str, Any]] = document["Statement"]
        self._owner_of = owner_of
        self.granted: set[str] = set()

    @property
    def actions(self) -> set[str]:
        return {action for each in self._statements for action in each["Action"]}

    def refused(self, calls: list[Call]) -> list[str]:
        """The calls that IAM would not let through, with what they would have reached."""
        return [
            f"{action} on {resource}"
            for call in calls
            for action, resource, context in _asked(call, self._owner_of)
            if not self.allows(action, resource, context)
        ]

    def allows(self, action: str, resource: str, context: Context) -> bool:
        allowed = any(_grants(each, action, resource, context) for each in self._statements)
        if allowed:
            self.granted.add(action)
        return allowed


def _grants(statement: dict[str, Any], action: str, resource: str, context: Context) -> bool:
    return (
        action in statement["Action"]
        and any(fnmatchcase(resource, each) for each in statement["Resource"])
        and all(
            context.get(key, "") in ([wanted] if isinstance(wanted, str) else wanted)
            for test in statement.get("Condition", {}).values()
            for key, wanted in test.items()
        )
    )


def _asked(call: Call, owner_of: Mapping[str, str]) -> Iterator[tuple[str, str, Context]]:
    action, params = call.operation, call.params
    tags = {f"aws:RequestTag/{each['key']}": each["value"] for each in params.get("tags") or ()}
    cluster = str(params.get("cluster", "default")).rpartition("/")[2]
    for resource in RESOURCES[action](params, cluster) if action in RESOURCES else ["*"]:
        context = dict(tags)
        context["ecs:cluster"] = f"{HERE}cluster/{cluster}"
        if resource in owner_of:
            context["aws:ResourceTag/glia:owner"] = owner_of[resource]
        yield f"ecs:{action}", resource, context
        if tags and action in {"CreateService", "RegisterTaskDefinition"}:
            yield "ecs:TagResource", resource, {"ecs:CreateAction": action}


# By action, what it is authorised against; what is left out knows no resource.
RESOURCES: Mapping[str, Callable[[dict[str, Any], str], list[str]]] = {
    "DescribeClusters": lambda asked, _: [f"{HERE}cluster/{each}" for each in asked["clusters"]],
    "ListContainerInstances": lambda _, cluster: [f"{HERE}cluster/{cluster}"],
    "DescribeServices": lambda asked, cluster: [_service(cluster, s) for s in asked["services"]],
    "CreateService": lambda asked, cluster: [_service(cluster, asked["serviceName"])],
    "UpdateService": lambda asked, cluster: [_service(cluster, asked["service"])],
    "DeleteService": lambda asked, cluster: [_service(cluster, asked["service"])],
    "ListServiceDeployments": lambda asked, cluster: [_service(cluster, asked["service"])],
    "DescribeServiceRevisions": lambda asked, _: list(asked["serviceRevisionArns"]),
    "RegisterTaskDefinition": lambda asked, _: [f"{HERE}task-definition/{asked['family']}:*"],
    "DescribeContainerInstances": lambda asked, _: list(asked["containerInstances"]),
    "DescribeTasks": lambda asked, _: list(asked["tasks"]),
    "PutAttributes": lambda asked, _: [each["targetId"] for each in asked["attributes"]],
    "DeleteAttributes": lambda asked, _: [each["targetId"] for each in asked["attributes"]],
    "UpdateContainerInstancesState": lambda asked, _: list(asked["containerInstances"]),
    "TagResource": lambda asked, _: [asked["resourceArn"]],
}


def _service(cluster: str, name_or_arn: str) -> str:
    return f"{HERE}service/{cluster}/{name_or_arn.rpartition('/')[2]}"
