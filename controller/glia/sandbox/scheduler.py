"""The service scheduler: one pass over the services that something has happened to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox import daemon, rollout

if TYPE_CHECKING:
    from glia.sandbox.records import Cluster, Service
    from glia.sandbox.world import World


def run_pass(world: World) -> None:
    """See every service that waits for it; a bug in one does not keep the others waiting."""
    bugs: list[Exception] = []
    for region in world.regions.values():
        for cluster in region.clusters.values():
            if cluster.to_see or cluster.stirred:
                bugs += _see_all(world, cluster)
    if bugs:
        raise ExceptionGroup("The service scheduler failed", bugs)


def _see_all(world: World, cluster: Cluster) -> list[Exception]:
    if cluster.stirred:
        cluster.stirred = False
        cluster.to_see.update(dict.fromkeys(_concerned(cluster)))
    # Daemons are the first to start on an instance (developer guide, "daemon" strategy).
    services = sorted(cluster.to_see, key=lambda each: not _is_daemon(each))
    cluster.to_see.clear()
    bugs: list[Exception] = []
    for service in services:
        try:
            _see(world, service)
        except Exception as bug:  # noqa: BLE001  (told by run_pass)
            bugs.append(bug)
    return bugs


def _concerned(cluster: Cluster) -> list[Service]:
    """Daemons stop where they no longer match; constraints may look at tasks of others."""
    starved = [
        service
        for service in cluster.starved
        if service.constraints or service.primary.definition.constraints
    ]
    return starved + [service for service in cluster.services.values() if _is_daemon(service)]


def _is_daemon(service: Service) -> bool:
    daemonic: bool = service.spec["schedulingStrategy"] == "DAEMON"
    return daemonic


def _see(world: World, service: Service) -> None:
    if service.cluster.services.get(service.name) is not service:
        return  # deleted, and its name is another's: an old timer remembers it
    if service.status == "DRAINING":
        _let_go(service)
    elif service.status == "ACTIVE" and service.spec["deploymentController"]["type"] == "ECS":
        (daemon if _is_daemon(service) else rollout).reconcile(world, service)


def _let_go(service: Service) -> None:
    """A deleted service is INACTIVE once the last of its tasks has stopped."""
    if all(task.last_status == "STOPPED" for task in service.tasks.values()):
        service.status = "INACTIVE"
        service.deployments = []
