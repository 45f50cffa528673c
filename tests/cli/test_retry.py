"""``glia retry`` finds services by their keys, and says so where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import yaml

from glia.cli.main import main
from support.operator import neuron_cluster, neuron_service
from support.program import program

if TYPE_CHECKING:
    from support.program import Program

__all__ = ["program"]


ROLE = "arn:aws:iam::210987654321:role/glia"


def fail(ecs: Any, cluster: str = "inference", name: str = "web") -> str:
    """Let a service be remembered as one that ECS has given up."""
    (service,) = ecs.describe_services(cluster=cluster, services=[name])["services"]
    arn: str = service["serviceArn"]
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "glia:failed", "value": "0123"}])
    return arn


def mark(ecs: Any, arn: str) -> str:
    tags = {tag["key"]: tag["value"] for tag in ecs.list_tags_for_resource(resourceArn=arn)["tags"]}
    found: str = tags["glia:failed"]
    return found


def test_a_key_is_told_back_and_an_unknown_one_changes_nothing(program: Program) -> None:
    program.write(neuron_service(replicas=0))
    assert program.run("apply", "--no-wait").code == 0
    arn = fail(program.ecs)
    done = program.run("retry", "inference/web")
    assert (done.code, done.out) == (0, "inference/web: the next apply tries it again\n")
    assert mark(program.ecs, arn) == "retry:0123"

    begin = len(program.sandbox.calls)
    unknown = program.run("retry", "inference/web", "inference/nobody")
    assert unknown.code == 1
    assert "no service carries the tag glia:key = inference/nobody" in unknown.err
    assert not any(call.operation == "TagResource" for call in program.sandbox.calls[begin:])


def test_what_has_not_failed_is_left_as_it_is(program: Program) -> None:
    program.write(neuron_service(replicas=0))
    program.run("apply", "--no-wait")
    begin = len(program.sandbox.calls)
    done = program.run("retry", "inference/web")
    assert (done.code, done.out) == (0, "inference/web: nothing is held\n")
    assert not any(call.operation == "TagResource" for call in program.sandbox.calls[begin:])


def client(program: Program, **place: str) -> Any:
    keys = {"aws_access_key_id": "sandbox", "aws_secret_access_key": "sandbox"}
    where = {"endpoint_url": program.sandbox.url, "region_name": "us-west-2"}
    return boto3.client("ecs", **where | keys | place)


def assumed(program: Program) -> dict[str, str]:
    sts = boto3.client("sts", endpoint_url=program.sandbox.url)
    key = sts.assume_role(RoleArn=ROLE, RoleSessionName="tests")["Credentials"]
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    variables = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    return {variable: key[name] for variable, name in zip(variables, names, strict=True)}


def test_manifests_lead_to_the_region_the_account_and_the_role_of_a_key(program: Program) -> None:
    abroad = client(program, region_name="eu-west-1")
    theirs = client(program, **assumed(program))
    abroad.create_cluster(clusterName="abroad")
    theirs.create_cluster(clusterName="other")
    clusters = {
        "abroad": neuron_cluster("abroad", region="eu-west-1"),
        "other": neuron_cluster(
            "other", assumeRole={"roleArn": ROLE}, accountId=ROLE.split(":")[4]
        ),
    }
    for name, cluster in clusters.items():
        folder = program.folder / name
        folder.mkdir()
        manifests = [cluster, neuron_service(f"web-{name}", replicas=0, cluster=name)]
        (folder / "web.yaml").write_text(yaml.safe_dump_all(manifests))
        assert main(["apply", "--no-wait", str(folder)]) == 0
    arns = fail(abroad, "abroad", "web-abroad"), fail(theirs, "other", "web-other")

    where = ["--manifests", str(program.folder / "abroad")]
    keys = ("abroad/web-abroad", "other/web-other")
    assert program.run("retry", *keys).code == 1
    unknown = program.run("retry", *keys, *where)
    assert (unknown.code, "no manifest declares other/web-other" in unknown.err) == (64, True)
    assert mark(abroad, arns[0]) == "0123"
    where += ["--manifests", str(program.folder / "other")]
    done = program.run("retry", *keys, *where)
    assert done.code == 0, done.err
    assert (mark(abroad, arns[0]), mark(theirs, arns[1])) == ("retry:0123", "retry:0123")
    restarted = program.run("restart", *keys, *where, "--no-wait")
    assert restarted.code == 0, restarted.err
    assert all(key in restarted.out for key in keys)
    both = program.run("retry", *keys, *where, "--region", "eu-west-1")
    assert (both.code, "take one of both" in both.err) == (64, True)


def test_manifests_keep_a_retry_in_their_account(program: Program) -> None:
    program.write(neuron_service(), cluster=neuron_cluster("inference", accountId="999999999999"))
    done = program.run("retry", "inference/web", "--manifests", str(program.folder))
    assert done.code == 1
    assert "names account 999999999999" in done.err


def test_a_key_without_a_cluster_is_64(program: Program) -> None:
    done = program.run("retry", "web")
    assert done.code == 64
    assert "write CLUSTER/NAME" in done.err
