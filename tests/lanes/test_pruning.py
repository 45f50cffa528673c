"""Services of several lanes that lose their manifests, or change their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.outcome import State
from lanes.fleet import BIG, Watch, died_for_a_taken_chip, lanes, running, sharing
from support.operator import is_empty, neuron_cluster

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

PRUNING = (neuron_cluster("inference", prune=True, pruneGraceSeconds=600),)


def test_all_lanes_of_a_manifest_go_together_and_come_back_together(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    whole = [sharing("web", 4, 2), sharing("other", 4, 4)]
    operator.write(*whole, clusters=PRUNING).converge()
    before = lanes(operator, "web")
    assert len(before) == 2

    operator.write(whole[1], clusters=PRUNING)
    plan = operator.plan()
    assert {each.lane.lane.name for each in plan.changes} == before.keys()
    assert {each.state for each in operator.apply().values()} == {State.DONE}
    assert set(lanes(operator, "web").values()) == {0}
    operator.driver.run(120)

    operator.write(*whole, clusters=PRUNING).converge()
    assert running(operator) == {"web": 4, "other": 4}
    assert is_empty(operator.plan())

    operator.write(whole[1], clusters=PRUNING).apply()
    operator.driver.run(600)
    operator.converge()
    assert not lanes(operator, "web")
    operator.driver.run(120)
    assert is_empty(operator.plan())
    assert running(operator) == {"other": 4}
    assert not died_for_a_taken_chip(operator)


def test_lanes_of_a_new_name_are_ready_before_those_of_the_old_one_go(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    operator.converge(sharing("web", 4, 2), sharing("other", 2, 4))
    old = lanes(operator, "web")
    watch = Watch(operator)
    operator.write(sharing("site", 4, 2, renamedFrom="web"), sharing("other", 2, 4))
    watch.begin()
    operator.converge()
    assert not old.keys() & lanes(operator).keys()
    assert running(operator) == {"site": 4, "other": 2}
    assert watch.fewest["inference/web"] == 4, "while there was one, it was whole"
    operator.driver.run(300)
    assert is_empty(operator.plan())
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)
