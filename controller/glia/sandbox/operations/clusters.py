"""Clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox import views
from glia.sandbox.ecs_error import EcsError, invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, cluster_of, named
from glia.sandbox.records import Cluster
from glia.sandbox.validation.rules import faults_of_name, refuse_first
from glia.sandbox.validation.tags import check_tags

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

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
    found, failures = [], []
    for wanted in request.params.get("clusters") or ["default"]:
        name = named(wanted, request.place, "cluster")
        cluster = request.region.clusters.get(name or "")
        if cluster is None:
            arn = wanted if wanted.startswith("arn:") else request.place.arn(f"cluster/{wanted}")
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        found.append(
            views.cluster(
                cluster,
                tags=request.includes("TAGS"),
                settings=request.includes("SETTINGS"),
                configurations=request.includes("CONFIGURATIONS"),
            )
        )
    return {"clusters": found, "failures": failures}


def list_clusters(request: Request) -> Json:
    active = [each.arn for each in request.region.clusters.values() if each.status == "ACTIVE"]
    arns, more = page(request, active)
    return {"clusterArns": arns, **more}


def update_cluster(request: Request) -> Json:
    cluster = cluster_of(request)
    cluster.spec |= {member: request.params[member] for member in KEPT if member in request.params}
    return {"cluster": _shown(cluster)}


def put_cluster_capacity_providers(request: Request) -> Json:
    known = {*request.region.providers, "FARGATE", "FARGATE_SPOT"}
    for name in request.params["capacityProviders"]:
        if name not in known:
            raise invalid_parameter(f"The specified capacity provider {name} was not found.")
    return update_cluster(request)


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
