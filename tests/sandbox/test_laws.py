"""What holds in the sandbox at every moment, whatever is done to it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from glia.sandbox import machines, scheduler
from glia.sandbox.api import Api
from glia.sandbox.arns import Place
from glia.sandbox.clock import VirtualClock
from glia.sandbox.ecs_error import EcsError
from glia.sandbox.needs import RESERVED_PORTS
from glia.sandbox.operations.instances import lose
from glia.sandbox.rollout import limits
from glia.sandbox.world import World
from support.requests import chip, container, task_definition

if TYPE_CHECKING:
    from glia.sandbox.records import Cluster, Instance, Service

PLACE = Place("123456789012", "us-west-2")
NAMES = st.sampled_from(["a", "b", "c"])
IMAGES = st.sampled_from(["s:1", "s:2", "s:3", "s:quick-stop", "s:crash", "s:exit", "s:missing"])
PERCENTS = st.sampled_from([(0, 100), (50, 100), (100, 200), (50, 150), (75, 100)])
PORTS = st.sampled_from([None, 8080, 8081])


class Fleet(RuleBasedStateMachine):
    """Random users, random time."""

    @initialize()
    def begin(self) -> None:
        self.clock = VirtualClock()
        self.world = World(self.clock, scheduler.run_pass)
        self.clock.on_advance(self.world.advance)
        self.api = Api(self.world, strict=True)
        self.call("CreateCluster", clusterName="inference")
        for _ in range(2):
            machines.register(self.world, self.cluster, machines.Registration("inf1.6xlarge"))
        for number, name in enumerate(("a", "b")):
            self.create(
                name=name,
                image="s:1",
                port=None,
                number=number,
                count=2,
                percents=(50, 100),
                distinct=True,
                rollback=True,
            )
        self.clock.sleep(60)

    def call(self, operation: str, **params: Any) -> Any:
        """A call as any client makes it; a refusal is an answer too."""
        try:
            return self.api.play(operation, PLACE, params)
        except EcsError as refusal:
            return refusal

    @property
    def cluster(self) -> Cluster:
        return self.world.region(PLACE).clusters["inference"]

    def instances(self) -> list[Instance]:
        return list(self.cluster.instances.values())

    def services(self) -> list[Service]:
        return list(self.cluster.services.values())

    def register(self, family: str, image: str, port: int | None, number: int) -> None:
        mapping = [{"containerPort": 80, "hostPort": port}] if port else []
        made = container(image, portMappings=mapping, linuxParameters=chip(number))
        self.call("RegisterTaskDefinition", **task_definition(family, containerDefinitions=[made]))

    @rule(
        name=NAMES,
        image=IMAGES,
        port=PORTS,
        number=st.integers(0, 4),
        count=st.integers(0, 5),
        percents=PERCENTS,
        distinct=st.booleans(),
        rollback=st.booleans(),
    )
    def create(
        self,
        *,
        name: str,
        image: str,
        port: int | None,
        number: int,
        count: int,
        percents: tuple[int, int],
        distinct: bool,
        rollback: bool,
    ) -> None:
        self.register(name, image, port, number)
        self.call(
            "CreateService",
            cluster="inference",
            serviceName=name,
            taskDefinition=name,
            desiredCount=count,
            deploymentConfiguration={
                "minimumHealthyPercent": percents[0],
                "maximumPercent": percents[1],
                "deploymentCircuitBreaker": {"enable": True, "rollback": rollback},
            },
            placementConstraints=[{"type": "distinctInstance"}] if distinct else [],
        )

    @rule(name=NAMES, image=IMAGES, port=PORTS, number=st.integers(0, 4))
    def roll(self, *, name: str, image: str, port: int | None, number: int) -> None:
        self.register(name, image, port, number)
        self.call("UpdateService", cluster="inference", service=name, taskDefinition=name)

    @rule(name=NAMES, count=st.integers(0, 5))
    def scale(self, *, name: str, count: int) -> None:
        self.call("UpdateService", cluster="inference", service=name, desiredCount=count)

    @rule(name=NAMES)
    def delete(self, *, name: str) -> None:
        self.call("DeleteService", cluster="inference", service=name, force=True)

    @rule(index=st.integers(0, 3), status=st.sampled_from(["ACTIVE", "DRAINING"]))
    def drain(self, *, index: int, status: str) -> None:
        arns = [each.arn for each in self.instances()][index : index + 1]
        if arns:
            self.call(
                "UpdateContainerInstancesState",
                cluster="inference",
                containerInstances=arns,
                status=status,
            )

    @rule()
    def add_instance(self) -> None:
        if len(self.instances()) < 4:
            machines.register(self.world, self.cluster, machines.Registration("inf1.6xlarge"))

    @rule(index=st.integers(0, 3))
    def lose_instance(self, *, index: int) -> None:
        for instance in self.instances()[index : index + 1]:
            lose(self.world, instance)

    @rule(seconds=st.sampled_from([1, 3, 10, 45, 120, 900]))
    def wait(self, *, seconds: int) -> None:
        self.clock.sleep(seconds)

    @invariant()
    def both_ledgers_say_what_the_tasks_on_the_instance_take(self) -> None:
        for instance in self.instances():
            live = [task for task in instance.tasks.values() if task.live]
            held = [task for task in instance.tasks.values() if task.holds_host]
            for ledger, tasks in ((instance.promised, live), (instance.used, held)):
                assert ledger.memory == sum(task.needs.memory for task in tasks)
                assert ledger.memory <= instance.capacity.memory
                ports = Counter(port for task in tasks for port in task.needs.ports)
                assert max(ports.values(), default=1) == 1
                assert ledger.ports == {*RESERVED_PORTS, *ports}

    @invariant()
    def a_chip_is_held_by_one_task_that_has_not_stopped(self) -> None:
        for instance in self.instances():
            for task in instance.chips.values():
                assert task.arn in instance.tasks
                assert task.last_status in {"RUNNING", "DEACTIVATING", "STOPPING"}

    @invariant()
    def no_service_starts_more_than_its_upper_limit_allows(self) -> None:
        for service in self.services():
            if service.status == "ACTIVE":
                live = service.live_tasks()
                before = getattr(self, "allowed", {}).get(service.arn, 0)
                assert len(live) <= max(before, limits(service).upper)
        self.allowed = {each.arn: len(each.live_tasks()) for each in self.services()}

    @invariant()
    def what_ecs_shows_agrees_with_itself(self) -> None:
        for service in self.services():
            answer = self.call("DescribeServices", cluster="inference", services=[service.name])
            (shown,) = answer["services"]
            if shown["status"] == "ACTIVE":
                primary, *others = shown["deployments"]
                assert primary["status"] == "PRIMARY"
                assert {each["status"] for each in others} <= {"ACTIVE"}
                assert shown["taskDefinition"] == primary["taskDefinition"]
            for count in ("runningCount", "pendingCount"):
                assert shown[count] == sum(
                    task.last_status == "RUNNING" if count == "runningCount" else task.pending
                    for task in service.tasks.values()
                ), "a task belongs to no deployment that is shown, or is counted twice"

    def teardown(self) -> None:
        """Left alone, every service that can run runs: desired count, one deployment."""
        if not hasattr(self, "world"):
            return
        for service in self.services():
            self.register(service.name, "s:1", None, 0)
            if service.status == "ACTIVE":
                # No chip and no port of anybody else's: nothing stands in the way.
                self.call(
                    "RegisterTaskDefinition",
                    **task_definition(service.name, containerDefinitions=[container("s:1")]),
                )
                self.call(
                    "UpdateService",
                    cluster="inference",
                    service=service.name,
                    taskDefinition=service.name,
                    placementConstraints=[],
                    deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 200},
                )
        machines.register(self.world, self.cluster, machines.Registration("inf1.24xlarge"))
        self.clock.sleep(3600)
        for service in self.services():
            if service.status == "ACTIVE":
                assert len(service.deployments) == 1
                assert service.primary.rollout_state == "COMPLETED"
                statuses = Counter(task.last_status for task in service.live_tasks())
                assert statuses == Counter({"RUNNING": service.desired_count})
            else:
                assert service.status == "INACTIVE"


Fleet.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
test_fleet = Fleet.TestCase
