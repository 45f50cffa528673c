"""Instances into partitions and out of them: drained for it, and repaired by whoever comes next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema

from glia.apply import apply
from glia.applying.item import Site
from glia.applying.manner import Manner
from glia.applying.relabelling import Relabelling
from glia.aws.clock import Interrupted
from glia.outcome import State
from glia.render.plan_json import plan_json
from glia.render.plan_markdown import plan_markdown
from glia.render.plan_schema import plan_schema
from glia.render.plan_text import plan_text
from glia.steps import Labelling
from lanes.fleet import (
    BIG,
    Mortal,
    apply_and_die,
    died_for_a_taken_chip,
    label_of,
    lanes,
    partitions,
    running,
    sharing,
    status_of,
    writes,
)
from support.operator import is_empty

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from glia.plan import Plan
    from glia.sandbox.records import Instance
    from support.operator import Operator

SMALL = "inf1.6xlarge"  # 4 chips
FLEET = [sharing("whole", 3, "all"), sharing("one", 24, 1)]
OURS = {"glia.partition", "glia.labelling", "glia.owner"}


def instances(operator: Operator) -> dict[str, Instance]:
    return dict(operator.driver.sandbox.cluster.instances)


def ours(operator: Operator) -> dict[str, tuple[str, dict[str, str | None]]]:
    """State and Glia's attributes of each instance that is drained or has some."""
    shown = {
        arn: (each.status, {name: value for name, value in each.attributes.items() if name in OURS})
        for arn, each in instances(operator).items()
    }
    return {arn: told for arn, told in shown.items() if told != ("ACTIVE", {})}


def put(operator: Operator, arn: str, **values: str) -> None:
    on = {"targetType": "container-instance", "targetId": arn}
    attributes = [{"name": f"glia.{name}", "value": value, **on} for name, value in values.items()]
    operator.driver.ecs.put_attributes(cluster="inference", attributes=attributes)


def carry_out(operator: Operator, plan: Plan) -> dict[str, Any]:
    """Apply a plan that was made before; what came of it, by lane."""
    online = operator.online()
    done = apply(plan, online.of, online.clock, operator.told.append, Manner())
    return {each.lane: each for each in done}


def actions(plan: Plan) -> list[tuple[str, str, int]]:
    return [(each.action, each.partition, len(each.instances)) for each in plan.labellings]


def nothing_left(operator: Operator) -> bool:
    plan = operator.plan()
    return is_empty(plan) and not plan.labellings and not plan.diagnostics


def test_a_task_that_has_come_since_the_plan_is_never_on_the_wrong_side(
    make_operator: Callable[..., Operator],
) -> None:
    """ECS moves a service's task; one that nobody moves keeps its instance as it was."""
    operator = make_operator((BIG, 6))
    plan = operator.write(*FLEET).plan()
    (labelling,) = plan.labellings
    first, second = labelling.instances
    operator.driver.create("visitor", count=6, placementStrategy=[{"type": "spread",
        "field": "instanceId"}])  # fmt: skip
    alone = operator.driver.register(family="alone")
    begin = {"cluster": "inference", "taskDefinition": alone, "containerInstances": [second]}
    (task,) = operator.driver.ecs.start_task(**begin)["tasks"]
    operator.driver.run(60)
    assert all(len(each.tasks) for each in instances(operator).values())

    done = carry_out(operator, plan)
    told = done["partition a"]
    assert (told.state, told.reason) == (State.FAILED, "Refused")
    assert "family:alone" in told.message
    assert {each.state for lane, each in done.items() if lane.endswith("-a")} == {State.HELD}
    assert ours(operator) == {first: ("ACTIVE", {"glia.partition": "a", "glia.owner": "tests"})}
    assert {task.group for task in instances(operator)[first].tasks.values() if task.live} == set()

    operator.driver.ecs.delete_service(cluster="inference", service="visitor", force=True)
    operator.driver.ecs.stop_task(cluster="inference", task=task["taskArn"])
    operator.driver.run(60)
    operator.converge()
    assert partitions(operator) == {"": 4, "a": 2}
    assert running(operator) == {"whole": 3, "one": 24}


