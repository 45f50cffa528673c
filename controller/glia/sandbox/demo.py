"""The demo: AWS's own Neuron sample converges, and a second service on its chips cannot.

It talks to the sandbox through boto3, as any client of AWS does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeAlias

import boto3

from glia.sandbox.clock import ScaledClock
from glia.sandbox.sandbox import Sandbox

SPEED = 20.0
LOOK_EVERY = 1.0  # seconds of the sandbox's clock
PATIENCE = 600.0

Say: TypeAlias = Callable[[str], None]


def run(say: Say) -> None:
    """Play the demo, a line at a time; it takes about ten seconds."""
    clock = ScaledClock(SPEED)
    with Sandbox(clock, instances=[("inf1.xlarge", 2)]) as sandbox:
        say(f"Amazon ECS at {sandbox.url}, {SPEED:.0f} times as fast as real time:")
        say("  cluster inference in us-west-2, two inf1.xlarge with one Inferentia chip each")
        stage = _Stage(sandbox, clock, say)
        stage.title("AWS's own Neuron sample as a service of 2, one task an instance")
        stage.create("resnet50", stage.register())
        stage.watch("resnet50", _is_steady)
        stage.title("A second service on the same chips: ECS places it, the chips do not")
        stage.create("intruder", stage.register(_without_ports))
        stage.watch("intruder", lambda service: service["deployments"][0]["failedTasks"] > 4)
        stage.explain_failures("intruder")
        stage.title("The second service is deleted, and the first has served all along")
        stage.delete("intruder")
        stage.watch("intruder", lambda service: service["status"] == "INACTIVE")
        stage.watch("resnet50", _is_steady)


def _is_steady(service: Any) -> bool:
    first = service["deployments"][0]
    done = len(service["deployments"]) == 1 and first["rolloutState"] == "COMPLETED"
    return done and service["runningCount"] == service["desiredCount"]


def _without_ports(sample: Any) -> Any:
    """The sample without static host ports: those would keep the two services apart."""
    container = {**sample["containerDefinitions"][0], "portMappings": []}
    return {**sample, "family": "intruder", "containerDefinitions": [container]}


class _Stage:
    """What the demo does to ECS, told as it happens."""

    def __init__(self, sandbox: Sandbox, clock: ScaledClock, say: Say) -> None:
        self._clock = clock
        self._say = say
        self._told: set[str] = set()
        self._ecs = boto3.client(
            "ecs",
            endpoint_url=sandbox.url,
            region_name="us-west-2",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106  (any will do)
        )
        self._begin = clock.now()

    def title(self, text: str) -> None:
        self._say(f"\n{text}")

    def tell(self, text: str) -> None:
        self._say(f"  {self._clock.now() - self._begin:4.0f} s  {text}")

    def register(self, vary: Callable[[Any], Any] = lambda sample: sample) -> str:
        text = resources.files("glia.sandbox").joinpath("neuron_sample.json").read_text("utf-8")
        answer = self._ecs.register_task_definition(**vary(json.loads(text)))["taskDefinition"]
        self.tell(f"registered task definition {answer['family']}:{answer['revision']}")
        arn: str = answer["taskDefinitionArn"]
        return arn

    def create(self, name: str, task_definition: str) -> None:
        self._ecs.create_service(
            cluster="inference",
            serviceName=name,
            taskDefinition=task_definition,
            desiredCount=2,
            launchType="EC2",
            placementConstraints=[{"type": "distinctInstance"}],
            deploymentConfiguration={"minimumHealthyPercent": 50, "maximumPercent": 100},
        )
        self.tell(f"created service {name}")

    def delete(self, name: str) -> None:
        self._ecs.delete_service(cluster="inference", service=name, force=True)
        self.tell(f"deleted service {name}")

    def watch(self, name: str, done: Callable[[Any], bool]) -> None:
        """Tell every change of the service until it is done."""
        until = self._clock.now() + PATIENCE
        shown = ""
        while True:
            service = self._describe(name)
            self._tell_events(service)
            state = self._state(service)
            if state != shown:
                self.tell(state)
                shown = state
            if done(service):
                return
            if self._clock.now() > until:
                raise TimeoutError(f"{name} did not get there in {PATIENCE:.0f} s")
            self._clock.sleep(LOOK_EVERY)

    def _describe(self, name: str) -> Any:
        return self._ecs.describe_services(cluster="inference", services=[name])["services"][0]

    def _state(self, service: Any) -> str:
        text = f"{service['serviceName']}: {service['runningCount']} of "
        text += f"{service['desiredCount']} running, {service['pendingCount']} pending"
        if service["deployments"]:
            text += f", {service['deployments'][0]['failedTasks']} failed"
        return text if service["status"] == "ACTIVE" else f"{text}, {service['status']}"

    def _tell_events(self, service: Any) -> None:
        for event in reversed(service["events"]):
            if event["id"] not in self._told:
                self._told.add(event["id"])
                self.tell(event["message"])

    def explain_failures(self, name: str) -> None:
        arns = self._ecs.list_tasks(cluster="inference", serviceName=name, desiredStatus="STOPPED")[
            "taskArns"
        ]
        stopped = self._ecs.describe_tasks(cluster="inference", tasks=arns)["tasks"]
        task = next(each for each in stopped if each["stopCode"] == "EssentialContainerExited")
        container = task["containers"][0]
        self.tell(f"why: {task['stoppedReason']}, exit code {container['exitCode']}:")
        self.tell(f"     {container['reason']}")
