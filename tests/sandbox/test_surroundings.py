"""The AWS services around ECS: they know the sandbox's ECS, and what moto gets wrong is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from glia.neuron.catalogue import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.driver import Driver

AMI = "/aws/service/ecs/optimized-ami/amazon-linux-2023/neuron/recommended"
# Developer guide, "Retrieving Amazon ECS-optimized Linux AMI metadata".
AMI_KEYS = {
    "schema_version",
    "image_name",
    "image_id",
    "image_version",
    "os",
    "ecs_runtime_version",
    "ecs_agent_version",
    "source_image_name",
}
NEURON_FAMILIES = [{"Name": "instance-type", "Values": ["inf*", "trn*"]}]
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_the_ami_parameters_are_json_as_on_aws_and_name_an_image_of_their_region(
    driver: Driver,
) -> None:
    images = {}
    for region in ("us-west-2", "eu-west-1"):
        ssm = driver.client("ssm", region)
        ami = json.loads(ssm.get_parameter(Name=AMI)["Parameter"]["Value"])
        assert ami.keys() >= AMI_KEYS
        parameters = ssm.get_parameters(Names=[f"{AMI}/image_id", AMI])["Parameters"]
        values = {each["Name"]: each["Value"] for each in parameters}
        assert values[f"{AMI}/image_id"] == ami["image_id"]
        assert json.loads(values[AMI]) == ami
        images[region] = ami["image_id"]
    assert images["us-west-2"] != images["eu-west-1"]


def test_parameters_of_ones_own_are_kept_beside_them(driver: Driver) -> None:
    ssm = driver.client("ssm")
    ssm.put_parameter(Name="/models/recommended", Value="{'not': 'json'}", Type="String")
    assert ssm.get_parameter(Name="/models/recommended")["Parameter"]["Value"] == "{'not': 'json'}"


def test_ec2_knows_the_neuron_devices_of_the_catalogues_types(driver: Driver) -> None:
    ec2 = driver.client("ec2")
    known = {
        each["InstanceType"]: each["NeuronInfo"]["NeuronDevices"][0]
        for page in ec2.get_paginator("describe_instance_types").paginate(Filters=NEURON_FAMILIES)
        for each in page["InstanceTypes"]
        if "NeuronInfo" in each
    }
    assert set(catalogue()) - known.keys() == {"trn2u.48xlarge"}  # moto 5.2.5 has it without
    for name, device in known.items():
        assert device["Count"] == catalogue()[name].chips


def test_auto_scaling_takes_services_that_the_sandbox_plays_and_no_others(driver: Driver) -> None:
    driver.create("web")
    scaling = driver.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1,
        "MaxCapacity": 4,
    }
    scaling.register_scalable_target(ResourceId="service/inference/web", **target)
    (known,) = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert known["ResourceId"] == "service/inference/web"
    for unknown in ("service/inference/db", "service/elsewhere/web"):
        with pytest.raises(ClientError, match="doesn't exist"):
            scaling.register_scalable_target(ResourceId=unknown, **target)


def test_the_tagging_api_finds_services_by_their_tags_and_changes_them(driver: Driver) -> None:
    arn = driver.create("web", tags=[{"key": "team", "value": "vision"}])["serviceArn"]
    driver.create("db", count=0, tags=[{"key": "team", "value": "data"}])
    tagging = driver.client("resourcegroupstaggingapi")

    def found(value: str) -> list[str]:
        answer = tagging.get_resources(
            ResourceTypeFilters=["ecs:service"], TagFilters=[{"Key": "team", "Values": [value]}]
        )
        return [each["ResourceARN"] for each in answer["ResourceTagMappingList"]]

    assert found("vision") == [arn]
    tagging.tag_resources(ResourceARNList=[arn], Tags={"team": "speech", "stage": "beta"})
    assert (found("vision"), found("speech")) == ([], [arn])
    tagging.untag_resources(ResourceARNList=[arn], TagKeys=["stage"])
    assert driver.describe("web", include=["TAGS"])["tags"] == [{"key": "team", "value": "speech"}]
    gone = arn.replace("/web", "/gone")
    failed = tagging.tag_resources(ResourceARNList=[gone, arn], Tags={"stage": "beta"})
    assert failed["FailedResourcesMap"].keys() == {gone}
    assert len(driver.describe("web", include=["TAGS"])["tags"]) == 2


def test_the_tagging_api_leads_through_all_services_page_by_page(driver: Driver) -> None:
    definition = driver.register()
    for number in range(25):
        driver.create(
            f"web-{number}", count=0, taskDefinition=definition, tags=[{"key": "n", "value": "1"}]
        )
    pages = driver.client("resourcegroupstaggingapi").get_paginator("get_resources")
    arns = [
        each["ResourceARN"]
        for page in pages.paginate(ResourceTypeFilters=["ecs:service"], ResourcesPerPage=10)
        for each in page["ResourceTagMappingList"]
    ]
    assert len(arns) == len(set(arns)) == 25


def _role(driver: Driver) -> object:
    iam = driver.client("iam")
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument=TRUST)
    return iam.get_role(RoleName="execution")["Role"]["Arn"].rpartition("/")[2]


def _log_group(driver: Driver) -> object:
    logs = driver.client("logs")
    logs.create_log_group(logGroupName="execution")
    return logs.describe_log_groups()["logGroups"][0]["logGroupName"]


def _target_group(driver: Driver) -> object:
    elb = driver.client("elbv2")
    vpc = driver.client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"]
    elb.create_target_group(Name="execution", Protocol="HTTP", Port=80, VpcId=vpc)
    return elb.describe_target_groups()["TargetGroups"][0]["TargetGroupName"]


def _secret(driver: Driver) -> object:
    secrets = driver.client("secretsmanager")
    secrets.create_secret(Name="token", SecretString="execution")
    return secrets.get_secret_value(SecretId="token")["SecretString"]


def _object(driver: Driver) -> object:
    s3 = driver.client("s3", "us-east-1")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="model", Body=b"execution")
    return s3.get_object(Bucket="models", Key="model")["Body"].read().decode()


@pytest.mark.parametrize("round_trip", [_role, _log_group, _target_group, _secret, _object])
def test_a_service_beside_ecs_gives_back_what_it_is_given(
    driver: Driver, round_trip: Callable[[Driver], object]
) -> None:
    assert round_trip(driver) == "execution"


def test_another_account_and_another_region_see_another_ecs(driver: Driver) -> None:
    driver.create("web")
    role = driver.client("sts").assume_role(
        RoleArn="arn:aws:iam::222222222222:role/deployer", RoleSessionName="test"
    )["Credentials"]
    account = driver.client(
        "ecs",
        aws_access_key_id=role["AccessKeyId"],
        aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )
    for ecs in (account, driver.client("ecs", "eu-west-1")):
        assert ecs.list_clusters()["clusterArns"] == []
    arn = account.create_cluster(clusterName="inference")["cluster"]["clusterArn"]
    assert arn == "arn:aws:ecs:us-west-2:222222222222:cluster/inference"
    assert account.list_services(cluster="inference")["serviceArns"] == []
    assert len(driver.ecs.list_services(cluster="inference")["serviceArns"]) == 1


def test_a_new_sandbox_finds_nothing_of_the_one_before(make_driver: Callable[..., Any]) -> None:
    before: Driver = make_driver()
    assert _secret(before) == "execution"
    before.create("web")
    after: Driver = make_driver()
    assert after.client("secretsmanager").list_secrets()["SecretList"] == []
    assert after.ecs.list_services(cluster="inference")["serviceArns"] == []
