"""A request to ECS, and how the resources that it names are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from glia.sandbox.arns import Place, last_part
from glia.sandbox.defaults import FARGATE_PROVIDERS
from glia.sandbox.ecs_error import EcsError, client_exception, invalid_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable

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
T = TypeVar("T")


def named(arn_or_name: str, place: Place, kind: str) -> str | None:
    """The name, if an ARN is of this account and region; else no name of a resource here."""
    if arn_or_name.startswith(place.arn(f"{kind}/")):
        return last_part(arn_or_name)
    return None if "/" in arn_or_name or arn_or_name.startswith("arn:") else arn_or_name


def sought(
    names: Iterable[str], find: Callable[[str], T | None], prefix: str = ""
) -> tuple[list[T], list[Json]]:
    """What a Describe call finds of the names, and a failure for each that it does not.

    ``prefix`` makes an ARN of a name that is none.
    """
    found, failures = [], []
    for name in names:
        if (each := find(name)) is not None:
            found.append(each)
        else:
            arn = name if name.startswith("arn:") else f"{prefix}{name}"
            failures.append({"arn": arn, "reason": "MISSING"})
    return found, failures


def cluster_of(request: Request, member: str = "cluster") -> Cluster:
    """The ACTIVE cluster that the request names; ``default`` if it names none."""
    wanted = request.params.get(member) or "default"
    name = named(wanted, request.place, "cluster")
    cluster = request.region.clusters.get(name or "")
    if cluster is None or cluster.status != "ACTIVE":
        raise EcsError("ClusterNotFoundException", "Cluster not found.")
    return cluster


def with_default_strategy(params: Json, cluster: Cluster) -> Json:
    """The request, with the cluster's strategy where it names no capacity itself."""
    default = cluster.spec.get("defaultCapacityProviderStrategy")
    if default and not params.get("launchType") and params.get("capacityProviderStrategy") is None:
        return {**params, "capacityProviderStrategy": default}
    return params


def check_providers(request: Request, cluster: Cluster, params: Json) -> None:
    """Refuse a strategy of capacity providers that the cluster does not have."""
    known = {*cluster.spec["capacityProviders"], *FARGATE_PROVIDERS}
    providers = request.region.providers.values()
    known |= {each.name for each in providers if each.spec.get("cluster") == cluster.arn}
    for item in params.get("capacityProviderStrategy") or ():
        if item["capacityProvider"] not in known:
            raise invalid_parameter(
                f"The specified capacity provider '{item['capacityProvider']}' was not found."
            )


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
    if family is not None:
        sweep(request.region, family)
        definition = _revision(family, number if colon else None)
        if definition is not None:
            return definition
    raise client_exception("Unable to describe task definition.")


def sweep(region: Region, family: Family) -> None:
    """Forget the revisions that were to be deleted as soon as nothing refers to them."""
    leaving = [r for r in family.revisions.values() if r.status == "DELETE_IN_PROGRESS"]
    for record in leaving:
        if not _in_use(region, record):
            del family.revisions[record.revision]


def _in_use(region: Region, record: TaskDefinition) -> bool:
    """Whether a task, a service or one of its deployments refers to it.

    "Until all the associated tasks and services have been terminated" (API reference,
    DeleteTaskDefinitions).
    """
    for cluster in region.clusters.values():
        tasks, services = cluster.tasks.values(), cluster.services.values()
        if any(each.definition is record and each.last_status != "STOPPED" for each in tasks):
            return True
        if any(_refers(each, record) for each in services if each.status != "INACTIVE"):
            return True
    return False


def _refers(service: Service, record: TaskDefinition) -> bool:
    named: bool = service.spec.get("taskDefinition") == record.arn
    return named or any(each.definition is record for each in service.deployments)


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
