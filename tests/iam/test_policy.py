"""``glia iam-policy``: what is printed lets through what Glia does, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from glia.cli.main import main
from iam.authorizer import HERE, Authorizer
from lanes.fleet import sharing
from support.operator import neuron_cluster, neuron_service

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from support.operator import Operator

ROLE = "arn:aws:iam::123456789012:role/"
EXECUTION, TASK, HOOK = f"{ROLE}execution", f"{ROLE}task", f"{ROLE}hook"


def printed(
    operator: Operator, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, Any]:
    assert main(["iam-policy", str(operator.folder), *options]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def owners(operator: Operator) -> dict[str, str]:
    """The owner's tag of every service, by ARN."""
    return {
        each.arn: each.tags.get("glia:owner", "")
        for each in operator.driver.sandbox.cluster.services.values()
    }


def test_the_policy_lets_every_call_through_and_no_action_of_it_is_superfluous(
    make_operator: Callable[..., Operator], capsys: pytest.CaptureFixture[str]
) -> None:
    """Creation, rollout, a new shape, a rollback; whole instances and shared ones."""
    operator = make_operator(("inf2.48xlarge", 8), ("inf1.xlarge", 2))
    account = neuron_cluster("inference", accountId="123456789012")
    whole = neuron_service("whole", rollout={"maxUnavailable": 1})
    shared = [sharing("small", 24, 1), sharing("large", 5, "all")]
    operator.write(whole, *shared, clusters=(account,))
    document = printed(operator, capsys)
    operator.converge()
    whole["spec"]["taskDefinition"]["containerDefinitions"][0]["image"] = "server:crash"
    operator.write(whole, sharing("small", 2, 2), sharing("large", 5, "all"), clusters=(account,))
    operator.apply(downtime=True)
    operator.plan()
    authorizer = Authorizer(document, owners(operator))
    assert authorizer.refused(operator.driver.sandbox.calls) == []
    assert {each for each in authorizer.actions if each.startswith("ecs:")} == authorizer.granted


def test_what_no_manifest_names_any_more_may_go_where_the_cluster_prunes(
    make_operator: Callable[..., Operator], capsys: pytest.CaptureFixture[str]
) -> None:
    operator = make_operator(("inf1.xlarge", 2))
    pruning = neuron_cluster("inference", accountId="123456789012", prune=True)
    operator.write(
        *(neuron_service(name, replicas=0) for name in ("a", "b")), clusters=(pruning,)
    ).converge()
    operator.write(neuron_service("a", replicas=0), clusters=(pruning,))
    authorizer = Authorizer(printed(operator, capsys), owners(operator))
    begin = len(operator.driver.sandbox.calls)
    operator.apply(grace=0)
    calls = operator.driver.sandbox.calls[begin:]
    assert operator.calls_of(since=begin)["DeleteService"] == 1
    assert authorizer.refused(calls) == []

    gone = f"{HERE}service/inference/b"
    theirs = {"aws:ResourceTag/glia:owner": "somebody"}
    assert not authorizer.allows("ecs:DeleteService", gone, theirs)
    operator.write(neuron_service("a", replicas=0))
    assert Authorizer(printed(operator, capsys), owners(operator)).refused(calls)


def test_for_plan_it_grants_no_action_that_changes_anything(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.write(neuron_service())
    actions = Authorizer(printed(operator, capsys, "--for", "plan"), {}).actions
    assert actions
    assert all(each.partition(":")[2].startswith(("Describe", "List", "Get")) for each in actions)


def test_what_is_not_glias_may_not_be_changed_unless_it_is_to_be_adopted(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.write(neuron_service())
    arn = f"{HERE}service/inference/web"
    theirs = {"aws:ResourceTag/glia:owner": "somebody"}
    strict = Authorizer(printed(operator, capsys), {})
    adopting = Authorizer(printed(operator, capsys, "--adopt"), {})
    assert not strict.allows("ecs:UpdateService", arn, theirs)
    assert adopting.allows("ecs:UpdateService", arn, theirs)
    for each in (strict, adopting):
        assert not each.allows("ecs:DeleteService", arn, theirs)
        assert not each.allows("ecs:UpdateService", f"{arn}-of-others", theirs)
        assert not each.allows("ecs:CreateService", arn, {"aws:RequestTag/glia:owner": "somebody"})


def test_roles_are_passed_by_name_to_the_service_that_takes_them(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    definition = {
        "executionRoleArn": EXECUTION,
        "taskRoleArn": TASK,
        "containerDefinitions": [{"name": "server", "image": "a", "memory": 100}],
    }
    hooks = [{"hookTargetArn": "arn:aws:lambda:us-west-2:123456789012:function:f", "roleArn": HOOK}]
    hooks[0]["lifecycleStages"] = ["POST_SCALE_UP"]  # type: ignore[assignment]
    service = {"deploymentConfiguration": {"lifecycleHooks": hooks}}
    operator.write(neuron_service(taskDefinition=definition, service=service))
    passed = {
        each["Condition"]["StringEquals"]["iam:PassedToService"]: each["Resource"]
        for each in printed(operator, capsys)["Statement"]
        if each["Action"] == ["iam:PassRole"]
    }
    assert passed == {
        "ecs-tasks.amazonaws.com": [EXECUTION, TASK],
        "ecs.amazonaws.com": [HOOK],
    }


def test_too_many_services_for_a_policy_are_named_by_their_cluster(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.write(*(neuron_service(f"service-{number}") for number in range(60)))
    assert main(["iam-policy", str(operator.folder)]) == 0
    told = capsys.readouterr()
    assert "too many services for one policy" in told.err
    document = json.loads(told.out)
    assert len(json.dumps(document, separators=(",", ":"))) <= 6144
    assert "arn:aws:ecs:us-west-2:*:service/inference/*" in told.out


def test_manifests_of_several_principals_make_a_policy_for_each(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    role = f"{ROLE}glia"
    elsewhere = neuron_cluster("eu", region="cn-north-1", assumeRole={"roleArn": role})
    services = (neuron_service("here"), neuron_service("there", cluster="eu"))
    operator.write(*services, clusters=(neuron_cluster("inference"), elsewhere))
    assert main(["iam-policy", str(operator.folder)]) == 64
    assert f"caller, {role}" in capsys.readouterr().err
    caller = printed(operator, capsys, "--principal", "caller")
    assert caller["Statement"][-1]["Resource"] == [role]
    assert "there" not in json.dumps(caller)
    assumed = json.dumps(printed(operator, capsys, "--principal", role))
    assert "arn:aws-cn:ecs:cn-north-1:*:service/eu/there" in assumed
    assert "/here" not in assumed


def test_errors_are_told_and_what_is_right_gets_its_policy(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    operator.write(neuron_service(), neuron_service("bad", replicas=-1))
    assert main(["iam-policy", str(operator.folder)]) == 1
    told = capsys.readouterr()
    assert "spec.replicas" in told.err
    assert "service/inference/web" in told.out
    assert "bad" not in told.out
