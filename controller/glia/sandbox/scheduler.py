"""The service scheduler: one pass over the services that something has happened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox import daemon, rollout

if TYPE_CHECKING:
    from glia.sandbox.records import Cluster, Service
    from glia.sandbox.world import World


def run_pass(world: World) -> None:
    for region in world.regions.values():
        for cluster in region.clusters.values():
            if cluster.to_see:
                _see_all(world, cluster)


def _see_all(world: World, cluster: Cluster) -> None:
    services = list(cluster.to_see.values())
    cluster.to_see.clear()
    for service in services:
        see(world, service)


def see(world: World, service: Service) -> None:
    """One service's turn."""
    if service.status == "DRAINING":
        _let_go(service)
    elif service.status == "ACTIVE" and service.spec["deploymentController"]["type"] == "ECS":
        if service.spec["schedulingStrategy"] == "DAEMON":
            daemon.reconcile(world, service)
        else:
            rollout.reconcile(world, service)


def _let_go(service: Service) -> None:
    """A deleted service is INACTIVE once the last of its tasks has stopped."""
    if all(task.last_status == "STOPPED" for task in service.tasks.values()):
        service.status = "INACTIVE"
        service.deployments = []
