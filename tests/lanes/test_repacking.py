"""Replicas that move so that others find room: only where it is asked for."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import jsonschema

from glia.render.plan_json import plan_json
from glia.render.plan_schema import plan_schema
from glia.render.plan_text import plan_text
from lanes.fleet import (
    BIG,
    Watch,
    apply_and_die,
    died_for_a_taken_chip,
    running,
    sharing,
    tasks,
)
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from support.operator import Operator


def fragmented(operator: Operator) -> list[dict[str, Any]]:
    """Services of one chip on two instances, the second in the middle: no eight in one piece.

    Where they pin no chips any more their lanes stay, and get the tag that others may come.
    """
    made = [sharing(f"s{chip}", 2, 1) for chip in (1, 6, 11)]
    pinned = deepcopy(made)
    for each, chip in zip(pinned, (1, 6, 11), strict=True):
        del each["spec"]["neuron"]["devices"]
        each["spec"]["neuron"]["deviceIds"] = [chip]
    operator.converge(*pinned)
    operator.converge(*made)
    return made


def test_a_large_service_finds_room_once_a_fragmented_domain_is_repacked(
    make_operator: Callable[..., Operator], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = make_operator((BIG, 2))
    small = fragmented(operator)
    before = tasks(operator)
    operator.write(*small, sharing("large", 2, 8))
    (error,) = operator.plan().errors
    assert error.remedy.startswith("--repack would place it by moving 2 replicas; or register ")
    with monkeypatch.context() as short:
        short.setattr("glia.neuron.settling.OFFERED", 10)
        (error,) = operator.plan().errors
    assert error.remedy.endswith("more ways to repack than were tried: --repack tries more")
    with operator.changing() as calls:
        operator.apply(errors=True)
    assert not calls
    assert tasks(operator) == before

    plan = operator.plan(repack=True)
    (move,) = plan.moves
    assert move.replicas == 2
    moved = move.key.rpartition("/")[2]
    assert {each.cause for each in plan.changes if each.key == move.key} == {"repack"}
    assert {each.cause for each in plan.changes if each.key != move.key} == {"git"}
    assert plan_text(plan, colour=False, width=100).startswith(
        "= repack inf2.48xlarge of inference (us-west-2): moves 2 replicas\n"
        f"    2 replicas of {move.key} from {move.source} to {move.target}\n"
        "    3 steps, at least 0 s at AWS's request quotas\n"
        "    makes room for inference/large\n"
        f"= {move.key} goes over to other lanes in 2 turns; at least 2 replicas ready at any time\n"
    )
    said = plan_json(plan)
    jsonschema.validate(said, plan_schema())
    assert said["moves"] == [
        {"key": move.key, "from": move.source, "to": move.target, "replicas": 2}
    ]
    assert said["transitions"][0]["cures"] == ["inference/large"]
    order = [each.id.rpartition("/")[2] for each in plan.changes]
    assert order == [move.target, move.source, "large-neuron2to9"]
    watch = Watch(operator)
    watch.begin()
    apply_and_die(operator, 2, repack=True)
    apply_and_die(operator, 1, repack=True)
    operator.converge(repack=True)
    assert watch.fewest[move.key] >= 2
    assert sum(running(operator).values()) == 8
    stayed = {arn for arn, (lane, _) in before.items() if not lane.startswith(f"{moved}-")}
    assert stayed <= set(tasks(operator))
    operator.driver.run(300)
    assert is_empty(operator.plan())
    assert is_empty(operator.plan(repack=True))
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_without_a_shortage_it_makes_free_chips_whole_and_leaves_suspended_services_alone(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    small = fragmented(operator)
    small[1]["spec"]["suspend"] = True
    operator.write(*small)
    assert is_empty(operator.plan())
    suspended = small[1]["metadata"]["name"]
    before = tasks(operator, suspended)

    plan = operator.plan(repack=True)
    (transition,) = plan.transitions
    assert all(move.key != f"inference/{suspended}" for move in plan.moves)
    (run,) = transition.free_runs
    assert run.after > run.before
    operator.converge(repack=True)
    operator.driver.run(300)
    assert tasks(operator, suspended) == before
    assert not operator.plan(repack=True).changes
    assert not died_for_a_taken_chip(operator)
