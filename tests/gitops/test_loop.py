"""The loop: what the manifests say becomes so, whatever they say next, and one costs no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.looped import Loop, Repository
from glia.events import ConditionsChanged, LoopFailed, RolloutEnded
from glia.outcome import State
from glia.reconciler import Settings
from glia.reconciling.requeue import Pace
from glia.tags import FAILED, SOURCE
from support.operator import CLUSTER, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.operator import Operator

STALLED = ("True", "InvalidManifest")


def image(operator: Operator, name: str) -> str:
    """What ECS is asked to run."""
    arn = operator.driver.describe(name)["taskDefinition"]
    shown = operator.driver.ecs.describe_task_definition(taskDefinition=arn)
    found: str = shown["taskDefinition"]["containerDefinitions"][0]["image"]
    return found


def sources(operator: Operator, name: str) -> list[str]:
    """What the service and its task definition say that they were applied from."""
    arn = operator.driver.describe(name)["taskDefinition"]
    shown = operator.driver.ecs.describe_task_definition(taskDefinition=arn, include=["TAGS"])
    of_definition = {each["key"]: each["value"] for each in shown["tags"]}
    return [operator.tags(name)[SOURCE], of_definition[SOURCE]]


def test_commits_that_create_change_break_mend_and_revert_converge(
    make_operator: Callable[..., Operator], tmp_path: Path
) -> None:
    """What is wrong freezes itself: its live service stays, and nobody waits for it."""
    operator = make_operator(("inf1.xlarge", 6))
    git = Repository(tmp_path, operator.driver.clock)
    first = {name: neuron_service(name, replicas=1) for name in ("one", "other")}
    git.commit(cluster=CLUSTER, **first)
    loop = Loop(operator, source=git.source)
    loop.settle("one", "other")
    tip = loop.reconciler.status().source.commit
    assert tip == git.origin.tip()
    assert sources(operator, "one") == [f"{tip}:m/one.yaml"] * 2

    broken = neuron_service("one", replicas=1, image="server:2", replica=3)
    loop.see(git.commit(one=broken, other=neuron_service("other", replicas=1, image="server:2")))
    loop.settle("other")
    assert loop.condition("Stalled", "one") == STALLED
    assert (image(operator, "one"), image(operator, "other")) == ("server:1", "server:2")

    no_yaml = git.commit(
        one="kind: [\n", other=neuron_service("other", replicas=1, image="server:3")
    )
    loop.see(no_yaml).settle("other")
    assert loop.condition("Stalled", "one") == STALLED, "a file that is no YAML names no service"
    told = [each for each in loop.told(ConditionsChanged) if each.key == "inference/one"]
    assert [each.after[2].reason for each in told].count("InvalidManifest") == 1
    assert loop.service("one").applied != loop.service("other").applied == no_yaml

    loop.see(git.commit(one=neuron_service("one", replicas=1, image="server:4")))
    loop.settle("one", "other")
    loop.see(git.commit(**first)).settle("one", "other")
    assert (image(operator, "one"), image(operator, "other")) == ("server:1", "server:1")
    reverted = git.origin.tip()
    loop.see(git.commit(note="# the same manifests at another commit\n"))
    with operator.changing() as calls:
        loop.play(200)
    assert not calls
    assert sources(operator, "one") == [f"{reverted}:m/one.yaml"] * 2

    (tmp_path / "fleet.git").rename(tmp_path / "gone.git")
    again = Loop(operator, source=git.another_source())
    operator.driver.update("one", desiredCount=3)
    again.play(130)
    assert operator.driver.describe("one")["desiredCount"] == 1, "put right without a server"
    assert not [*loop.told(LoopFailed), *again.told(LoopFailed)]


def test_a_new_revision_supersedes_a_rollout_and_what_failed_is_held_until_the_next(
    operator: Operator,
) -> None:
    loop = Loop(operator.write(neuron_service()))
    loop.settle("web")
    loop.write(neuron_service(image="server:2-never-healthy"))
    loop.play(120)
    assert loop.condition("Reconciling") == ("True", "RollingOut")

    begin = loop.clock.now()
    loop.write(neuron_service(image="server:3-crash"))
    loop.play(2)
    assert image(operator, "web") == "server:3-crash"
    assert loop.clock.now() - begin < 70, "nobody waited for the rollout before"

    loop.play_until(lambda: FAILED in operator.tags())
    assert loop.condition("Stalled") == ("True", "RolledBack")
    ended = [each.outcome.state for each in loop.told(RolloutEnded)]
    assert ended[-1] is State.ROLLED_BACK
    with operator.changing() as calls:
        loop.play(600)
    assert not calls, "what ECS has rolled back is not tried again"
    assert loop.service().applied != loop.service().attempted

    again = Loop(operator)
    with operator.changing() as calls:
        again.play(120)
    assert again.condition("Stalled") == ("True", "RolledBack"), "a new process knows it too"
    assert not calls
    since = len(loop.events)
    loop.write(neuron_service(image="server:4"))
    loop.settle("web")
    assert loop.changes(since=since) == [("web", State.SUBMITTED)]
    assert loop.service().applied == loop.service().attempted


def test_drift_is_put_back_once_for_each_edit_until_it_is_a_fight(operator: Operator) -> None:
    """Three corrections within ten minutes, then an hour's truce, told once."""
    loop = Loop(operator.write(neuron_service()))
    loop.settle("web")
    loop.play(150)

    def edit() -> int:
        """Somebody changes the count; how many updates that costs in the next three minutes."""
        operator.driver.update(desiredCount=1)
        with operator.changing() as calls:
            loop.play(180)
        return calls["UpdateService"]

    begin = loop.clock.now()
    assert [edit(), edit(), edit()] == [1, 1, 1]
    assert operator.driver.describe()["desiredCount"] == 2
    assert edit() == 0
    assert loop.condition("Stalled") == ("True", "Fighting")
    assert loop.clock.now() - begin < 900
    since = len(loop.events)
    with operator.changing() as calls:
        loop.play(600)
    assert not calls
    assert not loop.changes(since=since)
    assert not loop.told(ConditionsChanged, since=since)

    loop.play(3600)
    assert operator.driver.describe()["desiredCount"] == 2, "the hour has gone"
    assert loop.condition("Ready")[0] == "True"


def test_between_sweeps_ecs_is_left_alone_and_sweeps_cost_as_few_calls_as_a_plan(
    operator: Operator,
) -> None:
    loop = Loop(operator.write(neuron_service()), settings=Settings(Pace(10, 600)))
    loop.settle("web")
    loop.play_until(lambda: loop.told(ConditionsChanged)[-1].after[0].status == "True")
    since = len(operator.driver.sandbox.calls)
    swept = loop.reconciler.status().clusters[0].next_sweep
    while loop.clock.now() < swept - 20:
        loop.play(10)
    assert not operator.calls_of(since=since)
    loop.play(40)
    assert operator.calls_of(since=since) == {"DescribeServices": 1}
