"""The rules of roles: what ECS itself needs one for, and what it takes none for.

Developer guide, "Amazon ECS task execution IAM role"; botocore's documentation of
CreateServiceRequest.role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.ecs.shape_fault import ShapeFault
from glia.ecs.shape_words import shown
from glia.manifest.rules_subject import SERVICE, Rule, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator


def secrets_without_an_execution_role(subject: Subject) -> Iterator[ShapeFault]:
    """The agent reads them before the container starts, with this role and no other."""
    if subject.task_definition.get("executionRoleArn"):
        return
    for path, container in subject.containers:
        log = container.get("logConfiguration") or {}
        for where, found in (
            ((*path, "secrets"), container.get("secrets")),
            ((*path, "logConfiguration", "secretOptions"), log.get("secretOptions")),
        ):
            if found:
                yield ShapeFault(
                    where,
                    "contradiction",
                    f"{where[-1]} are read with the task execution role, and there is none",
                    "taskDefinition.executionRoleArn",
                    remedy="write executionRoleArn: a role that may read them",
                )


def role_without_a_load_balancer(subject: Subject) -> Iterator[ShapeFault]:
    role = subject.service.get("role")
    if role and not subject.service.get("loadBalancers"):
        yield ShapeFault(
            (*SERVICE, "role"),
            "contradiction",
            "role is what ECS calls a load balancer with, and the service has none",
            "no role",
            shown(role),
            "take it out; the tasks' own roles are taskDefinition.taskRoleArn and executionRoleArn",
        )


RULES: tuple[Rule, ...] = (secrets_without_an_execution_role, role_without_a_load_balancer)
