"""Roles, target groups and instance types, as moto's other services tell them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glia.aws.failures import AwsError
from glia.aws.surroundings import REMEMBERED
from glia.neuron.catalogue import DeviceSetRule, catalogue

if TYPE_CHECKING:
    from glia.aws.gateway import Gateway
    from support.driver import Driver

TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
ABSENT_GROUP = (
    "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/nope/0123456789abcdef"
)


def test_a_role_is_there_or_missing_and_a_look_holds_for_a_while(
    driver: Driver, gateway: Gateway
) -> None:
    arn = "arn:aws:iam::123456789012:role/service-role/tasks"
    assert gateway.role(arn) == "missing"
    driver.client("iam").create_role(
        RoleName="tasks", Path="/service-role/", AssumeRolePolicyDocument=TRUST
    )
    assert gateway.role(arn) == "missing"
    driver.run(REMEMBERED)
    assert gateway.role(arn) == "there"


def test_a_target_group_is_there_or_missing(driver: Driver, gateway: Gateway) -> None:
    vpc = driver.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = driver.client("elbv2").create_target_group(
        Name="web", TargetType="ip", Protocol="HTTP", Port=80, VpcId=vpc
    )
    assert gateway.target_group(group["TargetGroups"][0]["TargetGroupArn"]) == "there"
    assert gateway.target_group(ABSENT_GROUP) == "missing"


def test_what_cannot_be_looked_at_is_unknown(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:1")
    assert gateway.role("arn:aws:iam::123456789012:role/tasks") == "unknown"


def test_ec2_tells_of_every_type_what_the_catalogue_does_but_for_neighbours(
    gateway: Gateway,
) -> None:
    for known in catalogue().values():
        if known.name == "trn2u.48xlarge":  # EC2 says nothing of its chips
            continue
        found = gateway.instance_type(known.name)
        assert found is not None
        cautious = DeviceSetRule.SINGLE if known.chips == 1 else DeviceSetRule.ALIGNED
        assert replace(found, source="") == replace(known, device_sets=cautious, source="")


def test_a_type_without_a_word_about_neuron_is_none_of_ours(gateway: Gateway) -> None:
    for name in ("m5.large", "g5.xlarge", "trn2u.48xlarge", "inf9.huge"):
        assert gateway.instance_type(name) is None


def test_a_type_that_cannot_be_asked_about_is_not_taken_for_unknown(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_EC2", "http://127.0.0.1:1")
    with pytest.raises(AwsError, match="DescribeInstanceTypes"):
        gateway.instance_type("inf2.xlarge")
