"""Several clusters, regions and accounts in one run: each is read alone and fails alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glia.cli.apply import exit_code
from glia.outcome import State
from support.operator import neuron_cluster, neuron_service

if TYPE_CHECKING:
    from support.operator import Operator

ROLE = "arn:aws:iam::210987654321:role/glia"


def service(name: str, cluster: str) -> dict[str, Any]:
    return neuron_service(name, replicas=1, cluster=cluster)


def test_a_cluster_that_cannot_be_read_costs_only_its_own_services(operator: Operator) -> None:
    """One is not there, one is in an account that is not ours, two are well, one of them abroad."""
    operator.driver.client("ecs", "eu-west-1").create_cluster(clusterName="abroad")
    other = operator.driver.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="tests")
    key = other["Credentials"]
    operator.driver.client(
        "ecs",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    ).create_cluster(clusterName="other")
    operator.write(
        service("a", "inference"),
        service("b", "abroad"),
        service("c", "gone"),
        service("d", "guarded"),
        service("e", "other"),
        clusters=(
            neuron_cluster("inference"),
            neuron_cluster("abroad", region="eu-west-1"),
            neuron_cluster("gone"),
            neuron_cluster("guarded", accountId="999999999999"),
            neuron_cluster("other", assumeRole={"roleArn": ROLE}, accountId="210987654321"),
        ),
    )
    plan = operator.plan()
    assert {change.key for change in plan.changes} == {"inference/a", "abroad/b", "other/e"}
    told = "\n".join(each.message for each in plan.errors)
    assert len(plan.errors) == 2
    assert "cluster gone (us-west-2) could not be read: " in told
    assert "ClusterNotFoundException" in told
    assert "names account 999999999999" in told

    outcomes = operator.apply(wait=False, errors=True)
    assert {name: each.state for name, each in outcomes.items()} == dict.fromkeys(
        "abe", State.SUBMITTED
    )
    assert exit_code(plan, list(outcomes.values())) == 1
    abroad = operator.driver.client("ecs", "eu-west-1").list_services(cluster="abroad")
    assert len(abroad["serviceArns"]) == 1
    assert len(operator.driver.ecs.list_services(cluster="inference")["serviceArns"]) == 1
