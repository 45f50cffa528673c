"""What others do to services and to the branch: the loop neither retakes nor loses anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.looped import Loop, Repository
from glia.events import FetchFailed, FetchRecovered, LoopFailed
from glia.serve.status_metrics import StatusMetrics
from glia.shards import Shard
from support.operator import neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.operator import Operator


def test_a_service_whose_owners_tag_somebody_takes_away_is_left_alone_until_it_is_back(
    operator: Operator,
) -> None:
    loop = Loop(operator.write(neuron_service()))
    loop.settle("web")
    arn = operator.driver.describe()["serviceArn"]
    owner = operator.tags()["glia:owner"]
    operator.driver.ecs.untag_resource(resourceArn=arn, tagKeys=["glia:owner"])
    with operator.changing() as calls:
        loop.play(130)
        loop.write(neuron_service(image="server:2")).play(130)
    assert not calls, "neither changed, nor a twin of it made"
    assert loop.condition("Stalled") == ("True", "NameConflict")
    collector = StatusMetrics(loop.reconciler.status, Shard(0, 1))
    (mismatch,) = (each for each in collector.collect() if each.name == "glia_owner_mismatch")
    assert [each.value for each in mismatch.samples] == [1]
    operator.driver.ecs.tag_resource(resourceArn=arn, tags=[{"key": "glia:owner", "value": owner}])
    loop.settle("web")
    assert not loop.told(LoopFailed)


def test_a_branch_that_is_forced_elsewhere_is_not_followed_and_nothing_is_pruned(
    make_operator: Callable[..., Operator], tmp_path: Path
) -> None:
    """Back to a commit before, then to a history of its own; then on from what is held."""
    operator = make_operator(("inf1.xlarge", 3))
    git = Repository(tmp_path, operator.driver.clock)
    cluster = neuron_cluster("inference", prune=True, pruneGraceSeconds=5)
    one, two = (neuron_service(name, replicas=1) for name in ("one", "two"))
    back = git.commit(cluster=cluster, one=one)
    held = git.commit(two=two)
    loop = Loop(operator, source=git.source)
    loop.settle("one", "two")

    git.origin.point("main", back)
    loop.play_until(lambda: bool(loop.told(FetchFailed)))
    operator.driver.update("two", desiredCount=0)
    loop.play(200)
    assert operator.driver.describe("two")["desiredCount"] == 1, "what is held goes on to be wanted"
    git.origin.commit({"m/alone.yaml": "kind: NeuronService\n"}, parents=())
    loop.play(200)
    told = [(each.reason, each.kept) for each in loop.told(FetchFailed)]
    assert told == [("RolledBack", held), ("NonFastForward", held)], "each told once"
    again = Loop(operator, source=git.another_source())
    with operator.changing() as calls:
        again.play(200)
    assert not calls, "another process holds the same commit"

    git.origin.point("main", held)
    on = git.commit(one=neuron_service("one", replicas=1, image="server:2"))
    loop.see(on).settle("one", "two")
    assert not loop.reconciler.status().source.failures
    assert not [*loop.told(LoopFailed), *again.told(LoopFailed), *loop.told(FetchRecovered)]
