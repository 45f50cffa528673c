"""Services that share instances, on the embedded ECS: who gets which chips, and at what cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.outcome import State
from lanes.fleet import (
    BIG,
    Watch,
    died_for_a_taken_chip,
    lanes,
    mapped,
    running,
    sharing,
    tasks,
)
from support.operator import CLUSTER, is_empty, neuron_cluster
from support.requests import chip, container

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

SIX = (
    ("alpha", 4, 4),
    ("beta", 6, 2),
    ("gamma", 5, 1),
    ("delta", 2, 4),
    ("epsilon", 2, 2),
    ("zeta", 2, 1),
)


def six(**changed: Any) -> list[dict[str, Any]]:
    return [sharing(name, changed.get(name, count), chips) for name, count, chips in SIX]


def test_twelve_replicas_of_one_chip_fill_one_instance(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 1))
    operator.converge(sharing("web", 12, 1))
    (instance,) = operator.driver.sandbox.cluster.instances.values()
    held = sorted(path for task in instance.tasks.values() for path in mapped(task))
    assert held == sorted(f"/dev/neuron{number}" for number in range(12))
    assert lanes(operator) == {f"web-neuron{number}": 1 for number in range(12)}
    assert running(operator) == {"web": 12}
    assert is_empty(operator.plan())


def test_six_services_share_four_instances_and_one_more_apply_changes_nothing(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 4))
    watch = Watch(operator)
    operator.converge(*six())
    assert running(operator) == {name: count for name, count, _ in SIX}
    with operator.changing() as calls:
        assert not operator.apply()
    assert not calls
    assert is_empty(operator.plan())
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_who_comes_grows_or_goes_moves_no_lane_of_another(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    operator.converge(*six())
    others = [name for name, *_ in SIX if name != "beta"]
    before = tasks(operator, *others)
    for changed in (six(beta=8), six(beta=3), [*six(beta=3), sharing("new", 6, 1)]):
        operator.converge(*changed)
        assert tasks(operator, *others) == before
    operator.write(*(each for each in six() if each["metadata"]["name"] != "beta"))
    with operator.changing() as calls:
        assert not operator.apply()
    assert not calls, "the lanes of manifests that are not at hand stay, and stay in their place"
    assert tasks(operator, *others) == before


def test_a_service_scaled_to_nothing_comes_back_to_its_chips_without_a_new_revision(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    operator.converge(sharing("web", 2, 4), sharing("other", 2, 2))
    operator.converge(sharing("web", 0, 4), sharing("other", 2, 2))
    assert running(operator) == {"other": 2}
    assert is_empty(operator.plan())
    operator.write(sharing("web", 2, 4), sharing("other", 2, 2))
    with operator.changing() as calls:
        operator.converge()
    assert "RegisterTaskDefinition" not in calls
    assert running(operator) == {"web": 2, "other": 2}
    assert is_empty(operator.plan())


def test_a_suspended_service_keeps_its_chips_and_the_others_go_on_beside_it(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    operator.converge(sharing("web", 4, 4), sharing("other", 2, 1))
    before = tasks(operator, "web")
    paused = sharing("web", 1, 2, image="server:2", suspend=True)
    operator.converge(paused, sharing("other", 4, 1), sharing("new", 2, 2))
    assert operator.plan().suspended == ("inference/web",)
    assert tasks(operator, "web") == before
    assert running(operator) == {"web": 4, "other": 4, "new": 2}
    assert not died_for_a_taken_chip(operator)


def test_the_order_of_files_and_documents_makes_no_difference(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 4))
    operator.write(*six())
    digest = operator.plan().digest
    operator.write(*reversed(six()))
    assert operator.plan().digest == digest
    operator.write(*six()[:2])
    for number, each in enumerate(six()[2:]):
        operator.write(each, file=f"{9 - number}.yaml")
    assert operator.plan().digest == digest


def test_a_strangers_chip_is_worked_around(make_operator: Callable[..., Operator]) -> None:
    operator = make_operator((BIG, 2))
    stranger(operator, 0, 1)
    watch = Watch(operator)
    operator.converge(sharing("web", 20, 1))
    held = {int(name.rpartition("neuron")[2]) for name in lanes(operator, "web")}
    assert held == set(range(2, 12))
    assert not watch.collisions
    assert not died_for_a_taken_chip(operator)


def test_a_stranger_that_holds_what_is_needed_is_told_and_nothing_is_put_beside_it(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 1))
    stranger(operator, 5)
    operator.write(sharing("web", 1, 8))
    plan = operator.plan()
    (error,) = plan.errors
    assert (error.code, error.key) == ("shortage", "NeuronService/web")
    assert not plan.changes


def stranger(operator: Operator, *chips: int) -> None:
    """A task that is not Glia's, on some instance."""
    holder = container("theirs:1", linuxParameters=chip(*chips))
    arn = operator.driver.register(family="theirs", containerDefinitions=[holder])
    operator.driver.ecs.run_task(cluster="inference", taskDefinition=arn)
    operator.driver.run(10)


def test_a_shortage_has_its_numbers_and_what_has_room_is_made(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 1))
    operator.converge(sharing("web", 6, 1))
    before = tasks(operator)
    operator.write(sharing("web", 6, 1), sharing("large", 2, 8), sharing("small", 2, 1))
    plan = operator.plan()
    (error,) = plan.errors
    assert error.message.startswith(f"2 replicas of large cannot be placed on {BIG}")
    assert error.found == f"1 {BIG}, 16 chips short"
    (shortage,) = plan.shortages
    assert (shortage.needed, shortage.registered, shortage.chips) == (3, 1, 16)
    operator.apply(errors=True)
    assert running(operator) == {"web": 6, "small": 2}
    assert before.items() <= tasks(operator).items()

    operator.driver.sandbox.add_instances(BIG, 2)
    operator.converge()
    assert running(operator) == {"web": 6, "small": 2, "large": 2}
    warned = {each.key for each in operator.plan().diagnostics if each.code == "not-spread"}
    assert warned == {"NeuronService/web", "NeuronService/small"}, "nothing that runs is moved"


def test_a_cluster_that_cannot_be_read_costs_no_other_its_place(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 1))
    gone = sharing("gone", 2, 1, cluster="nowhere")
    there = neuron_cluster("nowhere")
    operator.write(sharing("web", 2, 1), gone, clusters=(CLUSTER, there))
    outcomes = operator.apply(errors=True)
    assert {each.state for each in outcomes.values()} == {State.DONE}
    assert running(operator) == {"web": 2}
    (error,) = operator.plan().errors
    assert error.code == "cluster-unreadable"
    assert "nowhere" in error.message


def test_when_nothing_has_changed_looking_costs_what_the_budget_says(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 4))
    operator.converge(*six())
    services = len(lanes(operator))
    begin = len(operator.driver.sandbox.calls)
    assert is_empty(operator.plan())
    calls = operator.calls_of(since=begin)
    assert calls == {
        "ListServices": -(-services // 100),
        "DescribeServices": -(-services // 10),
        "ListContainerInstances": 1,
        "DescribeContainerInstances": 1,
        "ListTasks": 2,  # those that run, and those that are stopping
        "DescribeTasks": 1,
    }
