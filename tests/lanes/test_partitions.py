"""Whole instances beside single chips: partitions, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glia.cli.plan import CHANGES, exit_code
from glia.render.plan_markdown import plan_markdown
from glia.render.plan_text import plan_text
from lanes.fleet import (
    BIG,
    Watch,
    died_for_a_taken_chip,
    label_of,
    partitions,
    running,
    sharing,
    tasks,
)
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.plan import Plan
    from glia.sandbox.records import Instance
    from support.operator import Operator

FLEET = [sharing("whole", 3, "all"), sharing("one", 24, 1)]


@pytest.fixture
def parted(make_operator: Callable[..., Operator]) -> Operator:
    """Six instances, two of them a partition for one-chip replicas."""
    operator = make_operator((BIG, 6))
    operator.converge(*FLEET)
    assert partitions(operator) == {"": 4, "a": 2}
    return operator


def codes(plan: Plan) -> list[str]:
    return sorted({each.code for each in plan.diagnostics})


def of(operator: Operator, partition: str) -> Instance:
    """The first instance of a partition."""
    instances = operator.driver.sandbox.cluster.instances.values()
    return next(
        each for each in instances if (each.attributes.get("glia.partition") or "") == partition
    )


def test_whole_instances_and_single_chips_never_get_into_each_others_way(parted: Operator) -> None:
    watch = Watch(parted)
    wanted = {"whole": 3, "one": 24}
    assert running(parted) == wanted
    for _ in range(3):
        for task in parted.driver.tasks(None):
            parted.driver.ecs.stop_task(cluster="inference", task=task["taskArn"])
        parted.driver.run(200)
        assert running(parted) == wanted, "in whatever order ECS starts them"
    assert not watch.collisions
    assert not died_for_a_taken_chip(parted)
    assert is_empty(parted.plan())


def test_a_new_instance_serves_the_default_partition_at_once_while_glia_is_off(
    parted: Operator,
) -> None:
    sandbox = parted.driver.sandbox
    for _ in range(2):
        sandbox.lose_instance(of(parted, ""))
    parted.driver.run(100)
    assert running(parted)["whole"] < 3
    sandbox.add_instances(BIG, 2)
    parted.driver.run(100)
    assert running(parted) == {"whole": 3, "one": 24}
    assert is_empty(parted.plan())
    assert not parted.plan().labellings


def test_a_partition_that_lost_an_instance_gets_an_idle_one_and_its_lanes_move_there(
    parted: Operator,
) -> None:
    parted.driver.sandbox.lose_instance(of(parted, "a"))
    parted.driver.sandbox.add_instances(BIG)
    parted.driver.run(100)
    lost = 24 - running(parted)["one"]
    assert lost > 0
    untouched = tasks(parted)

    plan = parted.plan()
    assert label_of(plan) == {"a": 1}
    assert not plan.errors
    assert exit_code(plan, detailed=True) == CHANGES
    shown = plan_text(plan, colour=False, width=100)
    assert shown.startswith(f"= label 1 idle {BIG} of inference (us-west-2) as partition a")
    assert "1 instance to label" in shown
    assert "as partition a" in plan_markdown(plan)
    (told,) = (each for each in plan.diagnostics if each.code == "partition-short")
    assert told.message.endswith(f"given to 1 idle {BIG} of the default partition")
    assert (told.expected, told.found) == (f"2 {BIG}", "1")
    with parted.changing() as calls:
        parted.converge()
    assert calls == plan.labellings[0].calls
    assert calls == {
        "PutAttributes": 2,
        "UpdateContainerInstancesState": 2,
        "DeleteAttributes": 1,
    }
    parted.driver.run(100)
    assert running(parted) == {"whole": 3, "one": 24}
    assert untouched.items() <= tasks(parted).items()
    plan = parted.plan()
    assert is_empty(plan)
    assert not plan.labellings
    assert not plan.diagnostics


@pytest.mark.parametrize("how", ["drained", "label removed", "relabelled"])
def test_an_instance_that_somebody_takes_from_a_partition_is_made_up_for(
    parted: Operator, how: str
) -> None:
    instance, ecs = of(parted, "a"), parted.driver.ecs
    here = {"cluster": "inference"}
    label = {"name": "glia.partition", "targetType": "container-instance"}
    parted.driver.sandbox.add_instances(BIG)
    if how == "drained":
        drained = [instance.arn]
        ecs.update_container_instances_state(**here, containerInstances=drained, status="DRAINING")
    elif how == "label removed":
        ecs.delete_attributes(**here, attributes=[{**label, "targetId": instance.arn}])
    else:
        theirs = {**label, "targetId": instance.arn, "value": "theirs"}
        ecs.put_attributes(**here, attributes=[theirs])
    parted.driver.run(100)
    (labelling,) = parted.plan().labellings
    its_own = labelling.instances == (instance.arn,)
    assert its_own == (how == "label removed"), "what its tasks are on needs only the label again"
    parted.converge()
    parted.driver.run(100)
    assert running(parted) == {"whole": 3, "one": 24}
    assert is_empty(parted.plan())
    assert not parted.plan().labellings
    assert not died_for_a_taken_chip(parted)


def test_where_no_instance_is_idle_nothing_is_labelled_and_the_warning_says_what_is_needed(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 5))
    fleet = [sharing("whole", 3, "all"), sharing("one", 24, 1)]
    operator.converge(*fleet)
    assert partitions(operator) == {"": 3, "a": 2}
    operator.driver.sandbox.lose_instance(of(operator, "a"))
    operator.driver.run(100)
    plan = operator.plan()
    assert codes(plan) == ["lane-unsafe"]
    assert not plan.labellings
    warning = plan.diagnostics[0]
    assert warning.expected == "2 instances of partition a"
    assert warning.found == "1"
    assert "apply again" in warning.remedy

    operator.driver.sandbox.add_instances(BIG)
    assert label_of(operator.plan()) == {"a": 1}
    operator.converge()
    operator.driver.run(100)
    assert running(operator) == {"whole": 3, "one": 24}


@pytest.mark.parametrize("at_hand", [["whole", "one"], ["one"]])
def test_no_partition_is_refilled_at_the_cost_of_the_default_one(
    parted: Operator, at_hand: list[str]
) -> None:
    """Idle for a moment is not spare, whether the manifest that needs it is at hand or not."""
    sandbox = parted.driver.sandbox
    sandbox.add_instances(BIG)
    sandbox.lose_instance(of(parted, "a"))
    parted.write(*(each for each in FLEET if each["metadata"]["name"] in at_hand))
    assert label_of(parted.plan()) == {"a": 1}

    instances = sandbox.cluster.instances.values()
    groups = {each.arn: {task.group for task in each.tasks.values()} for each in instances}
    sandbox.lose_instance(next(each for each in instances if "service:whole" in groups[each.arn]))
    assert set() in groups.values(), "the lost replica has not come back yet"
    plan = parted.plan()
    assert not plan.labellings
    assert "lane-unsafe" in codes(plan)
