"""A cluster in a status: who holds which chip, its lanes, and what could not be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.chips import instance_chips
from glia.desired import lane_tag
from glia.desired.labels import LABELLED_BY, LABELLING, labelling_of
from glia.desired.service import PARTITION
from glia.errors import Diagnostic
from glia.occupancy import occupancy
from glia.status import ClusterLane, ClusterStatus
from glia.tags import KEY, LANE, OWNER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.layout.roster import Roster
    from glia.neuron.catalogue import InstanceType
    from glia.observed import Observed


def cluster_status(
    observed: Observed,
    account_id: str,
    instance_types: Mapping[str, InstanceType],
    roster: Roster | None,
) -> ClusterStatus:
    """The instances as far as they were read; the lanes where a roster tells them."""
    cluster, fleet = observed.cluster, observed.facts.fleet
    instances = () if fleet is None else instance_chips(fleet, instance_types, cluster.owner)
    lanes = None if roster is None or roster.failure else tuple(_cluster_lanes(roster))
    return ClusterStatus(cluster, account_id or cluster.target.account_id, instances, lanes)


def _cluster_lanes(roster: Roster) -> Iterator[ClusterLane]:
    """Whatever a lay-out looks at: lanes, and services that are bound to a partition."""
    for name, service in sorted(roster.services.items()):
        constraints = service.members.get("placementConstraints") or ()
        said = tuple(str(each["expression"]) for each in constraints if "expression" in each)
        bound = any(PARTITION in each for each in said)
        if service.status == "INACTIVE" or not (LANE in service.tags or bound):
            continue
        strategy = service.members.get("capacityProviderStrategy") or ()
        yield ClusterLane(
            name=name,
            key=service.tags.get(KEY, ""),
            owner=service.tags.get(OWNER, ""),
            status=service.status,
            desired=service.desired,
            figures=lane_tag.read(service.tags),
            capacity_providers=tuple(each["capacityProvider"] for each in strategy),
            constraints=said,
        )


def unread(observed: Observed) -> Iterator[Diagnostic]:
    """What makes the picture of the chips incomplete, or is only half done."""
    fleet = observed.facts.fleet
    if fleet is None:
        if not observed.failure:
            yield Diagnostic(
                severity="warning",
                code="instances-unreadable",
                message=f"the instances of cluster {observed.cluster} could not be read",
                remedy="allow ecs:ListContainerInstances, ecs:DescribeContainerInstances, "
                "ecs:ListTasks and ecs:DescribeTasks",
            )
        return
    yield from _being_labelled(observed)
    occupied = occupancy(fleet)
    groups = {
        each.task.group
        for instance in occupied.instances
        for each in occupied.on(instance)
        if each.definition is None
    }
    if groups:
        yield Diagnostic(
            severity="warning",
            code="task-definitions-unreadable",
            message=f"chips shown as free in cluster {observed.cluster} may be held",
            expected="the task definition of every task",
            found=f"none of {', '.join(sorted(groups))}",
            remedy="allow ecs:DescribeTaskDefinition",
        )


def _being_labelled(observed: Observed) -> Iterator[Diagnostic]:
    """Instances that an apply is taking to a partition, or was when it ended."""
    fleet, owner = observed.facts.fleet, observed.cluster.owner
    for each in fleet.instances if fleet else ():
        if partition := labelling_of(owner, each.attributes):
            yield Diagnostic(
                severity="warning",
                code="instance-being-labelled",
                message=f"{each.ec2_instance_id or each.arn} of cluster {observed.cluster} is "
                f"on its way into partition {partition}",
                found=each.status,
                remedy="if no apply is under way, apply again: it goes on, or takes that back; "
                "where no manifest shares such instances any more, set it ACTIVE and delete its "
                f"attributes {LABELLING} and {LABELLED_BY}",
            )
