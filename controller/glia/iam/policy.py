"""The IAM policy for planning or applying these manifests, and no more.

Which actions know resources, and which conditions, is the Service Authorization Reference's word
("Actions defined by Amazon Elastic Container Service"): DescribeTaskDefinition knows none, the
List calls know the cluster as a condition.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from glia.iam.resources import ANY, ClusterScope
from glia.tags import OWNER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from glia.desired.state import DesiredState
    from glia.target import ClusterRef

Purpose: TypeAlias = Literal["plan", "apply"]
Statement: TypeAlias = dict[str, Any]

VERSION: Final = "2012-10-17"
# Of a managed policy, white space not counted (IAM user guide, "IAM and AWS STS quotas").
LARGEST: Final = 6144
LABELLING: Final = (
    "ecs:DeleteAttributes",
    "ecs:PutAttributes",
    "ecs:UpdateContainerInstancesState",
)
"""To take instances into partitions, which are drained for it, and out of them."""
CALLER: Final = "caller"


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy for one principal.

    Attributes:
        whole: whether services stand in it by their cluster, as they are too many for one policy.
    """

    statements: tuple[Statement, ...]
    whole: bool = False

    @property
    def document(self) -> dict[str, Any]:
        return {"Version": VERSION, "Statement": list(self.statements)}

    @property
    def size(self) -> int:
        return len(json.dumps(self.document, separators=(",", ":")))


def principals(desired: DesiredState) -> tuple[str, ...]:
    """Who acts: roles that manifests name, and the caller where one names none."""
    roles = {service.cluster.target.role_arn or CALLER for service in desired.services}
    return tuple(sorted(roles, key=lambda each: (each != CALLER, each)))


def assuming(desired: DesiredState) -> Statement:
    """What the caller needs beside a policy of its own: to act in the roles."""
    roles = [each for each in principals(desired) if each != CALLER]
    return _statement("Assume", ["sts:AssumeRole"], roles)


def policy(  # noqa: PLR0913  (what else may be done comes by keyword)
    desired: DesiredState,
    sharing: Collection[str],
    principal: str,
    purpose: Purpose,
    *,
    adopts: bool = False,
    pruning: Collection[ClusterRef] = (),
) -> Policy:
    """What a principal needs.

    Args:
        desired: all services, those that share instances laid out somehow.
        sharing: names of the manifests that share instances.
        principal: the ARN of a role that manifests name, or ``caller``.
        purpose: ``apply`` includes planning.
        adopts: whether services that are not Glia's yet may be taken over.
        pruning: clusters in which services may go that no manifest names any more.
    """
    role = "" if principal == CALLER else principal
    scopes = [
        replace(each, prunes=each.cluster in pruning)
        for each in _scopes(desired, sharing)
        if each.cluster.target.role_arn == role
    ]
    made = Policy(tuple(_statements(scopes, purpose, adopts)))
    if made.size <= LARGEST:
        return made
    scopes = [replace(each, whole=True) for each in scopes]
    return Policy(tuple(_statements(scopes, purpose, adopts)), whole=True)


def _scopes(desired: DesiredState, sharing: Collection[str]) -> Iterator[ClusterScope]:
    for cluster in desired.clusters:
        services = [each for each in desired.services if each.cluster == cluster]
        shares = any(each.name in sharing for each in services)
        yield ClusterScope(cluster, services, shares)


def _statements(
    scopes: Sequence[ClusterScope], purpose: Purpose, adopts: bool
) -> Iterator[Statement]:
    yield from _reads(scopes)
    if purpose == "apply":
        owners: dict[str, list[ClusterScope]] = defaultdict(list)
        for each in scopes:
            owners[each.cluster.owner].append(each)
        for number, (owner, owned) in enumerate(sorted(owners.items())):
            suffix = str(number + 1) if len(owners) > 1 else ""
            yield from _writes(owner, owned, suffix, adopts=adopts)
        yield from _roles_passed(scopes)
        yield from _labels(scopes)


