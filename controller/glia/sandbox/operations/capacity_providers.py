"""Capacity providers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from glia.sandbox import views
from glia.sandbox.defaults import FARGATE_PROVIDERS
from glia.sandbox.ecs_error import client_exception, invalid_parameter
from glia.sandbox.operations.paging import page
from glia.sandbox.operations.request import Operation, Request, cluster_of, named, sought
from glia.sandbox.records import CapacityProvider
from glia.sandbox.validation.rules import faults_of_name, refuse_first
from glia.sandbox.validation.tags import check_tags

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

KINDS = {
    "autoScalingGroupProvider": "EC2_AUTOSCALING",
    "managedInstancesProvider": "MANAGED_INSTANCES",
}
RESERVED = ("aws", "ecs", "fargate")  # no name begins with these (API reference)


def create_capacity_provider(request: Request) -> Json:
    params = request.params
    name = params["name"]
    refuse_first(faults_of_name("Capacity provider name", name), client_exception)
    if name.lower().startswith(RESERVED):
        raise client_exception(f"The capacity provider name {name} begins with a reserved word.")
    if name in request.region.providers:
        raise client_exception(f"A capacity provider with the name {name} already exists.")
    kinds = [kind for kind in KINDS if kind in params]
    if len(kinds) != 1:
        raise client_exception(f"Exactly one of {' and '.join(KINDS)} must be given.")
    check_tags(params.get("tags") or ())
    spec = {kinds[0]: params[kinds[0]], "type": KINDS[kinds[0]]}
    if kinds == ["managedInstancesProvider"]:
        if "cluster" not in params:
            raise client_exception("A managed instances provider needs a cluster.")
        cluster = cluster_of(request)
        cluster.spec["capacityProviders"] = [*cluster.spec["capacityProviders"], name]
        spec["cluster"] = cluster.arn
    provider = CapacityProvider(
        arn=request.place.arn(f"capacity-provider/{name}"), name=name, spec=spec, tags=request.tags
    )
    request.region.providers[name] = provider
    return {"capacityProvider": views.capacity_provider(provider, tags=True)}


def _known(request: Request, wanted: str) -> CapacityProvider:
    """A provider that its users made; nobody can change AWS's own two."""
    name = named(wanted, request.place, "capacity-provider")
    provider = request.region.providers.get(name or "")
    if provider is None:
        raise client_exception("The specified capacity provider does not exist.")
    return provider


def _found(request: Request, wanted: str) -> CapacityProvider | None:
    """A provider of that name; every account has AWS's own two."""
    name = named(wanted, request.place, "capacity-provider") or ""
    if name not in FARGATE_PROVIDERS:
        return request.region.providers.get(name)
    arn = request.place.arn(f"capacity-provider/{name}")
    return CapacityProvider(arn=arn, name=name, spec={"type": name}, tags={})


def describe_capacity_providers(request: Request) -> Json:
    wanted = request.params.get("capacityProviders")
    if wanted is None:
        wanted = [*sorted(FARGATE_PROVIDERS), *request.region.providers]
    prefix = request.place.arn("capacity-provider/")
    found, failures = sought(wanted, partial(_found, request), prefix)
    shown, more = page(request, found, default=10, most=10)
    tags = request.includes("TAGS")
    return {
        "capacityProviders": [views.capacity_provider(each, tags=tags) for each in shown],
        "failures": failures,
        **more,
    }


def update_capacity_provider(request: Request) -> Json:
    provider = _known(request, request.params["name"])
    for kind in KINDS:
        if kind in request.params:
            if kind not in provider.spec:
                raise client_exception(f"The capacity provider has no {kind}.")
            provider.spec[kind] = {**provider.spec[kind], **request.params[kind]}
    return {"capacityProvider": views.capacity_provider(provider, tags=True)}


def delete_capacity_provider(request: Request) -> Json:
    provider = _known(request, request.params["capacityProvider"])
    for cluster in request.region.clusters.values():
        for service in cluster.services.values():
            strategy = service.spec.get("capacityProviderStrategy") or ()
            if service.status != "INACTIVE" and provider.name in {
                item["capacityProvider"] for item in strategy
            }:
                raise invalid_parameter(
                    f"The capacity provider is used by the service {service.name}."
                )
        cluster.spec["capacityProviders"] = [
            name for name in cluster.spec["capacityProviders"] if name != provider.name
        ]
    provider.status = "INACTIVE"
    del request.region.providers[provider.name]
    return {"capacityProvider": views.capacity_provider(provider, tags=True)}


OPERATIONS: dict[str, Operation] = {
    "CreateCapacityProvider": create_capacity_provider,
    "DeleteCapacityProvider": delete_capacity_provider,
    "DescribeCapacityProviders": describe_capacity_providers,
    "UpdateCapacityProvider": update_capacity_provider,
}
