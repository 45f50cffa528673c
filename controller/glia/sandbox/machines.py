"""What EC2 instances of a type have, and how they register with a cluster.

Neuron types come from the catalogue, all others from the EC2 data that moto carries.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from glia.errors import UsageError
from glia.neuron.catalogue import catalogue
from glia.sandbox.arns import Place
from glia.sandbox.capabilities import INSTANCE_CAPABILITIES
from glia.sandbox.needs import Capacity
from glia.sandbox.records import Cluster, Instance, Tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.sandbox.world import World

DEFAULT_ATTRIBUTES = {
    "ecs.ami-id": "ami-0a1b2c3d4e5f60718",
    "ecs.os-type": "linux",
    "ecs.os-family": "LINUX",
    "ecs.vpc-id": "vpc-0123456789abcdef0",
    "ecs.subnet-id": "subnet-0123456789abcdef0",
}


@dataclass(frozen=True, slots=True)
class Machine:
    """Nominal figures: CPU units, MiB, network interfaces with the primary one."""

    name: str
    cpu: int
    memory: int
    enis: int
    architecture: str
    devices: tuple[str, ...] = ()
    cores_per_chip: int = 0


@cache
def machine(name: str) -> Machine:
    """The machine of that instance type; UsageError names what there is otherwise."""
    known = catalogue().get(name)
    if known is not None:
        return Machine(
            name,
            known.cpu_units,
            known.memory_mib,
            known.enis,
            known.architecture,
            known.device_paths,
            known.visible_cores_per_chip,
        )
    return _from_ec2_data(name)


def _from_ec2_data(name: str) -> Machine:
    from moto.ec2.models.instance_types import INSTANCE_TYPES  # noqa: PLC0415  (1,395 types)

    data = INSTANCE_TYPES.get(name)
    if data is None:
        raise UsageError(
            f"{name}: no such instance type. Neuron types: {', '.join(catalogue())}; "
            "any other type of EC2 is known too."
        )
    return Machine(
        name,
        1024 * data["VCpuInfo"]["DefaultVCpus"],
        data["MemoryInfo"]["SizeInMiB"],
        data["NetworkInfo"]["MaximumNetworkInterfaces"],
        data["ProcessorInfo"]["SupportedArchitectures"][-1],
    )


def capacity_of(world: World, instance_type: str) -> Capacity:
    """What an instance of the type registers.

    Memory is the type's less ``world.memory_reserve``: a real agent registers what the
    operating system leaves, a few per cent below nominal and published nowhere.
    """
    made = machine(instance_type)
    return Capacity(
        cpu=made.cpu,
        memory=int(made.memory * (1 - world.memory_reserve)),
        enis=made.enis - 1,
        chips=len(made.devices),
    )


@dataclass(frozen=True, slots=True)
class Registration:
    """What an agent tells when it registers; what it leaves out is as for its type.

    ``cpu`` and ``memory`` are what it has measured, in CPU units and MiB.
    """

    instance_type: str
    zone: str | None = None
    attributes: Mapping[str, str | None] = field(default_factory=dict)
    ec2_instance_id: str | None = None
    cpu: int | None = None
    memory: int | None = None
    tags: Tags = field(default_factory=dict)
    capacity_provider: str | None = None
    managed: bool = False


def register(world: World, cluster: Cluster, told: Registration) -> Instance:
    """Add a container instance to a cluster, as its agent would."""
    made, nominal = machine(told.instance_type), capacity_of(world, told.instance_type)
    place = Place.of(cluster.arn)
    zones = [f"{place.region}{letter}" for letter in "abc"]
    zone = told.zone or zones[len(cluster.instances) % len(zones)]
    instance = Instance(
        arn=place.arn(f"container-instance/{cluster.name}/{world.ids.hexadecimal()}"),
        ec2_instance_id=told.ec2_instance_id or f"i-{world.ids.hexadecimal(17)}",
        cluster=cluster,
        instance_type=told.instance_type,
        capacity=replace(
            nominal, cpu=told.cpu or nominal.cpu, memory=told.memory or nominal.memory
        ),
        devices=made.devices,
        cores_per_chip=made.cores_per_chip,
        zone=zone,
        attributes={
            **dict.fromkeys(INSTANCE_CAPABILITIES),
            **DEFAULT_ATTRIBUTES,
            "ecs.availability-zone": zone,
            "ecs.instance-type": told.instance_type,
            "ecs.cpu-architecture": made.architecture,
            **told.attributes,
        },
        registered_at=world.now,
        tags=dict(told.tags),
        capacity_provider=told.capacity_provider,
        managed=told.managed,
    )
    cluster.instances[instance.arn] = instance
    notice(world, cluster)
    return instance


def watch_idle(world: World, instance: Instance) -> None:
    """A managed instance that stays empty for a while is ended."""
    instance.empty_since = world.now
    world.after(world.pace.instance_idle, partial(_end_if_idle, world, instance))


def _end_if_idle(world: World, instance: Instance) -> None:
    idle = world.now - instance.empty_since >= world.pace.instance_idle
    if idle and not instance.tasks and instance.status == "ACTIVE":
        retire(world, instance)


def retire(world: World, instance: Instance) -> None:
    """The instance is no longer one of its cluster."""
    instance.cluster.instances.pop(instance.arn, None)
    instance.status, instance.agent_connected = "INACTIVE", False
    notice(world, instance.cluster)


def notice(world: World, cluster: Cluster) -> None:
    """Instances have come, gone or changed: everybody looks again."""
    cluster.starved.clear()
    for service in cluster.services.values():
        world.see(service)
