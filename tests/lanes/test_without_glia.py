"""Glia is off: ECS alone keeps replicas apart, and alone it brings them back."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from lanes.fleet import BIG, Watch, died_for_a_taken_chip, lanes, running, sharing
from support.operator import is_empty
from support.requests import chip, container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

SERVICES = {"alpha": (4, 4), "beta": (6, 2), "gamma": (5, 1), "delta": (2, 4), "zeta": (2, 1)}


def test_tasks_die_and_instances_come_and_go_and_no_chip_is_ever_held_twice(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 5))
    operator.converge(*(sharing(name, *shape) for name, shape in SERVICES.items()))
    watch, random = Watch(operator), Random(4)
    wanted = {name: replicas for name, (replicas, _) in SERVICES.items()}
    with operator.changing() as calls:
        for _ in range(12):
            mishap(operator, random)
            operator.driver.run(random.choice((1, 7, 35)))
        operator.driver.run(600)
        assert running(operator) == wanted
    assert set(calls) <= {"UpdateContainerInstancesState"}, "nobody has helped"
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)
    assert is_empty(operator.plan())


def mishap(operator: Operator, random: Random) -> None:
    """Some tasks stopped, or an instance lost and another one registered at once or later."""
    sandbox, ecs = operator.driver.sandbox, operator.driver.ecs
    victims = random.sample(operator.driver.tasks(None), 5)
    kind = random.randrange(3)
    if kind == 0:
        for task in victims:
            ecs.stop_task(cluster="inference", task=task["taskArn"])
    instances = list(sandbox.cluster.instances.values())
    if kind == 1:
        sandbox.lose_instance(random.choice(instances))
        operator.driver.run(random.choice((0, 50)))
        sandbox.add_instances(BIG)
    if kind == 2:
        drained = [random.choice(instances).arn]
        change = {"cluster": "inference", "containerInstances": drained}
        ecs.update_container_instances_state(**change, status="DRAINING")
        operator.driver.run(40)
        ecs.update_container_instances_state(**change, status="ACTIVE")


def test_the_same_fleet_without_lanes_does_collide(make_operator: Callable[..., Operator]) -> None:
    """What ECS does with chips that are only written down: the test above can fail."""
    operator = make_operator((BIG, 2))
    watch = Watch(operator)
    for name, first in (("one", 0), ("two", 0), ("three", 1)):
        holder = container(linuxParameters=chip(first, first + 1))
        arn = operator.driver.register(family=name, containerDefinitions=[holder])
        operator.driver.create(name, count=2, taskDefinition=arn)
    operator.driver.run(120)
    assert died_for_a_taken_chip(operator)
    assert running(operator).total() < 6
    assert not watch.collisions, "the hardware lets only one process have a chip"


def test_a_lost_instance_leaves_its_lanes_with_fewer_and_a_new_one_fills_them_at_once(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3))
    services: list[dict[str, Any]] = [sharing("web", 9, 4)]
    operator.converge(*services)
    sandbox = operator.driver.sandbox
    sandbox.lose_instance(next(iter(sandbox.cluster.instances.values())))
    operator.driver.run(120)
    assert running(operator) == {"web": 6}
    unsafe = {each.code for each in operator.plan().diagnostics}
    assert unsafe == {"lane-unsafe"}
    sandbox.add_instances(BIG)
    operator.driver.run(60)
    assert running(operator) == {"web": 9}
    assert is_empty(operator.plan())
    assert lanes(operator) == {"web-neuron0to3": 3, "web-neuron4to7": 3, "web-neuron8to11": 3}
