"""Calls that change ECS, when answers are lost, throttled or refused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from glia.aws.failures import AwsError
from glia.aws.retries import PROPAGATION
from glia.sandbox.ecs_error import invalid_parameter
from glia.sandbox.faults import Fault
from glia.sandbox.operations.table import OPERATIONS
from support.requests import task_definition

if TYPE_CHECKING:
    from glia.aws.gateway import Gateway
    from support.driver import Driver

CONTENT = [{"key": "glia:content", "value": "v1:0123"}]
OURS = [{"key": "glia:key", "value": "inference/web"}]


def script(driver: Driver, *texts: str) -> None:
    driver.sandbox.faults.rewrite(*map(Fault.parse, texts))


def called(driver: Driver) -> Counter[str]:
    return Counter(call.operation for call in driver.sandbox.calls)


def request(arn: str, **members: Any) -> dict[str, Any]:
    return {
        "cluster": "inference",
        "serviceName": "web",
        "taskDefinition": arn,
        "desiredCount": 1,
        "tags": OURS,
        **members,
    }


def revisions(driver: Driver) -> int:
    return len(driver.ecs.list_task_definitions()["taskDefinitionArns"])


def deployments(driver: Driver) -> int:
    answer = driver.ecs.list_service_deployments(cluster="inference", service="web")
    return len(answer["serviceDeployments"])


@pytest.mark.parametrize(
    ("effect", "registered_before", "sent"),
    [("lost", 0, 1), ("lost", 1, 1), ("ServerException", 0, 2), ("ServerException", 1, 2)],
)
def test_a_lost_answer_registers_nothing_twice(
    driver: Driver, gateway: Gateway, effect: str, registered_before: int, sent: int
) -> None:
    for _ in range(registered_before):
        driver.register()
    script(driver, f"RegisterTaskDefinition={effect}")
    arn = gateway.register_task_definition(task_definition(tags=CONTENT))
    assert arn.endswith(f"/server:{registered_before + 1}")
    assert revisions(driver) == registered_before + 1
    # What failed before it acted is sent again after the look.
    assert called(driver)["RegisterTaskDefinition"] == registered_before + sent


def test_a_register_call_whose_every_answer_is_lost_finds_what_it_has_done(
    driver: Driver, gateway: Gateway
) -> None:
    script(driver, "RegisterTaskDefinition:1-=lost")
    assert gateway.register_task_definition(task_definition(tags=CONTENT)).endswith("/server:1")
    assert revisions(driver) == 1


def test_a_task_definition_without_the_tag_of_its_content_is_not_sent_again(
    driver: Driver, gateway: Gateway
) -> None:
    script(driver, "RegisterTaskDefinition=lost")
    with pytest.raises(AwsError) as caught:
        gateway.register_task_definition(task_definition())
    assert caught.value.lost
    assert not caught.value.transient
    assert called(driver)["RegisterTaskDefinition"] == 1


def test_a_lost_answer_creates_nothing_twice(driver: Driver, gateway: Gateway) -> None:
    arn = driver.register()
    script(driver, "CreateService=lost")
    made = gateway.create_service(request(arn))
    assert (made.name, made.status, made.desired) == ("web", "ACTIVE", 1)
    assert made.tags == {"glia:key": "inference/web"}
    assert called(driver)["CreateService"] == 1
    driver.run_until_steady("web")
    assert deployments(driver) == 1


def test_a_repeat_that_reaches_ecs_says_that_it_is_one(
    driver: Driver, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ECS does not show a service at once: the look after the lost answer may not see it."""
    nothing: dict[str, Any] = {"services": [], "failures": []}
    monkeypatch.setitem(OPERATIONS, "DescribeServices", lambda _: nothing)
    arn = driver.register()
    script(driver, "CreateService=lost")
    assert gateway.create_service(request(arn)).name == "web"
    assert called(driver)["CreateService"] == 2
    assert deployments(driver) == 1