def _reads(scopes: Sequence[ClusterScope]) -> Iterator[Statement]:
    clusters = [each.arn for each in scopes]
    yield _statement(
        "ReadClusters", ["ecs:DescribeClusters", "ecs:ListContainerInstances"], clusters
    )
    yield _statement(
        "ReadServices",
        ["ecs:DescribeServices", "ecs:ListServiceDeployments"],
        _all(each.services_read for each in scopes),
    )
    yield _statement(
        "ReadServiceRevisions",
        ["ecs:DescribeServiceRevisions"],
        _all(each.service_revisions for each in scopes),
    )
    yield _statement(
        "ReadInstances",
        ["ecs:DescribeContainerInstances", "ecs:DescribeTasks"],
        [arn for each in scopes for arn in (each.container_instances, each.tasks)],
    )
    yield _statement("ReadTaskDefinitions", ["ecs:DescribeTaskDefinition"], [ANY])
    lists = ["ecs:ListServices", "ecs:ListTasks"]  # services: once one is new, or shares
    yield _statement("List", lists, [ANY], {"ArnEquals": {"ecs:cluster": clusters}})
    roles = sorted(frozenset().union(*(each.task_roles | each.service_roles for each in scopes)))
    if roles:
        yield _statement("ReadRoles", ["iam:GetRole"], roles)
    if any(each.has_load_balancers for each in scopes):
        reads = ["elasticloadbalancing:DescribeTargetGroups"]
        yield _statement("ReadTargetGroups", reads, [ANY])


def _writes(
    owner: str, scopes: Sequence[ClusterScope], suffix: str, *, adopts: bool
) -> Iterator[Statement]:
    """Only what carries the owner's tag is changed, by IAM's word too."""
    services = _all(each.services_written for each in scopes)
    definitions = _all(each.task_definitions for each in scopes)
    new = {"StringEquals": {f"aws:RequestTag/{OWNER}": owner}}
    ours = {"StringEquals": {f"aws:ResourceTag/{OWNER}": owner}}
    yield _statement(f"Register{suffix}", ["ecs:RegisterTaskDefinition"], definitions, new)
    yield _statement(f"Create{suffix}", ["ecs:CreateService"], services, new)
    created = ["CreateService", "RegisterTaskDefinition"]
    yield _statement(
        f"TagNew{suffix}",
        ["ecs:TagResource"],
        [*definitions, *services],
        {"StringEquals": {"ecs:CreateAction": created}},
    )
    changes = ["ecs:UpdateService", "ecs:TagResource"]
    changed = _all(each.services_changed for each in scopes)
    if adopts:
        yield _statement(f"Adopt{suffix}", changes, services)
    yield _statement(f"Change{suffix}", changes, changed, ours)
    yield _statement(f"Delete{suffix}", ["ecs:DeleteService"], changed, ours)


def _roles_passed(scopes: Sequence[ClusterScope]) -> Iterator[Statement]:
    passed = (
        ("PassToTasks", "ecs-tasks.amazonaws.com", [each.task_roles for each in scopes]),
        ("PassToEcs", "ecs.amazonaws.com", [each.service_roles for each in scopes]),
    )
    for name, service, roles in passed:
        if found := sorted(frozenset().union(*roles)):
            only = {"StringEquals": {"iam:PassedToService": service}}
            yield _statement(name, ["iam:PassRole"], found, only)


def _labels(scopes: Sequence[ClusterScope]) -> Iterator[Statement]:
    instances = [each.container_instances for each in scopes if each.shares]
    if instances:
        yield _statement("Label", list(LABELLING), instances)


def _all(lists: Iterable[Iterable[str]]) -> list[str]:
    return [arn for each in lists for arn in each]


def _statement(
    name: str, actions: list[str], resources: list[str], condition: Statement | None = None
) -> Statement:
    made = {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**made, "Condition": condition} if condition else made
