"""The rules of where a service's tasks may run: launch types, providers, platforms.

Source, where none is named: botocore's documentation of the member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted, shown
from glia.manifest.rules_subject import SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

# Fargate takes neither devices nor Neuron chips, so a definition for both never registers.
NEVER_BESIDE_EC2 = frozenset({"FARGATE"})
FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})


def compatibilities_of_another_capacity(subject: Subject) -> Iterator[ShapeFault]:
    given = set(subject.task_definition.get("requiresCompatibilities") or ())
    wanted = "MANAGED_INSTANCES" if subject.is_managed else "EC2"
    others = given - {wanted} if subject.is_managed else given & NEVER_BESIDE_EC2
    if not given or (wanted in given and not others):
        return
    remedy = f"write [{wanted}], or leave requiresCompatibilities out"
    if "MANAGED_INSTANCES" in given and not subject.is_managed:
        remedy += "; for whole Managed Instances write neuron.allocation: managed"
    yield ShapeFault(
        (*TASK_DEFINITION, "requiresCompatibilities"),
        "contradiction",
        f"neuron.allocation: {subject.neuron.allocation} needs requiresCompatibilities: [{wanted}]",
        f"[{wanted}]",
        f"[{', '.join(sorted(given))}]",
        remedy,
    )


def launch_type_without_chips(subject: Subject) -> Iterator[ShapeFault]:
    given = subject.service.get("launchType")
    if given in {None, "EC2"} or subject.is_managed:
        return
    remedy = "write EC2, or leave launchType out"
    if given == "MANAGED_INSTANCES":
        remedy = "leave launchType out and write neuron.allocation: managed"
    yield ShapeFault(
        (*SERVICE, "launchType"),
        "contradiction",
        f"launchType: {given} has no chips for neuron.allocation: devices",
        "EC2",
        shown(given),
        remedy,
    )


def launch_type_beside_a_strategy(subject: Subject) -> Iterator[ShapeFault]:
    if "launchType" in subject.service and subject.service.get("capacityProviderStrategy"):
        yield ShapeFault(
            (*SERVICE, "launchType"),
            "contradiction",
            "launchType and capacityProviderStrategy cannot both be given",
            "one of both",
            shown(subject.service["launchType"]),
            "leave launchType out",
        )


def fargate_provider(subject: Subject) -> Iterator[ShapeFault]:
    for index, item in enumerate(subject.service.get("capacityProviderStrategy") or ()):
        if item["capacityProvider"] in FARGATE_PROVIDERS:
            yield ShapeFault(
                (*SERVICE, "capacityProviderStrategy", index, "capacityProvider"),
                "never-works",
                f"{item['capacityProvider']} has no Neuron chips",
                "a capacity provider of the cluster with Neuron instances",
                quoted(item["capacityProvider"], '"'),
                "name another capacity provider",
            )


def pool_beside_a_strategy(subject: Subject) -> Iterator[ShapeFault]:
    pool = subject.neuron.pool
    strategy = subject.service.get("capacityProviderStrategy")
    if pool is None or pool.capacity_provider is None or not strategy or subject.is_managed:
        return
    given = [item["capacityProvider"] for item in strategy]
    if given != [pool.capacity_provider]:
        yield ShapeFault(
            (*SERVICE, "capacityProviderStrategy"),
            "contradiction",
            f"neuron.pool has replicas on capacity provider {quoted(pool.capacity_provider)} only, "
            "and capacityProviderStrategy says otherwise",
            f"[{{capacityProvider: {pool.capacity_provider}}}]",
            ", ".join(map(quoted, given)),
            "leave capacityProviderStrategy out: Glia writes it",
        )


def pool_beside_a_launch_type(subject: Subject) -> Iterator[ShapeFault]:
    """A strategy beside it has been refused already."""
    pool, given = subject.neuron.pool, subject.service.get("launchType")
    if pool is None or pool.capacity_provider is None or given is None or subject.is_managed:
        return
    if not subject.service.get("capacityProviderStrategy"):
        yield ShapeFault(
            (*SERVICE, "launchType"),
            "contradiction",
            f"neuron.pool.capacityProvider: {pool.capacity_provider} becomes the service's "
            "capacityProviderStrategy, and no launchType goes beside that",
            "no launchType",
            shown(given),
            "leave launchType out",
        )


def platform_without_chips(subject: Subject) -> Iterator[ShapeFault]:
    """Neuron's drivers are for Linux, and its instance types are of one architecture each."""
    platform = subject.task_definition.get("runtimePlatform") or {}
    at = (*TASK_DEFINITION, "runtimePlatform")
    system = platform.get("operatingSystemFamily", "LINUX")
    if system != "LINUX":
        yield ShapeFault(
            (*at, "operatingSystemFamily"),
            "never-works",
            "the Neuron driver is for Linux",
            "LINUX",
            shown(system),
            "leave it out",
        )
    kind, given = subject.instance_type, platform.get("cpuArchitecture")
    if kind is not None and given not in {None, kind.architecture.upper()}:
        yield ShapeFault(
            (*at, "cpuArchitecture"),
            "never-works",
            f"{kind.name} has processors of another architecture than {given}",
            kind.architecture.upper(),
            shown(given),
            "leave it out",
        )


RULES: tuple[Rule, ...] = (
    compatibilities_of_another_capacity,
    launch_type_without_chips,
    launch_type_beside_a_strategy,
    fargate_provider,
    pool_beside_a_strategy,
    pool_beside_a_launch_type,
    platform_without_chips,
)
