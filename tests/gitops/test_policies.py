"""What manifests say of deleting, waiting, drifting and resting, while the loop goes on."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

from gitops.looped import Loop, Repository
from glia.events import ChangeTold, LoopFailed, RevisionFetched
from glia.outcome import State
from glia.reconciler import Settings
from glia.reconciling.requeue import Pace
from glia.source import kustomize
from support.operator import CLUSTER, is_empty, neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from support.operator import Operator


def there(operator: Operator) -> dict[str, int]:
    """The live services and their counts."""
    ecs = operator.driver.ecs
    arns = ecs.list_services(cluster="inference", maxResults=100)["serviceArns"]
    names = [arn.rpartition("/")[2] for arn in arns]
    shown = ecs.describe_services(cluster="inference", services=names or ["-"])["services"]
    return {each["serviceName"]: each["desiredCount"] for each in shown}


def test_what_git_no_longer_has_is_pruned_in_two_steps_and_never_while_git_is_away(
    make_operator: Callable[..., Operator], tmp_path: Path
) -> None:
    operator = make_operator(("inf1.xlarge", 6))
    git = Repository(tmp_path, operator.driver.clock)
    pruned = neuron_cluster("inference", prune=True, pruneGraceSeconds=300)
    names = ("one", "two", "three", "four")
    git.commit(cluster=pruned, **{name: neuron_service(name, replicas=1) for name in names})
    loop = Loop(operator, source=git.source)
    loop.settle(*names)

    loop.see(git.commit(one=None)).play(70)
    assert there(operator)["one"] == 0, "the first step"
    loop.see(git.commit(one=neuron_service("one", replicas=1)))
    loop.settle(*names)
    assert there(operator)["one"] == 1, "its manifest has come back"

    wrong = git.commit(one=None, two="kind: [\n")
    loop.see(wrong).play(400)
    assert there(operator).keys() == set(names), "a file that cannot be read may be the one"
    told = [each for each in loop.told(ChangeTold) if each.cause == "prune"]
    assert told[-1].outcome.state is State.BLOCKED
    assert told[-1].rules
    assert len(told) < 6, "told once"

    loop.see(git.commit(two=neuron_service("two", replicas=1))).play(500)
    assert there(operator).keys() == {"two", "three", "four"}
    assert not loop.told(LoopFailed)
    assert loop.is_ready("two", "three", "four")

    (tmp_path / "fleet.git").rename(tmp_path / "gone.git")
    loop.play_until(lambda: loop.reconciler.status().source.failures > 0)
    again = Loop(operator, source=git.another_source())
    again.play(200)
    assert there(operator).keys() == {"two", "three", "four"}
    assert again.reconciler.status().source.failure


def test_a_new_state_directory_and_a_mirror_that_lags_prune_nothing(
    make_operator: Callable[..., Operator], tmp_path: Path
) -> None:
    """A pod that starts anew does not know which commit was applied last."""
    operator = make_operator(("inf1.xlarge", 6))
    git = Repository(tmp_path, operator.driver.clock)
    pruned = neuron_cluster("inference", prune=True, pruneGraceSeconds=0)
    old = git.commit(cluster=pruned, one=neuron_service("one", replicas=1))
    new = git.commit(two=neuron_service("two", replicas=1))
    Loop(operator, source=git.source).settle("one", "two")

    git.origin.git("update-ref", "refs/heads/main", old)
    for lost in (True, False):
        if lost:
            shutil.rmtree(tmp_path / "state")
        again = Loop(operator, source=git.another_source())
        again.play(200)
        assert there(operator) == {"one": 1, "two": 1}
        (told,) = [each for each in again.told(ChangeTold) if each.cause == "prune"]
        assert told.rules == ("prune-source",)

    git.origin.git("update-ref", "refs/heads/main", new)
    again.see(new).see(git.commit(two=None)).play(300)
    assert there(operator).keys() == {"one"}


def test_nothing_is_pruned_by_a_directory_that_somebody_is_writing(
    make_operator: Callable[..., Operator],
) -> None:
    """Half of a file is a whole one with a service less, and a file begins without a word."""
    operator = make_operator(("inf1.xlarge", 6))
    pruned = neuron_cluster("inference", prune=True, pruneGraceSeconds=300)
    names = ("one", "two", "three", "four")
    services = [neuron_service(name, replicas=1) for name in names]
    loop = Loop(operator)
    loop.write(*services, clusters=(pruned,)).settle(*names)

    loop.write(*services[:-1], clusters=(pruned,)).play(55)
    loop.write(*services, clusters=(pruned,)).play(200)
    assert there(operator) == dict.fromkeys(names, 1), "it was half of it"

    (operator.folder / "later.yaml").write_text("\n")
    loop.write(*services[:-1], clusters=(pruned,)).play(300)
    assert there(operator) == dict.fromkeys(names, 1), "this may be where it will be"
    told = [each for each in loop.told(ChangeTold) if each.cause == "prune"]
    assert [each.rules for each in told] == [("prune-empty-path",)]

    (operator.folder / "later.yaml").unlink()
    loop.play(300)
    assert there(operator)["four"] == 0, "it stands still"


def test_a_service_waits_for_another_one_wherever_that_is_and_a_suspended_one_is_left_alone(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 6))

    def written(image: str) -> tuple[dict[str, Any], ...]:
        first = neuron_service("first", replicas=1, image=image)
        then = neuron_service("then", replicas=1, image=image, dependsOn=["first"])
        resting = neuron_service("resting", replicas=1, image=image, suspend=True)
        return first, then, resting

    loop = Loop(operator.write(*written("server:1")))
    loop.play(8)
    assert loop.condition("Reconciling", "then") == ("True", "DependencyNotReady")
    assert loop.condition("Ready", "resting") == ("Unknown", "Suspended")
    took = loop.settle("first", "then")
    assert took < 130, "nobody waited for a sweep"
    assert there(operator).keys() == {"first", "then"}
    told = [lane for lane, state in loop.changes() if state is State.SUBMITTED]
    assert told == ["first", "then"]
    assert is_empty(operator.plan())

    warned = neuron_service("first", replicas=1, driftPolicy="warn")
    loop.write(warned, *written("server:1")[1:]).settle("first")
    operator.driver.update("first", desiredCount=2)
    with operator.changing() as calls:
        loop.play(180)
    assert not calls
    assert loop.condition("Ready", "first") == ("True", "Drifted")
    assert not loop.told(LoopFailed)


def test_what_somebody_deletes_is_made_again_or_told_as_its_policy_says_and_what_is_new_is_made(
    make_operator: Callable[..., Operator],
) -> None:
    operator = make_operator(("inf1.xlarge", 6))

    def named(name: str, image: str = "server:1-quick-stop") -> dict[str, Any]:
        return neuron_service(name, replicas=1, image=image, driftPolicy=name)

    def delete(*names: str) -> None:
        for name in names:
            operator.driver.ecs.delete_service(cluster="inference", service=name, force=True)

    policies = ("correct", "warn", "ignore")
    waits = neuron_service("waits", replicas=1, dependsOn=["warn"])
    loop = Loop(operator.write(*map(named, policies)))
    loop.settle(*policies)
    delete(*policies)
    loop.play(150)
    loop.settle("correct")
    assert there(operator) == {"correct": 1}
    told = {each.outcome.lane: each.cause for each in loop.told(ChangeTold)}
    assert told == {"correct": "drift", "warn": "git", "ignore": "git"}
    assert loop.condition("Stalled", "warn") == ("True", "Deleted")
    assert loop.condition("Ready", "ignore") == ("False", "Missing")
    assert loop.condition("Stalled", "ignore") == ("False", "Missing")

    loop.write(*map(named, policies), waits).play(130)
    assert there(operator) == {"correct": 1}, "neither of them, nor who waits for one"
    assert loop.condition("Reconciling", "waits") == ("True", "DependencyNotReady")
    operator.apply()
    loop.settle(*policies, "waits")
    assert there(operator) == {"correct": 1, "warn": 1, "ignore": 1, "waits": 1}

    delete("warn", "ignore")
    loop.play(70)
    loop.write(named("warn", "server:2-quick-stop"))
    loop.settle("warn")
    loop.write(named("warn", "server:2-quick-stop"), named("ignore"))
    loop.settle("ignore")
    assert there(operator).keys() >= {"warn", "ignore"}, "another manifest, and one that is back"

    delete("warn")
    loop.play(70)
    assert loop.condition("Stalled", "warn") == ("True", "Deleted")
    Loop(operator).settle("warn")  # nobody knows any more that it is not new
    assert not loop.told(LoopFailed)


def test_a_kustomization_that_is_late_is_built_the_next_time(
    operator: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a machine that is busy only now; what stands beside it does not wait."""
    monkeypatch.setattr(kustomize, "TOGETHER_SECONDS", 0.3)
    tool = tmp_path / "bin" / "kubectl"
    tool.parent.mkdir()
    tool.write_text(
        f"#!/bin/sh\nif [ -e {tmp_path}/busy ]; then exec sleep 60; fi\ncat $2/late.yaml\n"
    )
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    (tmp_path / "busy").touch()
    git = Repository(tmp_path, operator.driver.clock)
    late: dict[str, Any] = {
        "k/kustomization": "resources: [late.yaml]",
        "k/late": neuron_service("late", replicas=1),
    }
    git.commit(cluster=CLUSTER, plain=neuron_service("plain", replicas=1), **late)
    loop = Loop(operator, source=git.source)
    loop.settle("plain")
    (told,) = loop.reconciler.status().diagnostics
    assert told.code == "kustomization-late"
    begun = len(loop.told(RevisionFetched))
    loop.play(70)
    assert len(loop.told(RevisionFetched)) == begun, "late again is nothing new"
    (tmp_path / "busy").unlink()
    loop.settle("late", "plain")
    assert not loop.reconciler.status().diagnostics
    assert not loop.told(LoopFailed)


