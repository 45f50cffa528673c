"""What others do to services and to the branch: the loop neither retakes nor loses anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.looped import Loop, Repository
from glia.events import FetchFailed, FetchRecovered, LoopFailed
from glia.serve.status_metrics import StatusMetrics
from glia.shards import Shard
from lanes.fleet import BIG, sharing
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


def test_a_revision_that_somebody_deregisters_is_used_no_more_and_costs_no_task_its_place(
    operator: Operator,
) -> None:
    """While it runs nothing is to be done; who needs it next registers it anew."""
    ecs = operator.driver.ecs
    loop = Loop(operator.write(neuron_service(image="server:1-quick-stop")))
    loop.settle("web")
    ecs.deregister_task_definition(taskDefinition=operator.driver.describe()["taskDefinition"])
    with operator.changing() as calls:
        loop.play(70)
        loop.write(neuron_service(image="server:1-quick-stop", replicas=1)).settle("web")
    assert calls == {"UpdateService": 1, "TagResource": 1}
    ecs.delete_service(cluster="inference", service="web", force=True)
    with operator.changing() as calls:
        loop.play(70)
        loop.settle("web")
    assert calls == {"RegisterTaskDefinition": 1, "CreateService": 1}
    assert operator.driver.describe()["taskDefinition"].endswith(":2"), "none of it was ACTIVE"
    assert not loop.told(LoopFailed)


def test_a_cluster_that_somebody_deletes_is_no_cluster_without_services_and_another_is_filled(
    make_operator: Callable[..., Operator],
) -> None:
    """Nothing is made or pruned meanwhile; what was there before is no reason to leave it so."""
    operator = make_operator(("inf1.xlarge", 1))
    ecs, pruned = operator.driver.ecs, neuron_cluster("inference", prune=True, pruneGraceSeconds=1)
    loop = Loop(operator)
    loop.write(neuron_service(replicas=1, driftPolicy="warn"), clusters=(pruned,)).settle("web")
    ecs.delete_service(cluster="inference", service="web", force=True)
    operator.driver.run_until(lambda: operator.driver.describe()["status"] == "INACTIVE")
    (instance,) = ecs.list_container_instances(cluster="inference")["containerInstanceArns"]
    ecs.deregister_container_instance(cluster="inference", containerInstance=instance, force=True)
    ecs.delete_cluster(cluster="inference")
    with operator.changing() as calls:
        loop.play(200)
    assert not calls
    assert loop.condition("Stalled") == ("True", "ClusterUnreadable")

    ecs.create_cluster(clusterName="inference")
    with operator.changing() as calls:
        loop.play(130)
    assert calls["CreateService"] == 1
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


def test_what_an_older_or_a_newer_version_has_tagged_rolls_nothing(
    make_operator: Callable[..., Operator],
) -> None:
    """Without a source and a word of siblings, with the revision of another form, and a new tag."""
    operator = make_operator((BIG, 2), ("inf1.xlarge", 4))
    loop = Loop(operator.write(neuron_service(), sharing("fleet", 3, 4)))
    loop.settle("web", "fleet")
    ecs = operator.driver.ecs
    arns = ecs.list_services(cluster="inference")["serviceArns"]
    names = [arn.rpartition("/")[2] for arn in arns]
    assert len(names) > 2
    forms = ("{0}:{1}:{2}", "v2:{2}:{1}:{0}")
    for number, (arn, name) in enumerate(zip(arns, names, strict=True)):
        parts = operator.tags(name)["glia:revision"].split(":")
        told = {"glia:revision": forms[number % 2].format(*parts), "glia:tomorrow": "a"}
        gone = ["glia:source", "glia:siblings", "glia:name"]
        ecs.untag_resource(resourceArn=arn, tagKeys=gone)
        ecs.tag_resource(resourceArn=arn, tags=[{"key": key, "value": told[key]} for key in told])

    def deployments() -> list[str]:
        return [operator.driver.describe(name)["deployments"][0]["id"] for name in names]

    before = deployments()
    with operator.changing() as calls:
        Loop(operator).play(130)
    assert calls == {"TagResource": len(names)}, "once, and then there is silence"
    assert deployments() == before
    for arn in arns:
        ecs.untag_resource(resourceArn=arn, tagKeys=["glia:tomorrow"])
