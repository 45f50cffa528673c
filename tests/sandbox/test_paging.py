"""Lists come in pages; their tokens lead through the whole list exactly once."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

from glia.sandbox.operations.table import OPERATIONS
from support.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.driver import Driver

MODEL = ServiceModel(Loader().load_service_model("ecs", "service-2"), "ecs")

# Operation: its members, its list, its default page, its largest page (API reference).
LISTS: dict[str, tuple[dict[str, Any], str, int, int]] = {
    "describe_capacity_providers": ({}, "capacityProviders", 10, 10),
    "list_account_settings": ({}, "settings", 10, 10),
    "list_attributes": (
        {"cluster": "inference", "targetType": "container-instance", "attributeName": "rack"},
        "attributes",
        100,
        100,
    ),
    "list_clusters": ({}, "clusterArns", 100, 100),
    "list_container_instances": ({"cluster": "inference"}, "containerInstanceArns", 100, 100),
    "list_service_deployments": (
        {"cluster": "inference", "service": "web-0"},
        "serviceDeployments",
        20,
        100,
    ),
    "list_services": ({"cluster": "inference"}, "serviceArns", 10, 100),
    "list_task_definition_families": ({}, "families", 100, 100),
    "list_task_definitions": ({}, "taskDefinitionArns", 100, 100),
    "list_tasks": ({"cluster": "inference"}, "taskArns", 100, 100),
}
MANY = 101


def crowd(driver: Driver) -> None:
    """Fill a sandbox of many instances with more than a page of everything."""
    ecs = driver.ecs
    arns = driver.sandbox.cluster.instances
    for number, arn in enumerate(arns):
        ecs.put_attributes(cluster="inference", attributes=[{"name": "rack", "targetId": arn}])
        ecs.create_cluster(clusterName=f"cluster-{number}")
        driver.register(family=f"family-{number}")
    for number in range(11):
        driver.create(f"web-{number}", count=0, taskDefinition="family-0")
        ecs.create_capacity_provider(
            name=f"provider-{number}", autoScalingGroupProvider={"autoScalingGroupArn": "arn"}
        )
    for _ in range(MANY - 1):
        driver.update("web-0", forceNewDeployment=True)
    for _ in range(MANY // 10 + 1):
        ecs.run_task(cluster="inference", taskDefinition="family-0", count=10)
    for name in MODEL.shape_for("SettingName").enum:
        ecs.put_account_setting(name=name, value="enabled")
    for number in range(3):
        root = f"arn:aws:iam::123456789012:user/{number}"
        ecs.put_account_setting(name="awsvpcTrunking", value="enabled", principalArn=root)


def pages(driver: Driver, operation: str, size: int | None) -> Iterator[list[str]]:
    members, listed, _, _ = LISTS[operation]
    wanted = {**members, **({"maxResults": size} if size else {})}
    while True:
        answer = getattr(driver.ecs, operation)(**wanted)
        yield [str(each) for each in answer[listed]]
        if "nextToken" not in answer:
            return
        wanted["nextToken"] = answer["nextToken"]


def test_every_list_has_its_default_page_and_is_walked_exactly_once(
    make_driver: Callable[..., Driver],
) -> None:
    driver = make_driver(("inf1.xlarge", MANY))
    crowd(driver)
    for operation, (members, _, default, largest) in LISTS.items():
        first, *others = pages(driver, operation, None)
        assert len(first) == default, operation
        assert others, operation
        whole = [*chain(first, *others)]
        assert len(set(whole)) == len(whole), operation
        for size in (7, largest):
            walked = [*pages(driver, operation, size)]
            assert {len(page) for page in walked[:-1]} <= {size}, operation
            assert [*chain(*walked)] == whole, operation
        call = getattr(driver.ecs, operation)
        for wrong in ({"maxResults": 0}, {"maxResults": largest + 1}, {"nextToken": "?"}):
            with refused("InvalidParameterException"):
                call(**members, **wrong)
    services = driver.ecs.get_paginator("list_services").paginate(cluster="inference")
    assert sum(len(each["serviceArns"]) for each in services) == 11


def test_every_operation_with_pages_that_the_sandbox_plays_is_in_the_table() -> None:
    paged = {
        name
        for name in OPERATIONS
        if "nextToken" in MODEL.operation_model(name).input_shape.members
    }
    assert {name.replace("_", "") for name in LISTS} == {name.lower() for name in paged}
