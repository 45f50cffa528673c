"""Records as ECS shows them: the members of a Describe answer."""

from glia.sandbox.views.definitions import capacity_provider, cluster, task_definition
from glia.sandbox.views.instances import container_instance
from glia.sandbox.views.members import only_set, tag_list
from glia.sandbox.views.services import (
    OF_DEPLOYMENTS,
    OF_REVISIONS,
    service,
    service_deployment,
    service_deployment_brief,
    service_revision,
)
from glia.sandbox.views.tasks import launch_type, task

__all__ = [
    "OF_DEPLOYMENTS",
    "OF_REVISIONS",
    "capacity_provider",
    "cluster",
    "container_instance",
    "launch_type",
    "only_set",
    "service",
    "service_deployment",
    "service_deployment_brief",
    "service_revision",
    "tag_list",
    "task",
    "task_definition",
]
