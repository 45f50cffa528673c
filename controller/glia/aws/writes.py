"""Calls that change ECS, each such that a lost answer makes nothing happen twice."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

from glia.aws import reading
from glia.aws.calls import checked
from glia.aws.failures import AwsError
from glia.aws.retries import persist
from glia.tags import CONTENT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from glia.aws.calls import Calls
    from glia.live import LiveService

INSTANCES_PER_CALL: Final = 10
"""And attributes: the most of UpdateContainerInstancesState, PutAttributes, DeleteAttributes."""


def register_task_definition(calls: Calls, request: Mapping[str, Any]) -> str:
    """Register one revision; its ARN.

    ECS has no token for this call. After a lost answer the newest revision of the family is
    looked at: the tag of its content says whether it is the one. A request without that tag is
    therefore not sent a second time.
    """
    content = reading.tags(request.get("tags")).get(CONTENT)

    def send() -> str:
        try:
            answer = calls.once("RegisterTaskDefinition", request)
        except AwsError as error:
            if error.lost and content is None:
                raise error.final() from error
            raise
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def there() -> str | None:
        newest = describe_task_definition(calls, request["family"])
        if newest is None:
            return None
        found = reading.task_definition(newest)
        return found.arn if found.tags.get(CONTENT) == content else None

    return persist(calls.clock, "RegisterTaskDefinition", send, there if content else None)


def describe_task_definition(calls: Calls, reference: str) -> Any:
    """ECS's answer about a revision, or about a family's newest; none where there is none."""
    request = {"taskDefinition": reference, "include": ["TAGS"]}
    try:
        return calls.read("DescribeTaskDefinition", request)
    except AwsError as error:
        if "Unable to describe task definition" in error.message:
            return None
        raise


def create_service(calls: Calls, request: Mapping[str, Any]) -> LiveService:
    """Create a service. What a lost answer has left behind is known by the request's tags."""
    wanted = reading.tags(request.get("tags"))
    # One for all tries of this call, and no other: ECS may answer a token that it remembers with
    # a service that has been deleted since.
    tokened = {**request, "clientToken": uuid.uuid4().hex}

    def send() -> LiveService:
        return reading.service(calls.once("CreateService", tokened)["service"])

    def there() -> LiveService | None:
        found = _described(calls, request.get("cluster", ""), request["serviceName"])
        ours = found is not None and wanted.items() <= found.tags.items()
        return found if found is not None and ours and found.status == "ACTIVE" else None

    return persist(calls.clock, "CreateService", send, there)


def update_service(calls: Calls, request: Mapping[str, Any]) -> LiveService:
    """Update a service. To force a deployment twice would start a second one."""
    if not request.get("forceNewDeployment"):
        return reading.service(calls.read("UpdateService", request)["service"])
    cluster, name = request.get("cluster", ""), request["service"]
    before = _primary(_described(calls, cluster, name))

    def send() -> LiveService:
        return reading.service(calls.once("UpdateService", request)["service"])

    def there() -> LiveService | None:
        found = _described(calls, cluster, name)
        return found if _primary(found) not in {"", before} else None

    return persist(calls.clock, "UpdateService", send, there)


def delete_service(calls: Calls, cluster: str, name: str, *, force: bool) -> None:
    """Delete a service, with ``force`` its tasks with it; one that is gone is no error."""
    try:
        calls.read("DeleteService", {"cluster": cluster, "service": name, "force": force})
    except AwsError as error:
        if error.code != "ServiceNotFoundException":
            raise


def put_attributes(
    calls: Calls, cluster: str, instances: Sequence[str], attributes: Mapping[str, str]
) -> None:
    """Set attributes on container instances, ten a call (PutAttributesRequest)."""
    wanted = [
        {"name": name, "value": value, **_on(arn)}
        for arn in instances
        for name, value in attributes.items()
    ]
    _attributes(calls, "PutAttributes", cluster, wanted)


def delete_attributes(
    calls: Calls, cluster: str, instances: Sequence[str], names: Collection[str]
) -> None:
    """Take attributes from container instances; what is not there is no error."""
    unwanted = [{"name": name, **_on(arn)} for arn in instances for name in sorted(names)]
    _attributes(calls, "DeleteAttributes", cluster, unwanted)


def _on(arn: str) -> dict[str, str]:
    return {"targetType": "container-instance", "targetId": arn}


def _attributes(
    calls: Calls, operation: str, cluster: str, attributes: Sequence[Mapping[str, str]]
) -> None:
    for start in range(0, len(attributes), INSTANCES_PER_CALL):
        some = attributes[start : start + INSTANCES_PER_CALL]
        calls.read(operation, {"cluster": cluster, "attributes": some})


def set_instance_state(
    calls: Calls, cluster: str, instances: Sequence[str], status: Literal["ACTIVE", "DRAINING"]
) -> None:
    """Drain container instances, or let tasks be placed on them again, ten a call.

    Raises:
        AwsError: one is gone, too: what was to be done with it then cannot be.
    """
    operation = "UpdateContainerInstancesState"
    for start in range(0, len(instances), INSTANCES_PER_CALL):
        some = list(instances[start : start + INSTANCES_PER_CALL])
        request = {"cluster": cluster, "containerInstances": some, "status": status}
        answer = checked(operation, calls.read(operation, request))
        for failure in answer.get("failures") or ():
            told = f"{failure.get('arn', 'a container instance')} is not there"
            raise AwsError(operation, "MISSING", told, transient=False)


def tag(calls: Calls, arn: str, tags: Mapping[str, str]) -> None:
    pairs = [{"key": key, "value": value} for key, value in tags.items()]
    calls.read("TagResource", {"resourceArn": arn, "tags": pairs})


def untag(calls: Calls, arn: str, keys: Iterable[str]) -> None:
    calls.read("UntagResource", {"resourceArn": arn, "tagKeys": list(keys)})


def _described(calls: Calls, cluster: str, name: str) -> LiveService | None:
    request = {"services": [name], "include": ["TAGS"], **({"cluster": cluster} if cluster else {})}
    answer = checked("DescribeServices", calls.read("DescribeServices", request))
    return next(map(reading.service, answer["services"]), None)


def _primary(service: LiveService | None) -> str:
    """The id of the deployment that ECS brings about now."""
    primary = service.primary if service is not None else None
    return primary.id if primary is not None else ""