def test_what_was_left_draining_is_made_active_by_the_next_apply_and_nobody_elses_is(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 6))
    operator.converge(*FLEET)
    sandbox = operator.driver.sandbox
    lost, *_ = (
        each for each in instances(operator).values() if "glia.partition" in each.attributes
    )
    sandbox.lose_instance(lost)
    kept = ours(operator)
    theirs, ready = (each.arn for each in sandbox.add_instances(BIG, 2))
    drain = {"cluster": "inference", "containerInstances": [theirs], "status": "DRAINING"}
    operator.driver.ecs.update_container_instances_state(**drain)
    operator.driver.run(60)
    apply_and_die(operator, 2)
    left = {"glia.labelling": "a", "glia.owner": "tests"}
    assert ours(operator) == kept | {theirs: ("DRAINING", {}), ready: ("DRAINING", left)}
    assert actions(operator.plan()) == [("label", "a", 1)], "the next one would go on"

    (told,) = (each for each in status_of(operator).diagnostics if each.severity == "warning"
        and each.code == "instance-being-labelled")  # fmt: skip
    assert (told.found, "partition a" in told.message) == ("DRAINING", True)

    # Meanwhile somebody has labelled another one: nobody needs this one any more.
    (by_hand,) = (each.arn for each in sandbox.add_instances(BIG))
    put(operator, by_hand, partition="a")
    kept |= {by_hand: ("ACTIVE", {"glia.partition": "a"}), theirs: ("DRAINING", {})}
    plan = operator.plan()
    assert actions(plan) == [("release", "", 1)]
    assert f"= release 1 {BIG} of inference (us-west-2)" in plan_text(plan, colour=False, width=120)
    operator.converge()
    assert ours(operator) == kept
    operator.driver.run(60)
    assert running(operator) == {"whole": 3, "one": 24}
    assert is_empty(operator.plan())
    assert not operator.plan().labellings

    # With all of its steps done but the last, only the mark is left to take away.
    put(operator, ready, labelling="a", owner="tests")
    with operator.changing() as calls:
        operator.converge()
    assert calls == {"DeleteAttributes": 1}
    assert ours(operator) == kept


def test_a_label_goes_with_the_last_lane_and_only_where_glia_has_put_it(
    make_operator: Callable[..., Operator],
) -> None:
    """Lanes move to another instance type; others of the domain stay."""
    operator = make_operator((BIG, 6), (SMALL, 6))
    operator.converge(sharing("large", 3, 11), sharing("pair", 12, 2))
    found = partitions(operator)
    assert found["a"]
    (by_hand,) = (each.arn for each in operator.driver.sandbox.add_instances(BIG))
    put(operator, by_hand, partition="a")

    operator.write(sharing("large", 3, 3, kind=SMALL), sharing("pair", 12, 2))
    plan = operator.plan()
    (labelling,) = plan.labellings
    assert actions(plan) == [("unlabel", "a", found["a"])]
    deleted = {each.id for each in plan.changes if each.action == "delete"}
    assert set(labelling.depends_on) == deleted != set()
    jsonschema.validate(plan_json(plan), plan_schema())
    shown = plan_text(plan, colour=False, width=120)
    assert f"= unlabel {found['a']} {BIG} of inference (us-west-2): partition a has no" in shown
    assert f"{found['a']} instances to unlabel" in shown
    assert "partition a has no lanes" in plan_markdown(plan)
    assert plan.digest == operator.plan().digest
    operator.converge()
    assert ours(operator) == {by_hand: ("ACTIVE", {"glia.partition": "a"})}
    assert running(operator) == {"large": 3, "pair": 12}
    assert nothing_left(operator)
    assert lanes(operator, "large") == {"large-neuron0to2": 3}
    assert not died_for_a_taken_chip(operator)


def test_what_nobody_needs_is_back_before_lanes_that_count_on_it(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 3))
    first, second, third = instances(operator)
    put(operator, first, partition="old", owner="tests")
    put(operator, second, partition="old", owner="another")
    put(operator, third, partition="old")
    plan = operator.write(sharing("web", 1, 4)).plan()
    assert [each.action for each in plan.labellings] == ["unlabel"]
    assert plan.labellings[0].instances == (first,)
    assert {each.depends_on for each in plan.changes} == {(plan.labellings[0].id,)}
    operator.converge()
    assert lanes(operator) == {"web-neuron0to3": 1}
    assert [arn for arn, each in instances(operator).items() if each.tasks] == [first]
    assert nothing_left(operator)
    assert not label_of(operator.plan())


