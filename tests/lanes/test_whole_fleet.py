"""Twenty services of mixed sizes on fourteen instances of two types, through all that happens.

The sandbox ignores chips when it places tasks and crashes a task on a taken chip, as ECS and the
hardware do. With lanes that never happens; written as plain services, the same fleet collides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lanes.fleet import (
    BIG,
    SMALL,
    Watch,
    apply_and_die,
    died_for_a_taken_chip,
    lanes,
    running,
    sharing,
)
from support.operator import is_empty
from support.requests import chip, container

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.sandbox.records import Instance
    from support.operator import Operator

INSTANCES = ((BIG, 6), (SMALL, 8))
KEPT_SECONDS = 3600  # a stopped task is shown for an hour
ONE_DOWN, TWO_DOWN = {"maxUnavailable": 1}, {"maxUnavailable": 2}
ONE_MORE = {"maxUnavailable": 0, "maxSurge": 1}


@dataclass(frozen=True)
class Member:
    """A service of the fleet; in host mode its containers have a port of the instance, or none."""

    name: str
    kind: str
    replicas: int
    chips: int
    rollout: dict[str, int]
    mode: str = "bridge"
    port: int | None = None

    def manifest(self, image: str) -> dict[str, Any]:
        made = sharing(
            self.name,
            self.replicas,
            self.chips,
            kind=self.kind,
            image=image,
            rollout=self.rollout,
        )
        definition = made["spec"]["taskDefinition"]
        definition["networkMode"] = self.mode
        if self.port is not None:
            (server,) = definition["containerDefinitions"]
            server["portMappings"] = [{"containerPort": self.port}]
        return made


FLEET: tuple[Member, ...] = (
    Member("llama", BIG, 2, 12, ONE_DOWN),
    Member("mistral", BIG, 2, 4, ONE_DOWN),
    Member("gemma", BIG, 2, 4, ONE_DOWN, "host", 9000),
    Member("whisper", BIG, 2, 2, ONE_DOWN),
    Member("sdxl", BIG, 1, 1, ONE_MORE),
    Member("clip", BIG, 2, 2, ONE_DOWN),
    Member("embedder", BIG, 5, 1, TWO_DOWN, "host"),
    Member("bert", BIG, 3, 1, ONE_DOWN, "host", 9001),
    Member("reranker", BIG, 2, 1, ONE_DOWN),
    Member("roberta", BIG, 2, 1, ONE_DOWN, "bridge", 9002),
    Member("asr", BIG, 1, 1, ONE_DOWN),
    Member("ocr", BIG, 1, 1, ONE_DOWN),
    Member("resnet", SMALL, 2, 4, ONE_DOWN, "host", 9000),
    Member("yolo", SMALL, 2, 2, ONE_DOWN),
    Member("tts", SMALL, 1, 3, ONE_DOWN),
    Member("vgg", SMALL, 1, 2, ONE_DOWN),
    Member("ner", SMALL, 5, 1, TWO_DOWN, "host"),
    Member("ssd", SMALL, 2, 1, ONE_DOWN),
    Member("bart", SMALL, 2, 1, ONE_DOWN),
    Member("mobilenet", SMALL, 1, 1, ONE_DOWN, "host", 9003),
)


class Story:
    """What happens to the fleet, and what must be true at every second of it."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self.watch = Watch(operator)
        self.fleet = FLEET
        self.image = "server:1"

    def go_on(self) -> None:
        """An apply that is killed in the middle of its calls, and one that is left to end."""
        begin = self.operator.driver.clock.now()
        self.operator.write(*(each.manifest(self.image) for each in self.fleet))
        apply_and_die(self.operator, 15)
        self.operator.driver.run(15)
        self.operator.converge()
        self.operator.driver.run(60)  # scaling is done when replicas run, ready or not
        assert self.operator.driver.clock.now() - begin < KEPT_SECONDS, "deaths are forgotten"
        assert not died_for_a_taken_chip(self.operator)
        assert running(self.operator) == {each.name: each.replicas for each in self.fleet}
        plan = self.operator.plan()
        assert is_empty(plan)
        assert not plan.labellings

    def roll(self, image: str) -> None:
        """All services at once; at no second are more replicas down than each allows."""
        self.image = image
        self.watch.begin()
        self.go_on()
        down = {
            each.name: each.replicas - self.watch.fewest[f"inference/{each.name}"]
            for each in self.fleet
        }
        allowed = {each.name: each.rollout["maxUnavailable"] for each in self.fleet}
        assert {name for name in down if down[name] > allowed[name]} == set()
        assert {name for name in down if down[name]} == {name for name in allowed if allowed[name]}
        services = self.operator.driver.sandbox.cluster.services.values()
        images = {
            task.containers[0]["image"]
            for service in services
            for task in service.tasks.values()
            if task.live
        }
        assert images == {image}

    def scale(self, **replicas: int) -> None:
        self.fleet = tuple(
            replace(each, replicas=replicas.get(each.name, each.replicas)) for each in self.fleet
        )
        self.go_on()

    def lose_and_add_instances(self) -> None:
        """One of every partition, all at once; the new ones have no labels."""
        sandbox = self.operator.driver.sandbox
        places = {place(each): each for each in sandbox.cluster.instances.values()}
        assert len(places) >= 5, "both types are divided, one of them twice"
        for (kind, _), instance in places.items():
            sandbox.lose_instance(instance)
            sandbox.add_instances(kind)
        self.operator.driver.run(30)
        self.go_on()
        assert {place(each) for each in sandbox.cluster.instances.values()} == set(places)

    def delete(self, *names: str) -> None:
        """As an operator does it: the manifests, and the services by ECS's own API."""
        ecs = self.operator.driver.ecs
        for lane in lanes(self.operator, *names):
            ecs.delete_service(cluster="inference", service=lane, force=True)
        self.fleet = tuple(each for each in self.fleet if each.name not in names)
        self.go_on()


def place(instance: Instance) -> tuple[str, str]:
    return instance.instance_type, instance.attributes.get("glia.partition") or ""


def test_whatever_happens_to_a_fleet_no_task_ever_finds_its_chip_taken(
    make_operator: Callable[..., Operator],
) -> None:
    story = Story(make_operator(*INSTANCES))
    story.go_on()
    story.roll("server:2")
    story.scale(asr=3, ocr=3, whisper=1, embedder=3, ner=2)
    story.lose_and_add_instances()
    story.roll("server:3-quick-stop")
    story.delete("mistral", "bart")
    story.scale(whisper=4, ssd=4, ner=4)
    story.roll("server:4")
    assert not story.watch.collisions


def test_the_same_fleet_as_plain_services_does_collide(
    make_operator: Callable[..., Operator],
) -> None:
    """What the story above would be without lanes: all write down the first chips."""
    operator = make_operator(*INSTANCES)
    for each in FLEET:
        arn = operator.driver.register(
            family=each.name,
            networkMode=each.mode,
            containerDefinitions=[container(linuxParameters=chip(*range(each.chips)))],
            placementConstraints=[
                {"type": "memberOf", "expression": f"attribute:ecs.instance-type == {each.kind}"}
            ],
        )
        operator.driver.create(each.name, count=each.replicas, taskDefinition=arn)
    operator.driver.run(300)
    victims = set(died_for_a_taken_chip(operator))
    assert len(victims) > len(FLEET) // 2
    assert running(operator).total() < sum(each.replicas for each in FLEET)