def test_what_was_pruned_while_a_pass_took_its_time_is_made_again_once_its_manifest_is_back(
    operator: Operator,
) -> None:
    """The cluster's thread has never seen the revision without it."""
    cluster = neuron_cluster("inference", prune=True, pruneGraceSeconds=0)
    web = neuron_service(replicas=1, image="server:1-quick-stop", driftPolicy="warn")
    other, pace = neuron_service("other", replicas=1), Pace(interval=2, sweep=10)
    operator.write(web, other, clusters=(cluster,))
    loop = Loop(operator, settings=Settings(pace))
    loop.settle("web")
    (worker,) = loop.reconciler._workers.values()
    worker.busy_since = loop.clock.now()
    loop.write(other, clusters=(cluster,))
    loop.play_until(lambda: operator.calls_of()["DeleteService"] == 1)
    loop.write(web, other, clusters=(cluster,))
    worker.busy_since = None
    loop.play_until(lambda: operator.calls_of()["CreateService"] == 3, within=300)
    loop.play(20).settle("web")

    operator.driver.ecs.delete_service(cluster="inference", service="web", force=True)
    loop.play(60)
    assert loop.condition("Stalled") == ("True", "Deleted"), "that was somebody else"


def test_a_dependency_in_a_cluster_that_cannot_be_read_holds_only_who_waits_for_it(
    operator: Operator,
) -> None:
    absent = neuron_service("absent", replicas=1, cluster="elsewhere")
    then = neuron_service("then", replicas=1, dependsOn=["absent"])
    free = neuron_service("free", replicas=1)
    clusters = (neuron_cluster("inference"), neuron_cluster("elsewhere"))
    loop = Loop(operator.write(absent, then, free, clusters=clusters))
    loop.settle("free")
    assert loop.condition("Reconciling", "then") == ("True", "DependencyNotReady")
    assert loop.condition("Stalled", "then")[0] == "False"
    assert there(operator).keys() == {"free"}
    assert not loop.told(LoopFailed)
