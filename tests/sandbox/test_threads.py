"""Many clients at once, in real time: every one gets its own answers, and all comes to rest."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from glia.sandbox.clock import ScaledClock, VirtualClock
from glia.sandbox.sandbox import Sandbox
from support.driver import Driver
from support.requests import task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = 16
SERVICES = 100
CALLS = 1_000
IMAGES = 5
SPEED = 200.0  # a service without health checks completes after some 45 seconds: 0.2 here


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(ScaledClock(SPEED), instances=[("inf2.48xlarge", 3)], strict=True) as sandbox:
        yield sandbox


@dataclass
class Expected:
    """A service as its client has last written it."""

    name: str
    arn: str
    count: int
    image: int
    version: str


class Client:
    """Creates its services, then calls at random and compares every answer with what it wrote."""

    def __init__(self, ecs: Any, number: int) -> None:
        self.ecs = ecs
        self.random = random.Random(number)
        self.services: list[Expected] = []
        self.calls = 0

    def ask(self, operation: str, **params: Any) -> Any:
        self.calls += 1
        return getattr(self.ecs, operation)(cluster="inference", **params)

    def create(self, name: str) -> None:
        count, image = self.random.randint(0, 3), self.random.randint(1, IMAGES)
        answer = self.ask(
            "create_service",
            serviceName=name,
            taskDefinition=f"server:{image}",
            desiredCount=count,
            tags=[{"key": "version", "value": "0"}],
        )["service"]
        self.services.append(Expected(name, answer["serviceArn"], count, image, "0"))
        self.compare(answer, self.services[-1], tags=True)

    def compare(self, shown: Any, expected: Expected, *, tags: bool) -> None:
        assert shown["serviceName"] == expected.name
        assert shown["desiredCount"] == expected.count
        assert shown["taskDefinition"].endswith(f"task-definition/server:{expected.image}")
        assert ("tags" in shown) is tags
        if tags:
            assert shown["tags"] == [{"key": "version", "value": expected.version}]

    def describe(self) -> None:
        wanted = self.random.sample(self.services, self.random.randint(1, len(self.services)))
        tags = self.random.random() < 0.5
        asked = {"include": ["TAGS"]} if tags else {}
        shown = self.ask("describe_services", services=[each.name for each in wanted], **asked)
        for service, expected in zip(shown["services"], wanted, strict=True):
            self.compare(service, expected, tags=tags)

    def update(self) -> None:
        expected = self.random.choice(self.services)
        expected.image = self.random.randint(1, IMAGES)
        expected.count = self.random.randint(0, 3)
        shown = self.ask(
            "update_service",
            service=expected.name,
            taskDefinition=f"server:{expected.image}",
            desiredCount=expected.count,
        )["service"]
        self.compare(shown, expected, tags=False)

    def tag(self) -> None:
        expected = self.random.choice(self.services)
        expected.version = str(self.calls)
        self.calls += 1
        tags = [{"key": "version", "value": expected.version}]
        self.ecs.tag_resource(resourceArn=expected.arn, tags=tags)

    def list_all(self) -> None:
        arns: set[str] = set()
        more: dict[str, str] = {}
        while True:
            page = self.ask("list_services", maxResults=100, **more)
            arns.update(page["serviceArns"])
            if "nextToken" not in page:
                break
            more = {"nextToken": page["nextToken"]}
        assert arns >= {each.arn for each in self.services}

    def work(self, names: list[str]) -> Client:
        for name in names:
            self.create(name)
        acts = [self.describe] * 5 + [self.update] * 2 + [self.tag, self.list_all]
        while self.calls < CALLS / THREADS:
            self.random.choice(acts)()
        return self


def test_sixteen_clients_get_no_wrong_answer_and_leave_every_service_converged(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    driver = Driver(sandbox, VirtualClock())
    for image in range(1, IMAGES + 1):
        driver.ecs.register_task_definition(**task_definition(image=f"server:{image}-quick-stop"))
    names = [f"service-{number}" for number in range(SERVICES)]
    clients = [Client(driver.client("ecs"), number) for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = [
            pool.submit(client.work, names[number::THREADS])
            for number, client in enumerate(clients)
        ]
        done = [job.result() for job in jobs]
    assert sum(client.calls for client in done) >= CALLS
    expected = {each.name: each for client in done for each in client.services}
    assert expected.keys() == set(names)
    _wait_until_converged(driver, sandbox, names)
    for shown in _described(driver, names):
        assert shown["runningCount"] == expected[shown["serviceName"]].count
        (deployment,) = shown["deployments"]
        assert deployment["taskDefinition"] == shown["taskDefinition"]
    assert not [record for record in caplog.records if record.name.startswith("glia")]


def _described(driver: Driver, names: list[str]) -> Iterator[Any]:
    for begin in range(0, len(names), 10):
        wanted = names[begin : begin + 10]
        yield from driver.ecs.describe_services(cluster="inference", services=wanted)["services"]


def _wait_until_converged(driver: Driver, sandbox: Sandbox, names: list[str]) -> None:
    clock = sandbox.world.clock
    deadline = clock.now() + 10 * SPEED  # ten real seconds
    while not all(map(_converged, _described(driver, names))):
        assert clock.now() < deadline, "not every service has converged"
        clock.sleep(10)


def _converged(service: Any) -> bool:
    return (
        [each["rolloutState"] for each in service["deployments"]] == ["COMPLETED"]
        and service["runningCount"] == service["desiredCount"]
        and service["pendingCount"] == 0
    )
