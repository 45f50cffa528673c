"""Manifests that go, come back, move and change their names, against a live cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glia.outcome import State
from glia.sandbox.faults import Fault
from glia.steps import Delete, Retire
from lanes.fleet import apply_and_die, writes
from support.operator import is_empty, neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator import Operator

GRACE = 600
PRUNING = (neuron_cluster("inference", prune=True, pruneGraceSeconds=GRACE),)
NEURON = {"instanceType": "inf1.xlarge", "devices": "all"}


def fleet(*names: str, **spec: Any) -> list[dict[str, Any]]:
    return [neuron_service(name, replicas=1, **spec) for name in names]


@pytest.fixture
def pruning(make_operator: Callable[..., Operator]) -> Operator:
    """Four services in a cluster that prunes, with room for two more."""
    operator = make_operator(("inf1.xlarge", 6))
    operator.write(*fleet("a", "b", "c", "gone"), clusters=PRUNING).converge()
    assert is_empty(operator.plan())
    return operator


def live(operator: Operator) -> dict[str, int]:
    """The desired counts of what is there."""
    services = operator.driver.sandbox.cluster.services.values()
    return {each.name: each.desired_count for each in services if each.status == "ACTIVE"}


def test_a_manifest_that_goes_takes_its_replicas_first_and_its_service_later(
    pruning: Operator,
) -> None:
    pruning.write(*fleet("a", "b", "c"), clusters=PRUNING)
    begin = len(pruning.driver.sandbox.calls)
    (change,) = pruning.plan().changes
    calls = pruning.calls_of(since=begin)
    assert calls["ListServices"] == 1
    assert calls["DescribeServices"] <= 2, "what manifests name is read while they are compiled"
    assert (change.action, change.cause, change.key) == ("delete", "prune", "inference/gone")
    assert isinstance(change.step, Retire)

    with pruning.changing() as calls:
        outcome = pruning.apply()["gone"]
    assert outcome.state is State.DONE
    assert calls == {"TagResource": 1, "UpdateService": 1}
    assert live(pruning) == {"a": 1, "b": 1, "c": 1, "gone": 0}

    plan = pruning.plan()
    assert not plan.changes
    assert [each.service.key for each in plan.retired] == ["inference/gone"]
    with pruning.changing() as calls:
        pruning.apply()
    assert not calls

    pruning.driver.run(GRACE)
    (change,) = pruning.plan().changes
    assert isinstance(change.step, Delete)
    with pruning.changing() as calls:
        pruning.apply()
    assert calls == {"DeleteService": 1}
    assert live(pruning) == {"a": 1, "b": 1, "c": 1}
    assert is_empty(pruning.plan())


@pytest.mark.parametrize("replicas", [1, None])
def test_a_manifest_that_comes_back_in_time_has_its_service_back(
    pruning: Operator, replicas: int | None
) -> None:
    """Where autoscaling owns the count, the tag has kept it."""
    percentages = {"maximumPercent": 100, "minimumHealthyPercent": 0}
    back = neuron_service(
        "gone", replicas=replicas, service={"deploymentConfiguration": percentages}, rollout={}
    )
    pruning.write(*fleet("a", "b", "c"), back, clusters=PRUNING).converge()
    pruning.write(*fleet("a", "b", "c"), clusters=PRUNING).apply()
    assert live(pruning)["gone"] == 0

    pruning.write(*fleet("a", "b", "c"), back, clusters=PRUNING)
    (change,) = pruning.plan().changes
    assert change.cause == "git"
    with pruning.changing() as calls:
        pruning.converge()
    assert calls == {"TagResource": 1, "UpdateService": 1}
    assert live(pruning)["gone"] == 1
    assert pruning.tags("gone")["glia:prune-at"] == ""
    pruning.driver.run(2 * GRACE)
    assert is_empty(pruning.plan())


def test_a_process_that_dies_at_any_call_of_a_prune_is_followed_up_or_called_off(
    pruning: Operator,
) -> None:
    whole, rest = fleet("a", "b", "c", "gone"), fleet("a", "b", "c")
    for comes_back in (True, False):
        for calls in (1, 2) if comes_back else (1, 2, 3):
            pruning.write(*rest, clusters=PRUNING)
            begin = len(pruning.driver.sandbox.calls)
            apply_and_die(pruning, calls, grace=0)
            made = ("TagResource", "UpdateService", "DeleteService")[:calls]
            assert writes(pruning, begin) == dict.fromkeys(made, 1)
            pruning.driver.run(60)
            if comes_back:
                pruning.write(*whole, clusters=PRUNING).converge()
                assert live(pruning)["gone"] == 1
            else:
                pruning.apply(grace=0)
                pruning.driver.run(60)
                assert "gone" not in live(pruning)
                assert is_empty(pruning.plan())
                pruning.write(*whole, clusters=PRUNING).converge()
            assert is_empty(pruning.plan())


def test_without_a_grace_time_one_apply_waits_for_the_tasks_and_deletes(pruning: Operator) -> None:
    pruning.write(*fleet("a", "b", "c"))
    assert is_empty(pruning.plan()), "pruning is off by default"
    with pruning.changing() as calls:
        assert pruning.apply(prune=True, grace=0)["gone"].state is State.DONE
    assert calls == {"TagResource": 1, "UpdateService": 1, "DeleteService": 1}
    assert is_empty(pruning.plan(prune=True))


def test_an_emptied_folder_a_broken_manifest_and_an_unread_list_delete_nothing(
    pruning: Operator,
) -> None:
    pruning.write(*fleet("a", "b", "c"), clusters=PRUNING)
    broken = pruning.folder / "broken.yaml"
    broken.write_text("kind: [")
    plan = pruning.plan()
    assert [each.blocked_by[0].rule for each in plan.changes] == ["prune-unparsed"]
    with pruning.changing() as calls:
        pruning.apply(errors=True)
    assert not calls
    broken.unlink()

    pruning.driver.sandbox.faults.rewrite(Fault("ListServices", "AccessDeniedException"))
    plan = pruning.plan()
    assert [each.code for each in plan.errors] == ["services-unlisted"]
    assert (plan.changes, len(plan.settled)) == ((), 3)
    pruning.driver.sandbox.faults.rewrite()

    (pruning.folder / "all.yaml").unlink()
    with pruning.changing() as calls:
        pruning.apply(prune=True, errors=True)
    assert not calls
    assert len(live(pruning)) == 4


def test_a_new_service_and_a_prune_share_one_list_and_without_it_nothing_is_deleted(
    pruning: Operator,
) -> None:
    """What was read by its name is no list: here even that has a service of no manifest."""
    pruning.write(*fleet("a", "b", "c", "new"), clusters=PRUNING)
    begin = len(pruning.driver.sandbox.calls)
    assert {(each.cause, each.key) for each in pruning.plan().changes} == {
        ("git", "inference/new"),
        ("prune", "inference/gone"),
    }
    assert pruning.calls_of(since=begin)["ListServices"] == 1

    copied = {"key": "glia:key", "value": "inference/copied"}
    arn = pruning.driver.sandbox.cluster.services["c"].arn
    pruning.driver.ecs.tag_resource(resourceArn=arn, tags=[copied])
    pruning.driver.sandbox.faults.rewrite(Fault("ListServices", "AccessDeniedException", last=None))
    plan = pruning.plan()
    assert {each.code for each in plan.diagnostics} == {"lanes-unknown", "services-unlisted"}
    assert not [each for each in plan.changes if each.cause == "prune"]
    pruning.apply(errors=True)
    assert live(pruning) == {"a": 1, "b": 1, "c": 1, "gone": 1, "new": 1}


def test_a_file_that_moves_changes_nothing_and_a_name_declared_twice_freezes_both(
    pruning: Operator,
) -> None:
    pruning.write(*fleet("a", "b", "c"), clusters=PRUNING)
    pruning.write(*fleet("gone"), file="elsewhere.yaml")
    assert is_empty(pruning.plan())

    pruning.write(*fleet("gone", image="server:2"), file="again.yaml")
    plan = pruning.plan()
    assert [each.code for each in plan.errors] == ["not-allowed", "not-allowed"]
    assert not plan.changes
    assert len(plan.settled) == 3


def test_a_new_name_is_ready_before_the_old_one_goes(pruning: Operator) -> None:
    new = neuron_service("new", replicas=1, renamedFrom="gone")
    pruning.write(*fleet("a", "b", "c"), new, clusters=PRUNING)
    plan = pruning.plan()
    made, gone = plan.changes
    assert (made.action, made.key, gone.action) == ("create", "inference/new", "delete")
    assert (gone.lane.lane.name, gone.cause, gone.depends_on) == ("gone", "git", (made.id,))

    apply_and_die(pruning, 2)
    assert {"new", "gone"} <= live(pruning).keys()
    (gone,) = pruning.plan().changes
    assert gone.depends_on, "it still rolls out"
    pruning.converge()
    assert live(pruning) == {"a": 1, "b": 1, "c": 1, "new": 1}
    assert is_empty(pruning.plan())


@pytest.mark.parametrize("broken", ["kind: [\n", "NeuronServce", "elsewhere"])
def test_the_old_name_stays_while_a_manifest_may_still_have_it(
    pruning: Operator, broken: str
) -> None:
    """In a file that cannot be read, under a kind that nobody knows, in the same ECS cluster."""
    new = neuron_service("new", replicas=1, renamedFrom="gone")
    alias = neuron_cluster("alias", clusterName="inference")
    pruning.write(*fleet("a", "b", "c"), new, clusters=(*PRUNING, alias))
    (old,) = fleet("gone", cluster="alias" if broken == "elsewhere" else "inference")
    if broken == "NeuronServce":
        old["kind"] = broken
    pruning.write(old, file="old.yaml")
    if broken.startswith("kind"):
        (pruning.folder / "old.yaml").write_text(broken)
    (made,) = pruning.plan().changes
    assert (made.action, made.key) == ("create", "inference/new")
    pruning.apply(errors=broken != "elsewhere")
    assert live(pruning)["gone"] == 1

    (pruning.folder / "old.yaml").unlink()
    pruning.converge()
    assert live(pruning) == {"a": 1, "b": 1, "c": 1, "new": 1}


def test_a_new_name_of_the_same_service_in_ecs_changes_its_tags_only(pruning: Operator) -> None:
    named: dict[str, Any] = {"service": {"serviceName": "prod"}, "replicas": 1}
    pruning.converge(neuron_service("old", **named))
    pruning.write(neuron_service("new", renamedFrom="old", **named))
    with pruning.changing() as calls:
        pruning.converge()
    assert calls == {"TagResource": 1}
    assert pruning.tags("prod")["glia:key"] == "inference/new"
    assert is_empty(pruning.plan())


def test_a_service_that_moves_to_another_cluster_is_ready_there_before_it_goes_here(
    pruning: Operator,
) -> None:
    pruning.driver.ecs.create_cluster(clusterName="other")
    there = neuron_cluster("other")
    pruning.write(
        *fleet("a", "b", "c"), *fleet("gone", cluster="other"), clusters=(*PRUNING, there)
    )
    made, gone = pruning.plan().changes
    assert (made.key, gone.key) == ("other/gone", "inference/gone")
    assert gone.depends_on == (made.id,)
    pruning.apply(timeout=60)
    assert live(pruning)["gone"] == 1, "there are no instances there"
