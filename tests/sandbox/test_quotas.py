"""AWS's request throttling, seen by a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from glia.sandbox.operations.table import OPERATIONS
from glia.sandbox.quotas import CLASS_OF
from support.requests import task_definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver


@pytest.fixture
def driver(make_driver: Callable[..., Driver]) -> Driver:
    return make_driver(quotas=True)


def refusal(call: Callable[..., Any], params: dict[str, Any]) -> Any:
    """The error response to a call, or none."""
    try:
        call(**params)
    except ClientError as error:
        return error.response
    return None


def admitted(call: Callable[..., Any], **params: Any) -> int:
    """How many calls in a row pass before one is throttled."""
    for passed in range(1000):
        if (refused := refusal(call, params)) is not None:
            assert refused["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
            assert refused["ResponseMetadata"]["HTTPStatusCode"] == 400
            return passed
    raise AssertionError("no call was throttled")


def test_a_bucket_is_full_at_first_and_fills_again_on_the_sandboxs_clock(driver: Driver) -> None:
    register, definition = driver.ecs.register_task_definition, task_definition()
    assert admitted(register, **definition) == 20
    driver.run(1)
    assert admitted(register, **definition) == 1
    driver.run(7)
    assert admitted(register, **definition) == 7
    driver.run(3600)
    assert admitted(register, **definition) == 20  # no more than full


def test_a_throttled_call_does_nothing(driver: Driver) -> None:
    admitted(driver.ecs.register_task_definition, **task_definition())
    assert len(driver.ecs.list_task_definitions()["taskDefinitionArns"]) == 20


def test_the_actions_of_a_class_share_its_bucket_and_other_classes_have_their_own(
    driver: Driver,
) -> None:
    arn = driver.register()
    assert admitted(driver.ecs.register_task_definition, **task_definition()) == 19
    assert admitted(driver.ecs.deregister_task_definition, taskDefinition=arn) == 0
    assert admitted(driver.ecs.describe_task_definition, taskDefinition=arn) == 50


def test_every_account_and_region_has_its_own_buckets(driver: Driver) -> None:
    elsewhere = driver.client("ecs", "eu-west-1")
    role = driver.client("sts").assume_role(
        RoleArn="arn:aws:iam::222222222222:role/deployer", RoleSessionName="test"
    )["Credentials"]
    other_account = driver.client(
        "ecs",
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    assert admitted(driver.ecs.list_clusters) == 50
    assert admitted(elsewhere.list_clusters) == 50
    assert admitted(other_account.list_clusters) == 50


def test_without_quotas_nothing_is_throttled(make_driver: Callable[..., Driver]) -> None:
    ecs = make_driver().ecs
    for _ in range(30):
        ecs.register_task_definition(**task_definition())


def test_every_operation_has_a_class_but_those_of_which_no_quota_is_published() -> None:
    assert set(OPERATIONS) - set(CLASS_OF) == {
        "DeleteAccountSetting",
        "ListAccountSettings",
        "PutAccountSetting",
        "PutAccountSettingDefault",
    }
    assert set(CLASS_OF) <= set(OPERATIONS)
