"""ARNs of what the manifests come down to, patterns where only ECS can tell the rest.

The forms are those of the Service Authorization Reference, "Resource types defined by Amazon
Elastic Container Service". A manifest without ``accountId`` leaves the account open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from glia.desired.state import DesiredService
    from glia.target import ClusterRef

ANY = "*"
# AWS's partitions, by how the names of their regions begin.
PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}


@dataclass(frozen=True)
class ClusterScope:
    """One ECS cluster and the services in it that a policy is about.

    Attributes:
        shares: whether services share instances: then all services of the cluster are read,
            and instances get labels.
        prunes: whether services are changed and deleted that no manifest names any more.
        whole: whether the services are told by a pattern for all of the cluster's instead of
            one by one.
    """

    cluster: ClusterRef
    services: Sequence[DesiredService]
    shares: bool = False
    prunes: bool = False
    whole: bool = False

    @property
    def arn(self) -> str:
        return self._ecs("cluster", self.cluster.name)

    @cached_property
    def service_names(self) -> tuple[str, ...]:
        """Names of ECS services; of shared instances' lanes only how they begin."""
        if self.whole:
            return (ANY,)
        return tuple(sorted({name for each in self.services for name in _names(each)}))

    @property
    def lists(self) -> bool:
        """Whether more services are read than those that manifests name."""
        return self.shares or self.prunes

    @property
    def services_read(self) -> list[str]:
        names = (ANY,) if self.lists else self.service_names
        return [self._ecs("service", self.cluster.name, name) for name in names]

    @property
    def service_revisions(self) -> list[str]:
        names = (ANY,) if self.lists else self.service_names
        return [self._ecs("service-revision", self.cluster.name, name, ANY) for name in names]

    @property
    def services_written(self) -> list[str]:
        return [self._ecs("service", self.cluster.name, name) for name in self.service_names]

    @property
    def services_changed(self) -> list[str]:
        names = (ANY,) if self.prunes else self.service_names
        return [self._ecs("service", self.cluster.name, name) for name in names]

    @property
    def task_definitions(self) -> list[str]:
        families = (ANY,) if self.whole else sorted(set(_families(self.services)))
        return [self._ecs("task-definition", f"{family}:{ANY}") for family in families]

    @property
    def container_instances(self) -> str:
        return self._ecs("container-instance", self.cluster.name, ANY)

    @property
    def tasks(self) -> str:
        return self._ecs("task", self.cluster.name, ANY)

    @cached_property
    def task_roles(self) -> frozenset[str]:
        """Roles that ECS hands to tasks."""
        members = ("executionRoleArn", "taskRoleArn")
        return frozenset(
            self._role(lane.task_definition[name])
            for service in self.services
            for lane in service.lanes
            for name in members
            if lane.task_definition.get(name)
        )

    @cached_property
    def service_roles(self) -> frozenset[str]:
        """Roles that ECS itself acts in: for load balancers, hooks and volumes."""
        found = (
            role
            for service in self.services
            for lane in service.lanes
            for role in _service_roles(lane.service)
        )
        return frozenset(map(self._role, found))

    @property
    def has_load_balancers(self) -> bool:
        return any(
            lane.service.get("loadBalancers") for each in self.services for lane in each.lanes
        )

    def _ecs(self, *path: str) -> str:
        target = self.cluster.target
        where = f"{partition(target.region)}:ecs:{target.region}:{target.account_id or ANY}"
        return f"arn:{where}:{'/'.join(path)}"

    def _role(self, name_or_arn: str) -> str:
        """ECS takes a role of the same account by its name too."""
        if name_or_arn.startswith("arn:"):
            return name_or_arn
        target = self.cluster.target
        return f"arn:{partition(target.region)}:iam::{target.account_id or ANY}:role/{name_or_arn}"


def partition(region: str) -> str:
    """The first part of ARNs there."""
    found = (name for start, name in PARTITIONS.items() if region.startswith(start))
    return next(found, "aws")


def _names(service: DesiredService) -> Iterator[str]:
    """Of its lanes, those that it may come to have or may still have from another shape."""
    yield service.name
    yield f"{service.name}-neuron{ANY}"
    yield from (lane.lane.name for lane in service.lanes if not _is_lane_of(service, lane))


def _is_lane_of(service: DesiredService, lane: Any) -> bool:
    name: str = lane.lane.name
    return name == service.name or name.startswith(f"{service.name}-neuron")


def _families(services: Iterable[DesiredService]) -> Iterator[str]:
    for service in services:
        lane = service.lanes[0]
        # A family ends with the lane's name unless the manifest names the family of one lane.
        start = lane.family.removesuffix(lane.lane.name)
        if start == lane.family:
            yield from (lane.family, f"{lane.family}-{service.name}-neuron{ANY}")
        else:
            yield from (f"{start}{name}" for name in _names(service))


def _service_roles(members: Mapping[str, Any]) -> Iterator[str]:
    configuration = members.get("deploymentConfiguration") or {}
    balancers = members.get("loadBalancers") or ()
    volumes = members.get("volumeConfigurations") or ()
    found = [
        members.get("role"),
        *((each.get("advancedConfiguration") or {}).get("roleArn") for each in balancers),
        *(each.get("roleArn") for each in configuration.get("lifecycleHooks") or ()),
        *((each.get("managedEBSVolume") or {}).get("roleArn") for each in volumes),
        *(each.get("roleArn") for each in members.get("vpcLatticeConfigurations") or ()),
    ]
    yield from filter(None, found)
