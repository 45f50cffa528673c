"""When a change may be made: drift that is left, and services that wait for others."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from glia.desired.state import DesiredState
from glia.observed import Observed
from glia.outcome import State
from glia.plan import NOT_READY
from glia.planning.allowances import NOTHING
from glia.planning.between import between
from glia.planning.planner import make_plan
from glia.service_status import status
from support.operator import fields, is_empty, neuron_service
from support.situations import live, wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from glia.desired.state import DesiredService
    from glia.live import LiveService
    from glia.plan import Plan
    from support.operator import Operator

PERCENT = "service.deploymentConfiguration.maximumPercent"


def plan_of(services: list[DesiredService], *there: LiveService) -> Plan:
    """The plan for these services, of which these are live."""
    cluster = services[0].cluster
    found = {each.name: each for each in there}
    seen = Observed(cluster, services=found, newest={})
    return make_plan(DesiredState(tuple(services)), {cluster: seen}, NOTHING)


@pytest.mark.parametrize("policy", ["warn", "ignore"])
def test_drift_may_be_left_and_a_change_of_the_manifest_is_made_all_the_same(
    operator: Operator, policy: str
) -> None:
    operator.converge(neuron_service(driftPolicy=policy))
    operator.driver.update(desiredCount=1, deploymentConfiguration={"maximumPercent": 200})
    operator.driver.run(120)

    plan = operator.plan()
    assert is_empty(plan)
    told = [each.path for drifted in plan.drifted for each in drifted.fields]
    assert told == ([PERCENT, "replicas"] if policy == "warn" else [])
    with operator.changing() as calls:
        operator.apply()
    assert not calls

    operator.write(neuron_service(driftPolicy=policy, image="server:2"))
    plan = operator.plan()
    assert plan.changes[0].cause == "git"
    assert not plan.drifted
    assert {PERCENT, "replicas"} < fields(plan).keys()
    operator.converge()
    assert is_empty(operator.plan())
    assert not operator.plan().drifted


def test_a_rollback_is_no_drift_and_is_told_whatever_the_policy_says(operator: Operator) -> None:
    operator.converge(neuron_service(driftPolicy="ignore"))
    operator.write(neuron_service(driftPolicy="ignore", image="server:crash"))
    assert operator.apply()["web"].state is State.ROLLED_BACK
    assert [each.reason for each in operator.plan().held] == ["RolledBack"]


def test_what_is_left_as_it_is_is_ready_and_says_that_it_has_drifted() -> None:
    service = wanted(driftPolicy="warn")
    there = live(service.lanes[0], count=1, running=1)
    plan = plan_of([service], there)
    seen = Observed(service.cluster, services={"web": there})
    state = DesiredState((service,))
    found = status(state, [seen], plan, {}, 0.0, account_ids={}, instance_types={}).services[0]
    ready, _, stalled = found.conditions
    assert (ready.status, ready.reason, stalled.status) == ("True", "Drifted", "False")
    assert ready.message == "somebody has changed replicas; driftPolicy leaves it so"


def chain(*names: str, **spec: Any) -> list[DesiredService]:
    """Services of which each depends on the one before."""
    made = [wanted(name, **spec) for name in names]
    later = (replace(each, depends_on=(before.name,)) for before, each in pairwise(made))
    return [made[0], *later]


def test_services_come_after_those_that_they_depend_on_whatever_they_are_called() -> None:
    services = chain("c", "b", "a")
    plan = plan_of(sorted(services, key=lambda each: each.name))
    assert [each.service.name for each in plan.changes] == ["c", "b", "a"]
    first, second, third = plan.changes
    assert (second.depends_on, third.depends_on) == ((first.id,), (second.id,))
    assert not first.depends_on


def test_a_dependency_that_is_ready_costs_nothing_and_a_rolling_one_is_waited_for() -> None:
    below, above = chain("below", "above")
    there = live(below.lanes[0])
    (change,) = plan_of([below, above], there).changes
    assert (change.service.name, change.depends_on) == ("above", ())

    rolling = tuple(replace(each, rollout_state="IN_PROGRESS") for each in there.deployments)
    (change,) = plan_of([below, above], replace(there, deployments=rolling)).changes
    assert change.depends_on == ("-/us-west-2/inference/below",)


@pytest.mark.parametrize(
    ("below", "why"),
    [
        (lambda lane: live(lane, running=1), "1 of 2 replicas of inference/below run"),
        (lambda lane: live(lane, tags={}), "a change of inference/below is blocked"),
    ],
    ids=["replicas lack", "blocked"],
)
def test_what_depends_on_what_is_not_ready_is_held(
    below: Callable[[Any], LiveService], why: str
) -> None:
    services = chain("below", "above", "top")
    plan = plan_of(services, below(services[0].lanes[0]))
    assert [(each.service.name, each.reason) for each in plan.held] == [
        ("above", NOT_READY),
        ("top", NOT_READY),
    ]
    assert plan.held[0].message == why
    assert plan.held[1].message == f"inference/above is held: {NOT_READY}"
    assert not [each for each in plan.changes if not each.blocked_by]


def test_between_two_revisions_a_new_name_follows_the_old_one_and_prunes_nothing() -> None:
    before, after = wanted("web"), wanted("site", renamedFrom="web")
    made, gone = between(DesiredState((before,)), DesiredState((after,))).changes
    assert (made.action, made.key, gone.action) == ("create", "inference/site", "delete")
    assert (gone.lane.lane.name, gone.cause, gone.depends_on) == ("web", "git", (made.id,))


def test_drift_is_put_back_even_if_a_dependency_is_not_ready() -> None:
    below, above = chain("below", "above")
    there = live(below.lanes[0], running=1), live(above.lanes[0], count=1, running=1)
    plan = plan_of([below, above], *there)
    (change,) = plan.changes
    assert (change.service.name, change.cause, plan.held) == ("above", "drift", ())


def test_a_dependent_begins_when_its_dependency_is_ready_and_never_after_a_failed_one(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 4))

    def both(image: str) -> list[dict[str, Any]]:
        return [
            neuron_service("web", image=f"server:{image}", dependsOn=["tokenizer"]),
            neuron_service("tokenizer", image=f"server:{image}"),
        ]

    operator.converge(*both("1"))
    ready = [each.at for each in operator.told if each.lane == "tokenizer"][-1]
    begun = [
        each.at for each in operator.told if each.lane == "web" and each.state is State.CHANGES
    ]
    assert begun[0] >= ready

    operator.write(*both("crash"))
    outcomes = operator.apply()
    assert outcomes["tokenizer"].state is State.ROLLED_BACK
    assert (outcomes["web"].state, outcomes["web"].reason) == (State.HELD, NOT_READY)
    held = {each.service.name: each.reason for each in operator.plan().held}
    assert held == {"tokenizer": "RolledBack", "web": NOT_READY}
    with operator.changing() as calls:
        operator.apply()
    assert not calls

    operator.converge(*both("2"))
    assert is_empty(operator.plan())
