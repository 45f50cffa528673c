"""The table of defaults as trees, one for each kind of object, compiled when first asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, assert_never

from glia.ecs import canonical_rules as rules
from glia.ecs.canonical_tree import Node, compiled
from glia.ecs.defaults_service import SERVICE, SERVICE_ANSWERS
from glia.ecs.defaults_task_definition import TASK_DEFINITION, TASK_DEFINITION_ANSWERS

if TYPE_CHECKING:
    from glia.ecs.defaults import Kind


def table(kind: Kind, network_mode: str = "bridge") -> Node:
    """The members of a kind; of a task definition, as they are read under a network mode."""
    match kind:
        case "taskDefinition":
            return _task_definition(equal_ports=network_mode in {"awsvpc", "host"})
        case "service":
            return _service()
        case _:
            assert_never(kind)


@cache
def _task_definition(*, equal_ports: bool) -> Node:
    return compiled(
        TASK_DEFINITION,
        TASK_DEFINITION_ANSWERS,
        {
            "containerDefinitions.portMappings": (
                rules.equal_port if equal_ports else rules.dynamic_port
            ),
            "containerDefinitions.linuxParameters.devices": rules.device,
        },
    )


@cache
def _service() -> Node:
    return compiled(SERVICE, SERVICE_ANSWERS, {})
