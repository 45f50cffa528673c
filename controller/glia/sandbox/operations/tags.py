"""Tags of whatever ECS can tag, by ARN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.arns import last_part
from glia.sandbox.ecs_error import invalid_parameter
from glia.sandbox.validation.tags import check_tags
from glia.sandbox.views import tag_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.sandbox.operations.request import Operation, Request
    from glia.sandbox.records import Tags
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import Region


def tagged(region: Region) -> Iterator[tuple[str, Tags]]:
    """Every resource of the region that may have tags, with them."""
    for family in region.families.values():
        for record in family.revisions.values():
            yield record.arn, record.tags
    for provider in region.providers.values():
        yield provider.arn, provider.tags
    for cluster in region.clusters.values():
        yield cluster.arn, cluster.tags
        for group in (cluster.services, cluster.tasks, cluster.instances):
            for resource in group.values():
                yield resource.arn, resource.tags


def tags_of(request: Request) -> Tags:
    """The tags of the resource that the request names; a short ARN of a service is refused."""
    arn = request.params["resourceArn"]
    for known, tags in tagged(request.region):
        if known == arn:
            return tags
    kind = arn.rsplit(":", 1)[-1].split("/")[0]
    if kind == "service" and arn.count("/") == 1:
        raise invalid_parameter("Long arn format must be used for tagging operations on a service.")
    raise invalid_parameter(f"The specified resource is not found: {last_part(arn)}.")


def tag_resource(request: Request) -> Json:
    check_tags(request.params["tags"])
    tags = tags_of(request)
    merged = {**tags, **request.tags}
    check_tags(tag_list({key: value for key, value in merged.items() if not _of_aws(key)}))
    tags.update(request.tags)
    return {}


def _of_aws(key: str) -> bool:
    return key.lower().startswith("aws:")


def untag_resource(request: Request) -> Json:
    tags = tags_of(request)
    for key in request.params["tagKeys"]:
        if not _of_aws(key):
            tags.pop(key, None)
    return {}


def list_tags_for_resource(request: Request) -> Json:
    return {"tags": tag_list(tags_of(request))}


OPERATIONS: dict[str, Operation] = {
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}
