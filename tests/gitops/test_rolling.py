"""Rollouts while the loop goes on: lane after lane, and no service waits for another's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gitops.looped import Loop
from glia.events import LoopFailed
from glia.reconciler import Settings
from glia.reconciling import draining
from glia.reconciling.requeue import Pace
from lanes.fleet import BIG, SMALL, Watch, died_for_a_taken_chip, lanes, running, sharing
from support.operator import is_empty, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from support.operator import Operator


def test_lanes_roll_one_after_another_while_another_service_never_becomes_healthy(
    make_operator: Callable[..., Operator],
) -> None:
    """Across two processes: what one has begun, the next one goes on with."""
    operator = make_operator((BIG, 3), ("inf1.xlarge", 2))

    def written(image: str, **spec: Any) -> tuple[dict[str, Any], ...]:
        slow = neuron_service("slow", replicas=1, image=f"{image}-never-healthy")
        (container,) = slow["spec"]["taskDefinition"]["containerDefinitions"]
        container["healthCheck"] = {"command": ["CMD-SHELL", "true"], "startPeriod": 300}
        return sharing("web", 9, 4, image=image, **spec), slow

    loop = Loop(operator.write(*written("server:1")))
    loop.settle("web")
    assert len(lanes(operator)) == 4
    loop.play(60)
    watch = Watch(operator)
    watch.begin()
    ready = {"minReadySeconds": 30}
    loop.write(*written("server:2", rollout=ready)).play(100)
    begun = loop.clock.now()
    assert loop.condition("Reconciling") == ("True", "LaneNotReady")
    assert loop.condition("Reconciling", "slow")[0] == "True"

    again = Loop(operator)
    again.settle("web")
    assert again.clock.now() - begun > 60, "each lane was waited for"
    assert watch.fewest["inference/web"] == 8
    assert watch.rolling == 1, "one lane after another"
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)
    assert running(operator)["web"] == 9
    assert {each.key for each in operator.plan().changes} == set()
    assert not [*loop.told(LoopFailed), *again.told(LoopFailed)]


def test_a_full_fleet_gets_other_chips_in_turns_and_keeps_its_budget(
    make_operator: Callable[..., Operator],
) -> None:
    """Turn by turn over many passes, and over two processes."""
    operator = make_operator((SMALL, 2))
    loop = Loop(operator.write(sharing("web", 8, 1, kind=SMALL)))
    loop.settle("web")
    loop.play(120)
    watch = Watch(operator)
    watch.begin()
    loop.write(sharing("web", 4, 2, kind=SMALL)).play(150)
    again = Loop(operator)
    again.settle("web", within=3600)
    again.play(120)
    assert watch.fewest["inference/web"] >= 3
    assert running(operator) == {"web": 4}
    assert is_empty(operator.plan())
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)
    assert not [*loop.told(LoopFailed), *again.told(LoopFailed)]


def test_what_finds_no_room_is_told_and_goes_on_by_itself_once_there_is(
    make_operator: Callable[..., Operator],
) -> None:
    """A whole instance short; then its service is wanted no more, and its room is free."""
    operator = make_operator(("inf1.xlarge", 1))
    deadline = {"progressDeadlineSeconds": 120}
    one = neuron_service("one", replicas=1)
    loop = Loop(operator.write(one))
    loop.settle("one")
    loop.write(one, neuron_service("two", replicas=1, rollout=deadline))
    loop.play_until(lambda: loop.condition("Stalled", "two") == ("True", "Unplaceable"))
    since = len(loop.events)
    with operator.changing() as calls:
        loop.play(300)
    assert not calls
    assert loop.condition("Stalled", "two") == ("True", "Unplaceable")
    assert len(loop.events) - since < 30, "sweeps, and nothing told again"
    operator.driver.ecs.update_service(cluster="inference", service="one", desiredCount=0)
    operator.driver.ecs.delete_service(cluster="inference", service="one")
    loop.write(neuron_service("two", replicas=1, rollout=deadline)).settle("two")
    assert is_empty(operator.plan())


def test_a_service_that_somebody_deletes_is_made_again_once_its_name_is_free(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who keeps the name for too long is told, and the deletion is never forced."""
    monkeypatch.setattr(draining, "PATIENCE", 8)
    loop = Loop(operator.write(neuron_service()), settings=Settings(Pace(5, 5)))
    loop.settle("web")
    operator.driver.ecs.delete_service(cluster="inference", service="web", force=True)
    ends = {task["taskArn"].rpartition("/")[2] for task in operator.driver.tasks("web", "STOPPED")}
    loop.play_until(lambda: loop.condition("Reconciling") == ("True", "WaitingForDrain"))
    with operator.changing() as calls:
        loop.play_until(lambda: loop.condition("Stalled") == ("True", "WaitingForDrain"))
        (told,) = (each for each in loop.service().conditions if each.type == "Stalled")
        assert ends <= set(re.findall(r"[0-9a-f]{32}", told.message)), told.message
        loop.play_until(lambda: loop.condition("Reconciling") == ("True", "RollingOut"))
        loop.settle("web")
    assert calls == {"CreateService": 1}, "its task definition is there"
    assert is_empty(operator.plan())
