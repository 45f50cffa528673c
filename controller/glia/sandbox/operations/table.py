"""Every operation that the sandbox plays, by ECS's name for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.operations import (
    attributes,
    capacity_providers,
    clusters,
    instances,
    service_deployments,
    services,
    settings,
    tags,
    task_definitions,
    tasks,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.sandbox.operations.request import Operation

OPERATIONS: Mapping[str, Operation] = (
    attributes.OPERATIONS
    | capacity_providers.OPERATIONS
    | clusters.OPERATIONS
    | instances.OPERATIONS
    | service_deployments.OPERATIONS
    | services.OPERATIONS
    | settings.OPERATIONS
    | tags.OPERATIONS
    | task_definitions.OPERATIONS
    | tasks.OPERATIONS
)
