"""Labels and constraints that the loop sets and takes back, whatever happens on the way."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gitops.looped import Loop
from glia.aws.clock import Interrupted
from glia.errors import GliaError
from glia.events import ChangeTold, LoopFailed, PassEnded
from glia.outcome import State
from lanes.fleet import (
    BIG,
    Watch,
    died_for_a_taken_chip,
    lanes,
    partitions,
    running,
    sharing,
)
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

LABELS = frozenset({"label", "unlabel", "release"})
FLEET = [sharing("large", 3, 11), sharing("pair", 12, 2)]


class Gateway:
    """What a loop asks, with one call of it in other hands."""

    def __init__(self, ecs: Any, name: str, call: Callable[..., Any]) -> None:
        self._ecs, self._name, self._call = ecs, name, call

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._ecs, name)
        return (lambda *args: self._call(call, *args)) if name == self._name else call


def draining(operator: Operator) -> int:
    instances = operator.driver.sandbox.cluster.instances.values()
    return sum(each.status == "DRAINING" for each in instances)


def labels(loop: Loop) -> list[tuple[str, State]]:
    """What came of each labelling that was told."""
    told = (each.outcome for each in loop.told(ChangeTold))
    return [(each.action, each.state) for each in told if each.action in LABELS]


def test_partitions_are_made_and_taken_back_over_processes_that_end_while_they_drain_or_take_turns(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    watch = Watch(operator)

    def die_after(call: Callable[..., Any], *args: Any) -> Any:
        call(*args)
        raise Interrupted

    dying = Loop(
        operator.write(*FLEET), through=lambda ecs: Gateway(ecs, "set_instance_state", die_after)
    )
    dying.play_until(lambda: draining(operator) > 0)
    assert not any(name.endswith("-a") for name in lanes(operator))

    loop = Loop(operator)
    loop.settle("large", "pair")
    assert not draining(operator)
    made = partitions(operator)
    assert made["a"]
    assert running(operator) == {"large": 3, "pair": 12}
    assert labels(loop) == [("label", State.DONE)]

    watch.begin()
    operator.write(sharing("large", 3, 4), sharing("pair", 6, 4))
    (last,) = operator.plan().labellings
    assert (last.action, len(last.depends_on)) == ("unlabel", 1), "with the lane, in one plan"
    loop.play_until(lambda: "pair-neuron0to3" in lanes(operator))
    again = Loop(operator)
    again.settle("large", "pair")
    again.play(180)
    assert labels(again)[-1] == ("unlabel", State.DONE)
    assert partitions(operator) == {"": 6}
    assert running(operator) == {"large": 3, "pair": 6}
    assert watch.fewest["inference/large"] >= 2
    assert watch.fewest["inference/pair"] >= 5
    assert is_empty(operator.plan())
    assert max(each.at - each.began for each in again.told(PassEnded)) <= 90
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)
    assert not [failed for each in (dying, loop, again) for failed in each.told(LoopFailed)]


def test_an_instance_that_tasks_do_not_leave_is_given_back_after_a_minute_and_another_pass_tries(
    make_operator: Callable[..., Operator],
) -> None:
    """Somebody's service comes between plan and draining, and ECS may not move it."""
    operator = make_operator((BIG, 6))
    driver, came = operator.driver, list[float]()

    def come_first(call: Callable[..., Any], *args: Any) -> Any:
        if not came:
            came.append(driver.clock.now())
            stays = {"minimumHealthyPercent": 100, "maximumPercent": 101}
            spread = [{"type": "spread", "field": "instanceId"}]
            driver.create(
                "visitor", count=6, placementStrategy=spread, deploymentConfiguration=stays
            )
            driver.clock.sleep(45)
        return call(*args)

    loop = Loop(
        operator.write(*FLEET), through=lambda ecs: Gateway(ecs, "put_attributes", come_first)
    )
    loop.play_until(lambda: draining(operator) > 0)
    assert loop.play_until(lambda: not draining(operator)) < 90
    loop.play(30)
    assert labels(loop)[0] == ("label", State.TIMED_OUT)
    assert not draining(operator)
    assert not partitions(operator)["a"]

    driver.ecs.delete_service(cluster="inference", service="visitor", force=True)
    loop.settle("large", "pair")
    assert labels(loop)[-1] == ("label", State.DONE)
    assert running(operator) == {"large": 3, "pair": 12}
    assert not died_for_a_taken_chip(operator)
    assert not loop.told(LoopFailed)


def test_a_refused_label_holds_the_lanes_behind_it_alone_and_is_tried_less_and_less_often(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    tried: list[float] = []
    forbids = True

    def forbidding(call: Callable[..., Any], *args: Any) -> Any:
        tried.append(operator.driver.clock.now())
        if forbids:
            raise GliaError("ecs:PutAttributes is denied")
        return call(*args)

    loop = Loop(
        operator.write(*FLEET), through=lambda ecs: Gateway(ecs, "put_attributes", forbidding)
    ).play(240)
    assert labels(loop) == [("label", State.FAILED)]
    assert 4 <= len(tried) <= 12
    assert max(later - sooner for sooner, later in pairwise(tried)) > 15
    assert lanes(operator)
    assert not any(name.endswith("-a") for name in lanes(operator))
    assert not draining(operator)
    # By the pass that was refused it waits for the label, by those between for the next attempt.
    waits, reason = loop.condition("Reconciling", "large")
    assert waits == "True"
    assert reason in {"Refused", "DependencyNotReady"}

    forbids = False
    loop.settle("large", "pair")
    assert running(operator) == {"large": 3, "pair": 12}
    assert not loop.told(LoopFailed)


def test_a_refused_constraint_holds_whom_it_keeps_apart_and_is_told_and_tried_less_and_less_often(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 4))
    tried: list[float] = []
    forbids = True

    def forbidding(call: Callable[..., Any], request: Any) -> Any:
        if forbids and "placementConstraints" in request:
            tried.append(operator.driver.clock.now())
            raise GliaError("ecs:UpdateService is denied")
        return call(request)

    ported = sharing("ported", 2, 4)
    loop = Loop(
        operator.write(ported), through=lambda ecs: Gateway(ecs, "update_service", forbidding)
    )
    loop.settle("ported")
    live = len(lanes(operator))
    loop.write(ported, sharing("whole", 1, 12, lock="antiAffinity"), sharing("one", 1, 1))
    loop.play(150)
    told = [each for each in loop.told(ChangeTold) if each.outcome.action == "separate"]
    assert [each.outcome.state for each in told] == [State.FAILED] * live
    assert {(each.outcome.key, each.about.level) for each in told} == {
        ("inference/ported", "warning")
    }
    assert 3 * live <= len(tried) <= 10 * live
    assert max(later - sooner for sooner, later in pairwise(tried)) > 10
    assert running(operator) == {"ported": 2, "one": 1}
    assert loop.condition("Reconciling", "whole")[0] == "True"

    forbids, since = False, len(loop.events)
    loop.settle("whole", "one")
    told = loop.told(ChangeTold, since=since)
    done = [each.outcome for each in told if each.outcome.action == "separate"]
    assert [(each.state, each.calls) for each in done] == [(State.DONE, ("UpdateService",))] * live
    assert running(operator) == {"ported": 2, "one": 1, "whole": 1}
    assert not loop.told(LoopFailed)
