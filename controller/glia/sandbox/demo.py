"""The stage of the demo: the account that the example manifests are for, played by the sandbox.

What stands here is what a user has before Glia: ECS clusters with their instances, roles, a
target group. The demo also looks from here at what Glia has done, as any client of AWS can.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import boto3

from glia.sandbox import machines
from glia.sandbox.arns import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glia.sandbox.sandbox import Sandbox

ACCOUNT: Final = "111122223333"
HOME, ABROAD = "us-west-2", "eu-central-1"
CLUSTER: Final = "inference"
LOOPED: Final = "following-git"
INSTANCES = (("inf1.xlarge", 2), ("inf2.48xlarge", 2))
SHARED_INSTANCES = (("inf1.6xlarge", 2),)
ROLES = ("ecsTaskExecutionRole", "model-reader", "glia")
LOOK_EVERY_SECONDS = 0.02  # of real time; a replica is down for a fifth of a second at least
READS = ("Describe", "List")
CHIP_TAKEN = "NRT:nrt_init"  # how the Neuron runtime begins to say it


@dataclass(slots=True)
class Replicas:
    """How many replicas of some services ran, together, at every look.

    Attributes:
        desired: how many there are to be.
        running: what ECS answered, oldest first.
    """

    desired: int = 0
    running: list[int] = field(default_factory=list)

    @property
    def most_down(self) -> int:
        return self.desired - min(self.running)


class Stage:
    """The account in a sandbox. moto's STS gives credentials of any account to who asks."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        # A session of its own: boto3's default one may know the user's profile already.
        anybody = boto3.Session("sandbox", "sandbox", region_name=HOME)
        sts = anybody.client("sts", endpoint_url=sandbox.url)
        role = f"arn:aws:iam::{ACCOUNT}:role/user"
        self._credentials = sts.assume_role(RoleArn=role, RoleSessionName="demo")["Credentials"]
        self._session = boto3.Session(
            self._credentials["AccessKeyId"],
            self._credentials["SecretAccessKey"],
            self._credentials["SessionToken"],
        )

    def furnish(self) -> str:
        """Make what has to be there before Glia; the ARN of the target group."""
        for role in ROLES:
            self._client("iam").create_role(RoleName=role, AssumeRolePolicyDocument="{}")
        self.ecs().create_cluster(clusterName=CLUSTER)
        self.register_instances(INSTANCES)
        self.ecs(ABROAD).create_cluster(clusterName=CLUSTER)
        self.ecs(ABROAD).create_capacity_provider(
            name="neuron", cluster=CLUSTER, managedInstancesProvider=_managed_instances()
        )
        (vpc, *_) = self._client("ec2").describe_vpcs()["Vpcs"]
        made = self._client("elbv2").create_target_group(
            Name="vllm", Protocol="HTTP", Port=8080, VpcId=vpc["VpcId"]
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def register_instances(
        self, instances: Iterable[tuple[str, int]], cluster: str = CLUSTER
    ) -> None:
        """Types and numbers of container instances that join a cluster at home."""
        world = self._sandbox.world
        with world.lock:
            joined = world.region(Place(ACCOUNT, HOME)).clusters[cluster]
            for instance_type, count in instances:
                for _ in range(count):
                    machines.register(world, joined, machines.Registration(instance_type))

    def open_cluster(self, name: str, instances: Iterable[tuple[str, int]]) -> None:
        """Another cluster at home, with instances."""
        self.ecs().create_cluster(clusterName=name)
        self.register_instances(instances, name)

    def image(self, cluster: str, service: str) -> str:
        """What the first container of a service is to run."""
        ecs = self.ecs()
        (shown,) = ecs.describe_services(cluster=cluster, services=[service])["services"]
        found = ecs.describe_task_definition(taskDefinition=shown["taskDefinition"])
        image: str = found["taskDefinition"]["containerDefinitions"][0]["image"]
        return image

    def status(self, cluster: str, service: str) -> str:
        """ECS's word for how a service is; empty where it knows none."""
        shown = self.ecs().describe_services(cluster=cluster, services=[service])["services"]
        return str(shown[0]["status"]) if shown else ""

    def running(self, cluster: str, service: str) -> tuple[int, int]:
        """How many replicas a service is to have, and how many run."""
        (told,) = self.ecs().describe_services(cluster=cluster, services=[service])["services"]
        return told["desiredCount"], told["runningCount"]

    def environment(self) -> dict[str, str]:
        """What leads an AWS SDK to the account, and nowhere else."""
        return {
            **self._sandbox.environment(),
            "AWS_ACCESS_KEY_ID": self._credentials["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self._credentials["SecretAccessKey"],
            "AWS_SESSION_TOKEN": self._credentials["SessionToken"],
        }

    def ecs(self, region: str = HOME) -> Any:
        """A client of ECS that is not Glia's."""
        return self._client("ecs", region)

    def _client(self, service: str, region: str = HOME) -> Any:
        return self._session.client(service, region, endpoint_url=self._sandbox.url)

    def writes(self) -> int:
        """How many calls so far have changed something in ECS."""
        return sum(not call.operation.startswith(READS) for call in self._sandbox.calls)

    def services(self, name: str) -> list[str]:
        """The ECS services that a manifest of that name has become."""
        arns = self.ecs().list_services(cluster=CLUSTER, maxResults=100)["serviceArns"]
        found = (arn.rpartition("/")[2] for arn in arns)
        return sorted(each for each in found if each == name or each.startswith(f"{name}-neuron"))

    def died_for_a_chip(self) -> list[str]:
        """Tasks, by their groups, whose process found its chip in another's hands."""
        ecs = self.ecs()
        arns = ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED")["taskArns"]
        tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
        return [
            task["group"]
            for task in tasks
            for container in task["containers"]
            if container.get("reason", "").startswith(CHIP_TAKEN)
        ]

    @contextmanager
    def watching(self, *services: str) -> Iterator[Replicas]:
        """Add up the services' running counts over and over while the block runs, on a thread."""
        seen, ecs, stop = Replicas(), self.ecs(), threading.Event()

        def look() -> None:
            while not stop.wait(LOOK_EVERY_SECONDS):
                now = ecs.describe_services(cluster=CLUSTER, services=services)["services"]
                seen.desired = sum(each["desiredCount"] for each in now)
                seen.running.append(sum(each["runningCount"] for each in now))

        thread = threading.Thread(target=look, name="demo-watch", daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            stop.set()
            thread.join()


def _managed_instances() -> dict[str, Any]:
    network = {"subnets": ["subnet-0123456789abcdef0"]}
    return {
        "infrastructureRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecsInfrastructureRole",
        "instanceLaunchTemplate": {
            "ec2InstanceProfileArn": f"arn:aws:iam::{ACCOUNT}:instance-profile/ecsInstanceRole",
            "networkConfiguration": network,
            "instanceRequirements": {
                "vCpuCount": {"min": 4},
                "memoryMiB": {"min": 16384},
                "allowedInstanceTypes": ["inf2.*"],
            },
        },
    }
