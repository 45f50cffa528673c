"""Clusters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glia.sandbox import views
from glia.sandbox.defaults import FARGATE_PROVIDERS
from glia.sandbox.ecs_error import EcsError, invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, cluster_of, named, sought
from glia.sandbox.records import Cluster
from glia.sandbox.validation.rules import faults_of_name, refuse_first
from glia.sandbox.validation.service import faults_of_providers
from glia.sandbox.validation.tags import check_tags

if TYPE_CHECKING:
    from glia.sandbox.records import Service
    from glia.sandbox.wire_types import Json

MAX_DESCRIBED = 100
KEPT = (
    "capacityProviders",
    "configuration",
    "defaultCapacityProviderStrategy",
    "serviceConnectDefaults",
    "settings",
)


def _shown(cluster: Cluster) -> Json:
    return views.cluster(cluster, tags=True, settings=True, configurations=True)


def create_cluster(request: Request) -> Json:
    name = request.params.get("clusterName") or "default"
    refuse_first(faults_of_name("Cluster name", name), invalid_parameter)
    check_tags(request.params.get("tags") or ())
    _check_providers(request)
    existing = request.region.clusters.get(name)
    if existing is not None and existing.status == "ACTIVE":
        return {"cluster": _shown(existing)}
    cluster = Cluster(
        arn=request.place.arn(f"cluster/{name}"),
        name=name,
        spec={
            "capacityProviders": [],
            "defaultCapacityProviderStrategy": [],
            "settings": [{"name": "containerInsights", "value": "disabled"}],
            **{member: request.params[member] for member in KEPT if member in request.params},
        },
        tags=request.tags,
    )
    request.region.clusters[name] = cluster
    return {"cluster": _shown(cluster)}


def describe_clusters(request: Request) -> Json:
    names = request.params.get("clusters") or ["default"]
    if len(names) > MAX_DESCRIBED:
        raise invalid_parameter(f"Clusters cannot be more than {MAX_DESCRIBED}.")
    found, failures = sought(names, partial(_cluster, request), request.place.arn("cluster/"))
    return {"clusters": [_described(request, each) for each in found], "failures": failures}


def _cluster(request: Request, wanted: str) -> Cluster | None:
    return request.region.clusters.get(named(wanted, request.place, "cluster") or "")


def _described(request: Request, cluster: Cluster) -> Json:
    described: Json = views.cluster(
        cluster,
        tags=request.includes("TAGS"),
        settings=request.includes("SETTINGS"),
        configurations=request.includes("CONFIGURATIONS"),
    )
    if request.includes("STATISTICS"):
        described["statistics"] = _statistics(cluster)
    return described


def _statistics(record: Cluster) -> list[Json]:
    """Tasks and services by launch type, under the names of the API reference, Cluster."""
    counts: dict[str, int] = {}
    for kind in ("EC2", "Fargate"):
        on = [
            t
            for t in record.tasks.values()
            if (views.launch_type(t) == "FARGATE") == (kind != "EC2")
        ]
        of = [s for s in record.services.values() if _on_fargate(s) == (kind != "EC2")]
        running = "RunningFargateTasksCount" if kind == "Fargate" else "runningEC2TasksCount"
        counts[running] = sum(task.last_status == "RUNNING" for task in on)
        counts[f"pending{kind}TasksCount"] = sum(task.pending for task in on)
        counts[f"active{kind}ServiceCount"] = sum(each.status == "ACTIVE" for each in of)
        counts[f"draining{kind}ServiceCount"] = sum(each.status == "DRAINING" for each in of)
    return [{"name": name, "value": str(count)} for name, count in counts.items()]


def _on_fargate(record: Service) -> bool:
    strategy = record.spec.get("capacityProviderStrategy") or [{"capacityProvider": ""}]
    provider: str = strategy[0]["capacityProvider"]
    return record.spec.get("launchType") == "FARGATE" or provider in FARGATE_PROVIDERS


def list_clusters(request: Request) -> Json:
    active = [each.arn for each in request.region.clusters.values() if each.status == "ACTIVE"]
    arns, more = page(request, active)
    return {"clusterArns": arns, **more}


def update_cluster(request: Request) -> Json:
    cluster = cluster_of(request)
    cluster.spec |= {member: request.params[member] for member in KEPT if member in request.params}
    return {"cluster": _shown(cluster)}


def put_cluster_capacity_providers(request: Request) -> Json:
    """Both lists replace the cluster's."""
    _check_providers(request)
    return update_cluster(request)


def _check_providers(request: Request) -> None:
    """The providers have to exist, and the strategy may name those of the cluster only."""
    providers = request.params.get("capacityProviders") or ()
    strategy = request.params.get("defaultCapacityProviderStrategy") or []
    for name in providers:
        if name not in {*request.region.providers, *FARGATE_PROVIDERS}:
            raise invalid_parameter(f"The specified capacity provider {name} was not found.")
    for item in strategy:
        if item["capacityProvider"] not in providers:
            raise invalid_parameter(
                f"The capacity provider {item['capacityProvider']} of the default strategy is "
                "not associated with the cluster."
            )
    refuse_first(faults_of_providers(strategy), invalid_parameter)


def delete_cluster(request: Request) -> Json:
    cluster = cluster_of(request)
    if any(service.status != "INACTIVE" for service in cluster.services.values()):
        raise EcsError(
            "ClusterContainsServicesException",
            "The Cluster cannot be deleted while Services are active.",
        )
    if cluster.instances:
        raise EcsError(
            "ClusterContainsContainerInstancesException",
            "The Cluster cannot be deleted while Container Instances are active or draining.",
        )
    if any(task.live for task in cluster.tasks.values()):
        raise EcsError(
            "ClusterContainsTasksException",
            "The Cluster cannot be deleted while Tasks are active.",
        )
    cluster.status = "INACTIVE"
    return {"cluster": _shown(cluster)}


OPERATIONS: dict[str, Operation] = {
    "CreateCluster": create_cluster,
    "DeleteCluster": delete_cluster,
    "DescribeClusters": describe_clusters,
    "ListClusters": list_clusters,
    "PutClusterCapacityProviders": put_cluster_capacity_providers,
    "UpdateCluster": update_cluster,
    "UpdateClusterSettings": update_cluster,
}
