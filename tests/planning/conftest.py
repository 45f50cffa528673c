from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from glia.sandbox.clock import VirtualClock
from glia.sandbox.sandbox import Sandbox
from support.driver import Driver
from support.operator import Operator, make_operator, operator
from support.requests import ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["make_operator", "operator"]


@pytest.fixture(scope="module")
def fleetless() -> Iterator[Driver]:
    """A sandbox without instances, with two capacity providers."""
    with ExitStack() as stack:
        clock = VirtualClock()
        driver = Driver(stack.enter_context(Sandbox(clock, strict=True)), clock)
        group = {"autoScalingGroupArn": "arn:of:group"}
        driver.ecs.create_capacity_provider(name="chips", autoScalingGroupProvider=group)
        driver.ecs.create_capacity_provider(
            name="managed",
            cluster="inference",
            managedInstancesProvider={
                "infrastructureRoleArn": ROLE,
                "instanceLaunchTemplate": {
                    "ec2InstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/p",
                    "networkConfiguration": {"subnets": ["subnet-1"]},
                },
            },
        )
        driver.ecs.put_cluster_capacity_providers(
            cluster="inference",
            capacityProviders=["chips", "managed"],
            defaultCapacityProviderStrategy=[],
        )
        yield driver


@pytest.fixture
def planner(fleetless: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """An operator whose sandbox all tests of a module share; nothing is waited for there."""
    for name, value in fleetless.sandbox.environment().items():
        monkeypatch.setenv(name, value)
    return Operator(fleetless, tmp_path)