def live_for_one_call_each(
    operator: Operator, labelling: Labelling, most: int = 100
) -> Counter[str]:
    """Processes that die after a call, until one has none to make; or only so many of them."""
    online, begin = operator.online(), len(operator.driver.sandbox.calls)
    for _ in range(most):
        site = Site(Mortal(online.of, 1), operator.driver.clock, lambda: False)
        relabelling = Relabelling(labelling, site)
        try:
            relabelling.run(relabelling.first(operator.driver.clock.now()))
        except Interrupted:
            continue
        break
    return writes(operator, begin)


def test_whatever_call_a_labelling_dies_after_the_next_one_ends_it_and_no_call_is_made_twice(
    make_operator: Callable[..., Operator],
) -> None:
    """Seven instances: one call is not enough for the attributes of all."""
    operator = make_operator((BIG, 7))
    cluster = operator.write(sharing("web", 1, 1)).plan().changes[0].service.cluster
    label = Labelling(cluster, BIG, "a", tuple(instances(operator)))
    labelled = ("ACTIVE", {"glia.partition": "a", "glia.owner": "tests"})

    assert live_for_one_call_each(operator, label) == label.calls
    assert list(ours(operator).values()) == [labelled] * 7
    assert not live_for_one_call_each(operator, label)

    unlabel = replace(label, action="unlabel")
    assert live_for_one_call_each(operator, unlabel) == unlabel.calls
    assert ours(operator) == {}
    assert not live_for_one_call_each(operator, unlabel)

    for drained in range(1, 5):
        live_for_one_call_each(operator, label, drained)
        release = replace(label, action="release")
        live_for_one_call_each(operator, release)
        assert {state for state, _ in ours(operator).values()} <= {"ACTIVE"}
        assert all("glia.labelling" not in each for _, each in ours(operator).values())
        assert len(ours(operator)) == (7 if drained > 2 else 0), "a label that is there stays"
        live_for_one_call_each(operator, unlabel)


def test_a_label_that_waits_for_an_idle_instance_says_so_and_what_would_end_it(
    make_operator: Callable[..., Operator],
) -> None:
    """Three services, each on an instance of its own, leave no instance that a label could have."""
    operator = make_operator((BIG, 3))
    busy = [sharing(f"s{chip}", 1, 1) for chip in (4, 5, 6)]
    for each, chip in zip(busy, (4, 5, 6), strict=True):
        del each["spec"]["neuron"]["devices"]
        each["spec"]["neuron"]["deviceIds"] = [chip]
        only = {"type": "memberOf", "expression": "attribute:full !exists"}
        each["spec"]["service"] = {"placementConstraints": [only]}
    state = operator.driver.ecs.update_container_instances_state
    for number in range(3):  # each where no other can be
        operator.converge(*busy[: number + 1])
        here = {each["containerInstanceArn"] for each in operator.driver.tasks(None)}
        closed = sorted(here if number < 2 else instances(operator))
        for arn in closed:
            attribute = {"name": "full", "value": "yes", "targetId": arn}
            operator.driver.ecs.put_attributes(cluster="inference", attributes=[attribute])
    places = {each["containerInstanceArn"] for each in operator.driver.tasks(None)}
    operator.write(*busy, sharing("large", 1, 11))
    (error,) = operator.plan().errors
    assert len(places) == 3
    assert error.message.endswith(
        "a partition of 1 inf2.48xlarge would do, and only 0 of the default one are idle: no "
        "task is moved for a label"
    )
    assert error.remedy.startswith("apply labels 1 more inf2.48xlarge as a partition once no task ")

    arn = min(places)
    for instance in instances(operator):
        operator.driver.ecs.delete_attributes(
            cluster="inference", attributes=[{"name": "full", "targetId": instance}]
        )
    state(cluster="inference", containerInstances=[arn], status="DRAINING")
    operator.driver.run(300)
    state(cluster="inference", containerInstances=[arn], status="ACTIVE")
    operator.converge()
    assert running(operator)["large"] == 1
    assert partitions(operator) == {"": 2, "a": 1}
