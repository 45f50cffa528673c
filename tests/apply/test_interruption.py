"""Ctrl-C, time limits and crashes: what is under way ends, nothing new starts, all can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from glia.apply import apply
from glia.applying.manner import Manner
from glia.aws.clock import Interrupted
from glia.cli.apply import exit_code
from glia.outcome import State
from support.operator import CutShort, is_empty, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator


def test_an_interruption_says_what_is_left_and_the_next_apply_finishes(
    make_operator: Callable[..., Operator],
) -> None:
    """Registering is limited to one a second, so some of 30 services still wait for their turn."""
    operator = make_operator(("inf1.xlarge", 30))
    services = [neuron_service(f"s{number:02}", replicas=1) for number in range(30)]
    operator.write(*services)
    outcomes = operator.apply(clock=CutShort(operator.driver.clock, 3))
    states = {each.state for each in outcomes.values()}
    assert len(outcomes) == 30
    assert State.NOT_STARTED in states
    assert states <= {State.DONE, State.INTERRUPTED, State.NOT_STARTED}
    there = operator.driver.ecs.list_services(cluster="inference", maxResults=100)["serviceArns"]
    created = {name for name, each in outcomes.items() if "CreateService" in each.calls}
    assert {arn.rpartition("/")[2] for arn in there} == created
    assert all(not each.calls for each in outcomes.values() if each.state is State.NOT_STARTED)

    operator.converge()
    assert is_empty(operator.plan())
    revisions = operator.driver.ecs.list_task_definitions()["taskDefinitionArns"]
    assert len(revisions) == 30, "what was registered before is not registered again"


def test_a_timeout_leaves_the_rollout_to_ecs_and_the_next_apply_waits_for_it(
    operator: Operator,
) -> None:
    operator.write(neuron_service())
    (outcome,) = operator.apply(timeout=10).values()
    assert outcome.state is State.TIMED_OUT
    with operator.changing() as calls:
        (outcome,) = operator.apply().values()
    assert not calls
    assert (outcome.action, outcome.state) == ("wait", State.DONE)


@pytest.mark.parametrize(
    ("cut", "reason", "code"), [("timeout", "TimedOut", 4), ("interruption", "Interrupted", 130)]
)
def test_nothing_is_created_after_the_end_and_the_exit_code_says_which_end_it_was(
    operator: Operator, cut: str, reason: str, code: int
) -> None:
    """A name is waited for while its last service is DRAINING, but not past the end."""
    operator.converge(neuron_service())
    operator.driver.ecs.delete_service(cluster="inference", service="web", force=True)
    plan, online = operator.plan(), operator.online()
    clock = CutShort(online.clock, 5) if cut == "interruption" else online.clock
    manner = Manner(timeout=5 if cut == "timeout" else None)
    with operator.changing() as calls:
        applied = apply(plan, online.of, clock, operator.told.append, manner)
    assert not calls
    (outcome,) = applied
    assert (outcome.state, outcome.reason) == (State.NOT_STARTED, reason)
    assert exit_code(plan, applied.outcomes, applied.cut) == code
    operator.converge()


def test_minimum_ready_seconds_are_waited_out(operator: Operator) -> None:
    operator.converge(neuron_service())
    quick = operator.driver.clock.now()
    operator.converge(neuron_service(image="server:2"))
    quick = operator.driver.clock.now() - quick
    begin = operator.driver.clock.now()
    operator.converge(neuron_service(image="server:3", rollout={"minReadySeconds": 120}))
    assert operator.driver.clock.now() - begin >= quick + 115


def test_a_change_of_tags_during_a_rollout_waits_for_the_rollout(operator: Operator) -> None:
    operator.converge(neuron_service())
    operator.write(neuron_service(image="server:2-slow"))
    operator.apply(wait=False)
    labelled = neuron_service(image="server:2-slow")
    labelled["metadata"]["labels"] = {"team": "vision"}
    operator.write(labelled)
    (outcome,) = operator.apply().values()
    assert outcome.calls == ("TagResource",)
    assert (outcome.state, outcome.ready) == (State.DONE, 2)
    assert len(operator.driver.describe()["deployments"]) == 1


def test_an_interruption_before_anything_is_labelled_or_registered_starts_nothing(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf2.24xlarge", 2))
    operator.write(shared("whole", 1, "all"), shared("one", 6, 1))
    plan, online = operator.plan(), operator.online()
    (labelling,) = plan.labellings

    class Halted:
        """A gateway at which Ctrl-C comes at the first call: labelling's or another lane's."""

        def __getattr__(self, call: str) -> None:
            raise Interrupted

    with operator.changing() as calls:
        applied = apply(
            plan, lambda _: cast("Any", Halted()), online.clock, operator.told.append, Manner()
        )
    assert not calls
    assert applied.cut is State.INTERRUPTED
    assert {each.state for each in applied} == {State.NOT_STARTED}
    assert [each.action for each in applied][:2] == ["label", "create"], "in the order of doing"
    assert applied.outcomes[0].id == labelling.id
    operator.converge()


def shared(name: str, replicas: int, devices: int | str) -> dict[str, Any]:
    """A service whose replicas take a part of the instances, all of which may be one instance."""
    neuron = {"instanceType": "inf2.24xlarge", "devices": devices, "minInstances": 1}
    made = neuron_service(name, replicas=replicas, neuron=neuron)
    container = made["spec"]["taskDefinition"]["containerDefinitions"][0]
    container["healthCheck"] = {"command": ["CMD-SHELL", "true"]}
    return made
