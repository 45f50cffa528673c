"""Custom attributes of container instances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glia.sandbox import machines
from glia.sandbox.ecs_error import EcsError, invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, cluster_of, instance_in

if TYPE_CHECKING:
    from glia.sandbox.records import Cluster, Instance
    from glia.sandbox.wire_types import Json

MAX_ATTRIBUTES = 10  # custom ones of a resource, and of one call
NAME = re.compile(r"[A-Za-z0-9_\-./\\]{1,128}")
# Built in (developer guide, "Amazon ECS container instance attributes"). What ECS answers to
# users who write them is not published.
OF_AGENTS = ("ecs.", "com.amazonaws.")
VALUE = re.compile(r"[A-Za-z0-9_\-./\\@: ]{0,128}")


def _target(cluster: Cluster, attribute: Json) -> Instance:
    wanted = attribute.get("targetId") or ""
    needs_type = not wanted.startswith("arn:")
    instance = instance_in(cluster, wanted)
    if instance is None or (needs_type and attribute.get("targetType") != "container-instance"):
        raise EcsError(
            "TargetNotFoundException",
            f"The specified target wasn't found: {wanted}.",
        )
    return instance


def _check(attribute: Json) -> None:
    name, value = attribute["name"], attribute.get("value")
    if not NAME.fullmatch(name):
        raise invalid_parameter(f"Invalid attribute name: {name!r}.")
    _check_owner(name)
    if value is not None and (not VALUE.fullmatch(value) or value != value.strip()):
        raise invalid_parameter(f"Invalid value of attribute {name}: {value!r}.")


def _custom(instance: Instance) -> list[str]:
    return [name for name in instance.attributes if not name.startswith(OF_AGENTS)]


def _check_owner(name: str) -> None:
    """What the agent says of its instance is not for users to change."""
    if name.startswith(OF_AGENTS):
        raise invalid_parameter(f"The attribute {name} is reserved for Amazon ECS.")


def put_attributes(request: Request) -> Json:
    cluster = cluster_of(request)
    attributes = request.params["attributes"]
    if len(attributes) > MAX_ATTRIBUTES:
        raise invalid_parameter(f"You can specify up to {MAX_ATTRIBUTES} attributes.")
    targets = [_target(cluster, attribute) for attribute in attributes]
    for attribute, instance in zip(attributes, targets, strict=True):
        _check(attribute)
        coming = {a["name"] for a, i in zip(attributes, targets, strict=True) if i is instance}
        if len(coming.union(_custom(instance))) > MAX_ATTRIBUTES:
            raise EcsError(
                "AttributeLimitExceededException",
                f"A container instance has at most {MAX_ATTRIBUTES} custom attributes.",
            )
    for attribute, instance in zip(attributes, targets, strict=True):
        instance.attributes[attribute["name"]] = attribute.get("value")
    machines.notice(request.world, cluster)
    return {"attributes": attributes}


def delete_attributes(request: Request) -> Json:
    """Remove attributes; where a value is given, only if it is the one that is there."""
    cluster = cluster_of(request)
    targets = [_target(cluster, attribute) for attribute in request.params["attributes"]]
    for attribute in request.params["attributes"]:
        _check_owner(attribute["name"])
    deleted = []
    for attribute, instance in zip(request.params["attributes"], targets, strict=True):
        name = attribute["name"]
        value = attribute.get("value", instance.attributes.get(name))
        if name in instance.attributes and instance.attributes[name] == value:
            del instance.attributes[name]
            deleted.append(attribute)
    machines.notice(request.world, cluster)
    return {"attributes": deleted}


def list_attributes(request: Request) -> Json:
    cluster, params = cluster_of(request), request.params
    rows = [
        {
            "name": name,
            "targetType": "container-instance",
            "targetId": instance.arn,
            **({"value": value} if value is not None else {}),
        }
        for instance in cluster.instances.values()
        for name, value in instance.attributes.items()
        if params.get("attributeName") in {None, name}
        and params.get("attributeValue") in {None, value}
    ]
    shown, more = page(request, rows)
    return {"attributes": shown, **more}


OPERATIONS: dict[str, Operation] = {
    "DeleteAttributes": delete_attributes,
    "ListAttributes": list_attributes,
    "PutAttributes": put_attributes,
}
