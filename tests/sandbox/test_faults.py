"""Scripted faults, seen by a client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from glia.sandbox.faults import Fault
from glia.sandbox.operations.table import OPERATIONS
from support.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver


def script(driver: Driver, *texts: str) -> None:
    driver.sandbox.faults.rewrite(*map(Fault.parse, texts))


def outcomes(call: Callable[[], object], times: int) -> list[str]:
    """What a client meets when it calls that often: ``ok``, an error's code, or ``lost``."""
    met = []
    for _ in range(times):
        try:
            call()
            met.append("ok")
        except ClientError as error:
            met.append(error.response["Error"]["Code"])
        except ConnectionClosedError:
            met.append("lost")
    return met


def test_the_call_that_the_script_names_fails_before_it_has_any_effect(driver: Driver) -> None:
    script(driver, "CreateService:2=ServerException")
    driver.create("first")
    with pytest.raises(ClientError) as caught:
        driver.create("second")
    assert caught.value.response["Error"] == {
        "Code": "ServerException",
        "Message": "A fault of the sandbox's script.",
    }
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert len(driver.ecs.list_services(cluster="inference")["serviceArns"]) == 1
    driver.create("second")


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("ThrottlingException", 400, "Rate exceeded"),
        ("AccessDeniedException", 400, "A fault of the sandbox's script."),
        ("ServiceUnavailable", 503, "A fault of the sandbox's script."),
    ],
)
def test_an_error_has_the_status_and_the_sentence_that_go_with_it(
    driver: Driver, code: str, status: int, message: str
) -> None:
    script(driver, f"ListClusters={code}")
    with pytest.raises(ClientError, match=message) as caught:
        driver.ecs.list_clusters()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_lost_answer_belongs_to_a_call_that_has_acted(driver: Driver) -> None:
    script(driver, "CreateService=lost")
    with pytest.raises(ConnectionClosedError):
        driver.create()
    driver.run_until_steady()
    assert [call.operation for call in driver.sandbox.calls].count("CreateService") == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ListClusters=lost", ["lost", "ok", "ok", "ok"]),
        ("ListClusters:3=ServerException", ["ok", "ok", "ServerException", "ok"]),
        ("ListClusters:2-3=lost", ["ok", "lost", "lost", "ok"]),
        ("ListClusters:2-=lost", ["ok", "lost", "lost", "lost"]),
        ("DescribeClusters:1-=lost", ["ok", "ok", "ok", "ok"]),
    ],
)
def test_a_fault_befalls_the_calls_of_its_range(
    driver: Driver, text: str, expected: list[str]
) -> None:
    script(driver, text)
    assert outcomes(driver.ecs.list_clusters, 4) == expected


def test_several_faults_stand_side_by_side(driver: Driver) -> None:
    script(driver, "ListClusters:1=lost", "ListClusters:2=ServerException", "ListServices=lost")
    assert outcomes(driver.ecs.list_clusters, 3) == ["lost", "ServerException", "ok"]


def test_a_new_script_takes_the_place_of_the_old_one_and_counts_anew(driver: Driver) -> None:
    script(driver, "ListClusters:1-=lost")
    assert outcomes(driver.ecs.list_clusters, 2) == ["lost", "lost"]
    script(driver, "ListClusters:2=ServerException")
    assert outcomes(driver.ecs.list_clusters, 3) == ["ok", "ServerException", "ok"]
    script(driver)
    assert outcomes(driver.ecs.list_clusters, 2) == ["ok", "ok"]


def test_a_sandbox_can_begin_with_a_script(make_driver: Callable[..., Driver]) -> None:
    driver = make_driver(faults=[Fault("ListClusters", "lost", first=1, last=None)])
    assert outcomes(driver.ecs.list_clusters, 2) == ["lost", "lost"]


def test_a_refusal_is_lost_like_any_other_answer(driver: Driver) -> None:
    script(driver, "DescribeTaskDefinition=lost")
    assert outcomes(lambda: driver.ecs.describe_task_definition(taskDefinition="none"), 2) == [
        "lost",
        "ClientException",
    ]


def test_a_bug_of_the_sandbox_is_a_server_exception_and_told_in_its_log(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> object:
        raise KeyError("left out")

    monkeypatch.setitem(OPERATIONS, "ListClusters", broken)
    with refused("ServerException", "see its log"):
        driver.ecs.list_clusters()
    assert "KeyError: 'left out'" in caplog.text
    assert "ListClusters" in caplog.text
