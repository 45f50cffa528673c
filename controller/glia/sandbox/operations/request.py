"""A request to ECS, and how the resources that it names are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from glia.sandbox.arns import Place, last_part
from glia.sandbox.ecs_error import EcsError, client_exception, invalid_parameter

if TYPE_CHECKING:
    from glia.sandbox.records import (
        Cluster,
        Family,
        Instance,
        Service,
        Task,
        TaskDefinition,
    )
    from glia.sandbox.wire_types import Json
    from glia.sandbox.world import Region, World


@dataclass(frozen=True, slots=True)
class Request:
    """One call: its parameters, who makes it and where, and the world that it acts on."""

    world: World
    place: Place
    params: Json

    @property
    def region(self) -> Region:
        return self.world.region(self.place)

    @property
    def tags(self) -> dict[str, str]:
        return {tag["key"]: tag.get("value", "") for tag in self.params.get("tags") or ()}

    def includes(self, what: str) -> bool:
        return what in (self.params.get("include") or ())


Operation: TypeAlias = Callable[[Request], "Json"]


def named(arn_or_name: str, place: Place, kind: str) -> str | None:
    """The name, if an ARN is of this account and region; else no name of a resource here."""
    if arn_or_name.startswith(place.arn(f"{kind}/")):
        return last_part(arn_or_name)
    return None if "/" in arn_or_name or arn_or_name.startswith("arn:") else arn_or_name


def cluster_of(request: Request, member: str = "cluster") -> Cluster:
    """The ACTIVE cluster that the request names; ``default`` if it names none."""
    wanted = request.params.get(member) or "default"
    name = named(wanted, request.place, "cluster")
    cluster = request.region.clusters.get(name or "")
    if cluster is None or cluster.status != "ACTIVE":
        raise EcsError("ClusterNotFoundException", "Cluster not found.")
    return cluster


def service_in(cluster: Cluster, place: Place, name_or_arn: str) -> Service | None:
    """The service of that name, or of that ARN if it is of this very cluster."""
    name = named(name_or_arn, place, "service")
    service = cluster.services.get(name or "")
    if service is None:
        return None
    # An ARN names its cluster, but for the short format of before 2018.
    parts = name_or_arn.split(":service/", 1)[-1].split("/")
    if name_or_arn.startswith("arn:") and len(parts) == 2 and parts[0] != cluster.name:
        return None
    return service


def service_of(request: Request) -> Service:
    cluster = cluster_of(request)
    service = service_in(cluster, request.place, request.params["service"])
    if service is None:
        raise EcsError("ServiceNotFoundException", "Service not found.")
    return service


def task_in(cluster: Cluster, id_or_arn: str) -> Task | None:
    if id_or_arn in cluster.tasks:
        return cluster.tasks[id_or_arn]
    return cluster.tasks.get(f"{cluster.arn.replace(':cluster/', ':task/')}/{id_or_arn}")


def instance_in(cluster: Cluster, id_or_arn: str) -> Instance | None:
    if id_or_arn in cluster.instances:
        return cluster.instances[id_or_arn]
    arn = f"{cluster.arn.replace(':cluster/', ':container-instance/')}/{id_or_arn}"
    return cluster.instances.get(arn)


def definition_named(request: Request, name_or_arn: str) -> TaskDefinition:
    """``family`` (its latest ACTIVE revision), ``family:revision`` or ARN; ClientException."""
    name = named(name_or_arn, request.place, "task-definition")
    family_name, colon, number = (name or "").partition(":")
    family = request.region.families.get(family_name)
    definition = _revision(family, number if colon else None) if family is not None else None
    if definition is None:
        raise client_exception("Unable to describe task definition.")
    return definition


def _revision(family: Family, number: str | None) -> TaskDefinition | None:
    if number is not None:
        digits = number.isascii() and number.isdecimal()
        return family.revisions.get(int(number)) if digits else None
    active = [each for each in family.revisions.values() if each.status == "ACTIVE"]
    return max(active, key=lambda each: each.revision, default=None)


def usable_definition(request: Request) -> TaskDefinition:
    """The task definition of a request that starts tasks; an INACTIVE one is refused."""
    wanted = request.params.get("taskDefinition")
    if not wanted:
        raise invalid_parameter("TaskDefinition cannot be blank.")
    try:
        definition = definition_named(request, wanted)
    except EcsError:
        raise client_exception("TaskDefinition not found.") from None
    if definition.status != "ACTIVE":
        raise client_exception("TaskDefinition is inactive")
    return definition
