"""Task definitions: families and their revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.expression import parse
from glia.sandbox import views
from glia.sandbox.capabilities import required_attributes
from glia.sandbox.defaults import described_task_definition
from glia.sandbox.ecs_error import EcsError, client_exception, invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, definition_named, sweep
from glia.sandbox.records import Family, TaskDefinition
from glia.sandbox.validation.task_definition import check_task_definition

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

MAX_DELETED = 10


def register_task_definition(request: Request) -> Json:
    check_task_definition(request.params)
    spec = described_task_definition(request.params)
    name = spec["family"]
    family = request.region.families.setdefault(name, Family(name))
    family.last_revision += 1
    number = family.last_revision
    record = TaskDefinition(
        arn=request.place.arn(f"task-definition/{name}:{number}"),
        family=name,
        revision=number,
        spec=spec,
        requires=frozenset(each["name"] for each in required_attributes(spec)),
        constraints=tuple(parse(each["expression"]) for each in spec["placementConstraints"]),
        registered_at=request.world.now,
        registered_by=f"arn:{request.place.partition}:iam::{request.place.account}:root",
        tags=request.tags,
    )
    family.revisions[number] = record
    return _answer(record, tags=bool(record.tags))


def _answer(record: TaskDefinition, *, tags: bool) -> Json:
    answer: Json = {"taskDefinition": views.task_definition(record)}
    if tags:
        answer["tags"] = views.tag_list(record.tags)
    return answer


def describe_task_definition(request: Request) -> Json:
    record = definition_named(request, request.params["taskDefinition"])
    return _answer(record, tags=request.includes("TAGS"))


def deregister_task_definition(request: Request) -> Json:
    wanted = request.params["taskDefinition"]
    if ":" not in wanted.rsplit("/", 1)[-1]:
        raise client_exception("Revision is missing.")
    record = definition_named(request, wanted)
    if record.status != "ACTIVE":
        raise client_exception("The specified task definition is inactive.")
    record.status = "INACTIVE"
    record.deregistered_at = request.world.now
    return _answer(record, tags=False)


def delete_task_definitions(request: Request) -> Json:
    wanted = request.params["taskDefinitions"]
    if not 1 <= len(wanted) <= MAX_DELETED:
        raise invalid_parameter("You can delete 1 to 10 task definitions.")
    deleted, failures = [], []
    for name in wanted:
        try:
            record = definition_named(request, name)
        except EcsError:
            failures.append({"arn": name, "reason": "MISSING"})
            continue
        if record.status == "ACTIVE":
            reason = "The specified task definition is still in ACTIVE status. "
            reason += "Please deregister the target and try again."
            failures.append({"arn": record.arn, "reason": reason})
            continue
        record.status = "DELETE_IN_PROGRESS"
        deleted.append(views.task_definition(record))
    _sweep(request)
    return {"taskDefinitions": deleted, "failures": failures}


def _sweep(request: Request) -> None:
    for family in request.region.families.values():
        sweep(request.region, family)


def list_task_definitions(request: Request) -> Json:
    _sweep(request)
    status = request.params.get("status", "ACTIVE")
    prefix = request.params.get("familyPrefix")
    arns = [
        record.arn
        for name, family in sorted(request.region.families.items())
        if prefix in {None, name}
        for record in family.revisions.values()
        if record.status == status
    ]
    if request.params.get("sort") == "DESC":
        arns.reverse()
    shown, more = page(request, arns)
    return {"taskDefinitionArns": shown, **more}


def list_task_definition_families(request: Request) -> Json:
    _sweep(request)
    status = request.params.get("status", "ACTIVE")
    prefix = request.params.get("familyPrefix", "")
    families = [
        name
        for name, family in sorted(request.region.families.items())
        if family.revisions and name.startswith(prefix) and status in {"ALL", _status(family)}
    ]
    shown, more = page(request, families)
    return {"families": shown, **more}


def _status(family: Family) -> str:
    active = any(record.status == "ACTIVE" for record in family.revisions.values())
    return "ACTIVE" if active else "INACTIVE"


OPERATIONS: dict[str, Operation] = {
    "DeleteTaskDefinitions": delete_task_definitions,
    "DeregisterTaskDefinition": deregister_task_definition,
    "DescribeTaskDefinition": describe_task_definition,
    "ListTaskDefinitionFamilies": list_task_definition_families,
    "ListTaskDefinitions": list_task_definitions,
    "RegisterTaskDefinition": register_task_definition,
}
