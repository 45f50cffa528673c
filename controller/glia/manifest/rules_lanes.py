"""The rules of replicas that share instances: they become several services of ECS, lanes.

Also of the names of services and families; both are one pattern (CreateServiceRequest and
RegisterTaskDefinitionRequest).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import quoted
from glia.manifest.rules_subject import SERVICE, TASK_DEFINITION, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
# A family of several lanes is a prefix: "-", a name of at most 63, "-neuron10to11" and a
# partition's name come behind it.
LONGEST_PREFIX = 128


def malformed_ecs_name(subject: Subject) -> Iterator[ShapeFault]:
    for root, member, members in (
        (SERVICE, "serviceName", subject.service),
        (TASK_DEFINITION, "family", subject.task_definition),
    ):
        name = members.get(member)
        if name is not None and not NAME.fullmatch(name):
            yield ShapeFault(
                (*root, member),
                "not-allowed",
                f"{quoted(member)} has letters, digits, hyphens and underscores, at most 255",
                "letters, digits, - and _",
                quoted(name),
                "rename it, or leave it out: Glia then names it after the manifest",
            )


def service_name_of_several_lanes(subject: Subject) -> Iterator[ShapeFault]:
    name = subject.service.get("serviceName")
    if name is not None and subject.has_several_lanes:
        yield ShapeFault(
            (*SERVICE, "serviceName"),
            "contradiction",
            "serviceName names one service of ECS, and replicas that share instances are several",
            "no serviceName",
            quoted(name),
            "leave it out: Glia names each after metadata.name and its chips",
        )


def family_too_long_for_lanes(subject: Subject) -> Iterator[ShapeFault]:
    family = subject.task_definition.get("family")
    if family is not None and subject.has_several_lanes and len(family) > LONGEST_PREFIX:
        yield ShapeFault(
            (*TASK_DEFINITION, "family"),
            "out-of-range",
            "replicas that share instances have several families, and family is what they begin "
            f"with: it may have {LONGEST_PREFIX} characters",
            f"at most {LONGEST_PREFIX} characters",
            f"{len(family)} characters",
            "shorten it, or leave it out",
        )


def lanes_without_readiness(subject: Subject) -> Iterator[ShapeFault]:
    """Without a check ECS calls a task healthy 40 seconds after its start."""
    if not subject.has_several_lanes or subject.neuron_container is None:
        return
    _, container = subject.neuron_container
    if _has_check(container) or subject.has_load_balancer or subject.rollout.min_ready_seconds:
        return
    yield ShapeFault(
        ("spec", "rollout", "minReadySeconds"),
        "missing-field",
        "replicas that share instances are replaced a few at a time, and nothing says when one is "
        "ready: ECS would call it healthy 40 seconds after its start",
        "a healthCheck of the Neuron container, a load balancer, or rollout.minReadySeconds",
        remedy="write rollout.minReadySeconds: the seconds that the model takes to load, or a "
        "healthCheck",
    )


def _has_check(container: Mapping[str, Any]) -> bool:
    """``NONE`` turns off the check that the image brings."""
    command = (container.get("healthCheck") or {}).get("command") or ["NONE"]
    return bool(command[0] != "NONE")


RULES: tuple[Rule, ...] = (
    malformed_ecs_name,
    service_name_of_several_lanes,
    family_too_long_for_lanes,
    lanes_without_readiness,
)
