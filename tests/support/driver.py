"""A sandbox on a clock that the test drives, and short words for what tests do with it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from support.requests import task_definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.clock import VirtualClock
    from glia.sandbox.sandbox import Sandbox

CONFIG = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)


class Driver:
    """Talks to a sandbox as any client of AWS does, and lets its time pass."""

    def __init__(self, sandbox: Sandbox, clock: VirtualClock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.ecs = self.client("ecs")

    def client(self, service: str, region: str | None = None, **credentials: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.sandbox.url,
            region_name=region or self.sandbox.place.region,
            **{
                "aws_access_key_id": "sandbox",
                "aws_secret_access_key": "sandbox",
                **credentials,
            },
            config=CONFIG,
        )

    def register(self, image: str = "server:1", **members: Any) -> str:
        """A new revision of a task definition; its ARN."""
        answer = self.ecs.register_task_definition(**task_definition(image=image, **members))
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def create(
        self, name: str = "web", *, count: int = 2, image: str = "server:1", **members: Any
    ) -> Any:
        """A service of that many tasks, of a new task definition unless one is given."""
        members.setdefault("taskDefinition", self.register(image, family=name))
        if members.get("schedulingStrategy") != "DAEMON":
            members["desiredCount"] = count
        return self.ecs.create_service(cluster="inference", serviceName=name, **members)["service"]

    def update(self, name: str = "web", **members: Any) -> Any:
        return self.ecs.update_service(cluster="inference", service=name, **members)["service"]

    def describe(self, name: str = "web", **members: Any) -> Any:
        answer = self.ecs.describe_services(cluster="inference", services=[name], **members)
        return answer["services"][0]

    def tasks(self, name: str | None = "web", status: str = "RUNNING") -> list[Any]:
        """The tasks of a service, or of the cluster, with that desired status."""
        wanted = {"serviceName": name} if name else {}
        arns = self.ecs.list_tasks(cluster="inference", desiredStatus=status, **wanted)["taskArns"]
        if not arns:
            return []
        tasks: list[Any] = self.ecs.describe_tasks(cluster="inference", tasks=arns)["tasks"]
        return tasks

    def statuses(self, name: str | None = "web", status: str = "RUNNING") -> Counter[str]:
        return Counter(task["lastStatus"] for task in self.tasks(name, status))

    def messages(self, name: str = "web") -> list[str]:
        """The service's events, oldest first, without the service's name."""
        events = reversed(self.describe(name)["events"])
        return [event["message"].removeprefix(f"(service {name}) ") for event in events]

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.sleep(seconds)

    def run_until(
        self, condition: Callable[[], bool], *, within: float = 3600, step: float = 1
    ) -> float:
        """Let time pass, a step at a time, until it holds; how long that took."""
        begin = self.clock.now()
        while not condition():
            assert self.clock.now() - begin < within, "it did not come to pass"
            self.run(step)
        return self.clock.now() - begin

    def run_until_steady(self, name: str = "web", *, within: float = 3600) -> float:
        """Until the service has one completed deployment and all its tasks run."""

        def steady() -> bool:
            service = self.describe(name)
            return (
                len(service["deployments"]) == 1
                and service["deployments"][0]["rolloutState"] == "COMPLETED"
                and service["runningCount"] == service["desiredCount"]
                and service["pendingCount"] == 0
            )

        return self.run_until(steady, within=within, step=5)
