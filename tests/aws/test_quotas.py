"""Under AWS's request throttling: nothing fails, and little time is lost against the floor."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from glia.parallel import in_parallel
from support.quotas import floor
from support.requests import task_definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.aws.gateway import Gateway
    from support.driver import Driver

CREATED = 300
READ = 3_000


def throttled(driver: Driver, sent: int) -> float:
    """The part of the calls that ECS did not admit; each of them was sent a second time."""
    return (len(driver.sandbox.calls) - sent) / sent


def test_three_hundred_creates_take_as_long_as_aws_makes_them(
    make_driver: Callable[..., Driver], reach: Callable[..., Gateway]
) -> None:
    driver = make_driver(quotas=True)
    gateway = reach(driver)

    def create(number: int) -> str:
        tags = [{"key": "glia:content", "value": f"v1:{number}"}]
        arn = gateway.register_task_definition(task_definition(f"s{number}", tags=tags))
        return gateway.create_service(
            {
                "cluster": "inference",
                "serviceName": f"s{number}",
                "taskDefinition": arn,
                "desiredCount": 0,
            }
        ).name

    begin = driver.clock.now()
    made = in_parallel(driver.clock, create, range(CREATED))
    took = driver.clock.now() - begin
    assert made == [f"s{number}" for number in range(CREATED)]
    assert throttled(driver, 2 * CREATED) <= 0.01
    calls = Counter(call.operation for call in driver.sandbox.calls)
    assert calls.keys() == {"RegisterTaskDefinition", "CreateService"}
    assert 1 <= took / floor(calls) <= 1.10


def test_reading_three_thousand_services_takes_as_long_as_aws_makes_it(
    make_driver: Callable[..., Driver], reach: Callable[..., Gateway]
) -> None:
    driver = make_driver(quotas=True)
    driver.create("s1234", count=0)
    gateway = reach(driver)
    before = len(driver.sandbox.calls)
    begin = driver.clock.now()
    found = gateway.services("inference", [f"s{number}" for number in range(READ)])
    took = driver.clock.now() - begin
    assert list(found) == ["s1234"]
    assert len(driver.sandbox.calls) - before <= READ / 10 * 1.01
    assert 1 <= took / floor(Counter({"DescribeServices": READ // 10})) <= 1.15


def test_a_neighbour_who_draws_on_the_quota_slows_glia_down_and_fails_nothing(
    make_driver: Callable[..., Driver], reach: Callable[..., Gateway]
) -> None:
    driver = make_driver(quotas=True)
    gateway = reach(driver)
    done = threading.Event()
    counted = ExitStack()
    counted.enter_context(driver.clock.worker())

    def neighbour() -> None:
        with counted:
            while not done.is_set():
                for _ in range(12):  # of the 20 a second that the account has
                    with suppress(ClientError):
                        driver.ecs.list_services(cluster="inference")
                driver.clock.sleep(1)

    thread = threading.Thread(target=neighbour)
    thread.start()
    try:
        found = gateway.services("inference", [f"s{number}" for number in range(READ // 2)])
    finally:
        done.set()
        with driver.clock.away():
            thread.join()
    assert found == {}
    calls = Counter(call.operation for call in driver.sandbox.calls)
    assert 1 <= calls["DescribeServices"] - READ / 20 <= 0.1 * READ / 20