def test_a_refused_repeat_of_a_creation_that_had_its_effect_is_a_success(
    driver: Driver, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look sees nothing yet, and ECS no longer knows the token."""
    create, describe = OPERATIONS["CreateService"], OPERATIONS["DescribeServices"]

    def create_once(sent: Any) -> Any:
        if called(driver)["CreateService"] > 1:
            raise invalid_parameter("Creation of service was not idempotent.")
        return create(sent)

    def describe_late(sent: Any) -> Any:
        late = called(driver)["DescribeServices"] > 1
        return describe(sent) if late else {"services": [], "failures": []}

    monkeypatch.setitem(OPERATIONS, "CreateService", create_once)
    monkeypatch.setitem(OPERATIONS, "DescribeServices", describe_late)
    arn = driver.register()
    script(driver, "CreateService=lost")
    assert gateway.create_service(request(arn)).status == "ACTIVE"
    assert called(driver)["CreateService"] == 2


def test_each_create_has_a_token_of_its_own(driver: Driver, gateway: Gateway) -> None:
    arn = driver.register()
    for _ in range(2):
        gateway.create_service(request(arn))
        gateway.delete_service("inference", "web")
        driver.run(600)
    tokens = [
        call.params["clientToken"]
        for call in driver.sandbox.calls
        if call.operation == "CreateService"
    ]
    assert len(set(tokens)) == 2
    assert all(len(token) <= 36 for token in tokens)


def test_a_service_of_somebody_else_is_never_taken_for_ours(
    driver: Driver, gateway: Gateway
) -> None:
    arn = driver.register()
    driver.create("web", taskDefinition=arn)
    script(driver, "CreateService=lost")
    with pytest.raises(AwsError, match="not idempotent") as caught:
        gateway.create_service(request(arn))
    assert caught.value.operation == "CreateService"
    assert called(driver)["CreateService"] == 3  # the other one's, the lost one, the repeat


def test_an_update_is_repeated_and_starts_one_deployment(driver: Driver, gateway: Gateway) -> None:
    driver.create("web", count=1)
    script(driver, "UpdateService=lost")
    shown = gateway.update_service(
        {"cluster": "inference", "service": "web", "taskDefinition": driver.register("server:2")}
    )
    assert shown.task_definition.endswith(":1")
    assert called(driver)["UpdateService"] == 2
    assert deployments(driver) == 2


def test_a_lost_answer_forces_no_second_deployment(driver: Driver, gateway: Gateway) -> None:
    driver.create("web", count=1)
    driver.run_until_steady("web")
    force = {"cluster": "inference", "service": "web", "forceNewDeployment": True}
    script(driver, "UpdateService=lost")
    assert gateway.update_service(force).primary is not None
    assert called(driver)["UpdateService"] == 1
    assert deployments(driver) == 2
    script(driver, "UpdateService=ServerException")  # this one has not acted
    gateway.update_service(force)
    assert called(driver)["UpdateService"] == 3
    assert deployments(driver) == 3


def test_a_deleted_service_may_be_deleted_again(driver: Driver, gateway: Gateway) -> None:
    driver.create("web", count=1)
    script(driver, "DeleteService=lost")
    gateway.delete_service("inference", "web")
    assert driver.describe("web")["status"] == "DRAINING"
    gateway.delete_service("inference", "nope")
    with pytest.raises(AwsError, match="ClusterNotFoundException"):
        gateway.delete_service("nope", "web")


def test_tags_are_set_and_taken_away_through_lost_answers(driver: Driver, gateway: Gateway) -> None:
    arn = driver.create("web", count=0, tags=OURS)["serviceArn"]
    script(driver, "TagResource=lost", "UntagResource=lost")
    gateway.tag(arn, {"glia:failed": "v1:0", "team": "vision"})
    gateway.untag(arn, ["team"])
    tags = gateway.services("inference", ["web"])["web"].tags
    assert tags == {"glia:key": "inference/web", "glia:failed": "v1:0"}


def test_throttling_is_waited_out(driver: Driver, gateway: Gateway) -> None:
    script(driver, "RegisterTaskDefinition:1-4=ThrottlingException")
    begin = driver.clock.now()
    gateway.register_task_definition(task_definition(tags=CONTENT))
    assert called(driver) == {"RegisterTaskDefinition": 5}
    assert driver.clock.now() > begin


@pytest.mark.parametrize(
    "code", ["LimitExceededException", "AccessDeniedException", "InvalidParameterException"]
)
def test_a_terminal_error_is_told_at_once_with_operation_code_and_words(
    driver: Driver, gateway: Gateway, code: str
) -> None:
    script(driver, f"RegisterTaskDefinition={code}")
    begin = driver.clock.now()
    with pytest.raises(AwsError, match=r"RegisterTaskDefinition: A fault of the sandbox's script"):
        gateway.register_task_definition(task_definition(tags=CONTENT))
    assert called(driver)["RegisterTaskDefinition"] == 1
    assert driver.clock.now() == begin


def test_an_outage_is_told_after_five_attempts(driver: Driver, gateway: Gateway) -> None:
    script(driver, "ListServices:1-=ServiceUnavailable")
    with pytest.raises(AwsError, match="ServiceUnavailable") as caught:
        gateway.service_names("inference")
    assert caught.value.transient
    assert called(driver)["ListServices"] == 5


def test_a_role_that_iam_has_not_spread_yet_is_waited_for(
    driver: Driver, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    known_after = driver.clock.now() + 60
    create = OPERATIONS["CreateService"]

    def not_yet(request: Any) -> Any:
        if driver.clock.now() < known_after:
            raise invalid_parameter(
                "Unable to assume the service linked role. Please verify that the ECS service "
                "linked role exists."
            )
        return create(request)

    monkeypatch.setitem(OPERATIONS, "CreateService", not_yet)
    arn = driver.register()
    assert gateway.create_service(request(arn)).name == "web"
    known_after = float("inf")
    begin = driver.clock.now()
    with pytest.raises(AwsError, match="service linked role"):
        gateway.create_service(request(arn, serviceName="never"))
    assert PROPAGATION <= driver.clock.now() - begin < PROPAGATION + 30


def test_a_request_that_botocore_refuses_is_told_without_its_values(gateway: Gateway) -> None:
    container = {
        "name": "server",
        "image": "server:1",
        "environment": [{"name": "DB_PASSWORD", "value": {"hunter2": 1}}],
        "newMember": "hunter3",
    }
    wrong = {"family": "server", "containerDefinitions": [container], "tags": CONTENT}
    with pytest.raises(AwsError, match="installed botocore refuses") as caught:
        gateway.register_task_definition(wrong)
    told = str(caught.value)
    assert "containerDefinitions[0].environment[0].value" in told
    assert "newMember" in told
    assert "hunter" not in told
