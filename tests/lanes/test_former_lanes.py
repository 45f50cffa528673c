"""Services that shared instances before, where nobody shares any more: what is left of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.sandbox.faults import Fault
from glia.tags import KEY, OWNER, tag_list
from lanes.fleet import (
    BIG,
    Watch,
    apply_and_die,
    died_for_a_taken_chip,
    lanes,
    running,
    sharing,
)
from sandbox.test_managed_instances import NETWORK, provider
from support.operator import is_empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator


def pinned(name: str, replicas: int, *device_ids: int) -> dict[str, Any]:
    made = sharing(name, replicas, len(device_ids))
    neuron = made["spec"]["neuron"]
    del neuron["devices"]
    neuron["deviceIds"] = list(device_ids)
    return made


def two_lanes(make_operator: Callable[..., Operator]) -> Operator:
    """One instance, and a service with two lanes on it."""
    operator = make_operator((BIG, 1))
    operator.converge(sharing("web", 2, 4))
    return operator


def assert_done(operator: Operator) -> None:
    operator.driver.run(300)
    assert is_empty(operator.plan())
    with operator.changing() as calls:
        operator.converge()
    assert not calls
    assert not died_for_a_taken_chip(operator)


@pytest.mark.parametrize("calls", [2, 3])
def test_what_shared_and_takes_whole_instances_now_leaves_its_old_lanes(
    make_operator: Callable[..., Operator], calls: int
) -> None:
    """Killed after any call that changes something, too."""
    operator = two_lanes(make_operator)
    old = lanes(operator)
    assert len(old) == 2
    operator.driver.sandbox.add_instances(BIG, 3)
    watch = Watch(operator)
    watch.begin()
    operator.write(sharing("web", 2, "all"))
    plan = operator.plan()
    assert [each.action for each in plan.changes] == ["create", *["delete"] * len(old)]
    apply_and_die(operator, calls)
    operator.converge()
    assert lanes(operator) == {"web": 2}
    assert watch.fewest["inference/web"] >= 2, "the new ones were Ready first"
    assert_done(operator)
    assert not watch.collisions


def test_what_carries_no_key_is_nobodys_lane_whatever_it_is_called(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 2))
    ecs = operator.driver.ecs
    operator.driver.create("web", tags=tag_list({OWNER: "tests"}))
    operator.write(sharing("web", 2, 4))
    assert [each.action for each in operator.plan().changes] == ["create"]
    ecs.delete_service(cluster="inference", service="web", force=True)
    operator.driver.run(60)

    operator.converge(sharing("web", 2, "all"))
    (web,) = ecs.describe_services(cluster="inference", services=["web"])["services"]
    ecs.untag_resource(resourceArn=web["serviceArn"], tagKeys=[KEY])
    operator.write(sharing("web", 2, 4))
    for plan in (operator.plan(), operator.plan(downtime=True)):
        assert not plan.changes
        assert [each.code for each in plan.errors] == ["shortage"]


def test_where_there_is_no_room_for_both_the_old_lanes_give_way_in_turns(
    make_operator: Callable[..., Operator],
) -> None:
    operator = two_lanes(make_operator)
    operator.write(sharing("web", 1, "all"))
    plan = operator.plan()
    assert not plan.errors
    (transition,) = plan.transitions
    assert {each.action for each in transition.steps} >= {"create", "delete"}
    operator.converge()
    assert lanes(operator) == {"web": 1}
    assert_done(operator)


def test_chips_that_are_pinned_now_leave_the_lanes_that_are_on_others(
    make_operator: Callable[..., Operator],
) -> None:
    """The first of the old lanes is the new one: only the tag tells that there were more."""
    operator = two_lanes(make_operator)
    operator.converge(pinned("web", 1, 0, 1, 2, 3))
    assert lanes(operator) == {"web-neuron0to3": 1}
    assert_done(operator)
    for chips in ((4, 5, 6, 7), (8, 9)):
        operator.converge(pinned("web", 1, *chips))
        assert lanes(operator) == {f"web-neuron{chips[0]}to{chips[-1]}": 1}
    assert_done(operator)


def test_once_nothing_is_left_a_change_takes_the_tag_and_looking_around_has_an_end(
    make_operator: Callable[..., Operator],
) -> None:
    operator = two_lanes(make_operator)
    operator.driver.sandbox.add_instances(BIG, 3)
    operator.converge(sharing("web", 2, "all"))
    operator.driver.run(100)
    assert operator.tags()["glia:siblings"] == "true"
    operator.converge(sharing("web", 2, "all", image="server:2"))
    assert operator.tags()["glia:siblings"] == ""
    begin = len(operator.driver.sandbox.calls)
    assert is_empty(operator.plan())
    assert operator.calls_of(since=begin) == {"DescribeServices": 1}


def test_a_service_that_is_new_lists_its_cluster_and_reads_no_more_than_that(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator((BIG, 4))
    operator.converge(sharing("old", 1, "all"))
    operator.write(sharing("old", 1, "all"), sharing("new", 1, "all"))
    begin = len(operator.driver.sandbox.calls)
    assert not operator.plan().diagnostics
    calls = operator.calls_of(since=begin)
    assert (calls["ListServices"], calls["DescribeServices"]) == (1, 1)

    operator.driver.sandbox.faults.rewrite(Fault("ListServices", "AccessDeniedException"))
    (warning,) = operator.plan().diagnostics
    assert (warning.severity, warning.code) == ("warning", "lanes-unknown")
    operator.converge()
    assert running(operator) == {"old": 1, "new": 1}


def managed(replicas: int, **spec: Any) -> dict[str, Any]:
    """``web`` on Managed Instances, which ECS hands out whole."""
    made = sharing("web", replicas, "all", **spec)
    made["spec"]["neuron"] = {"allocation": "managed"}
    made["spec"]["taskDefinition"] |= {"cpu": "4096", "memory": "8192"}
    made["spec"]["service"] = {
        "capacityProviderStrategy": [{"capacityProvider": "neuron", "weight": 1}],
        "networkConfiguration": {"awsvpcConfiguration": NETWORK},
    }
    return made


@pytest.mark.parametrize("beside", [(), (sharing("other", 2, 1),)])
def test_what_ecs_hands_out_instances_for_now_leaves_its_lanes_and_comes_back_to_them(
    make_operator: Callable[..., Operator], beside: tuple[dict[str, Any], ...]
) -> None:
    """Killed with all lanes there, too: only a tag tells of the old ones then."""
    operator = make_operator((BIG, 1))
    operator.driver.ecs.create_capacity_provider(
        name="neuron", cluster="inference", managedInstancesProvider=provider("inf2.*")
    )
    shared = sharing("web", 2, 4)
    operator.converge(shared, *beside)
    old = lanes(operator, "web")
    watch = Watch(operator)
    for before, after, manifest in ((old, {"web": 2}, managed(2)), ({"web": 2}, old, shared)):
        watch.begin()
        operator.write(manifest, *beside)
        plan = operator.plan()
        made = {each.id for each in plan.changes if each.action == "create"}
        gone = [each for each in plan.changes if each.action == "delete"]
        assert {each.lane.lane.name for each in gone} == before.keys()
        assert all(made <= set(each.depends_on) for each in gone)
        apply_and_die(operator, 2)
        assert lanes(operator, "web") == before | after
        operator.converge()
        assert lanes(operator, "web") == after
        assert watch.fewest["inference/web"] >= 2
        assert_done(operator)
    assert not watch.collisions
