"""What manifests want and what ECS shows, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from glia.desired.desire import desired
from glia.layout.layout import lay_out
from glia.live import Deployment, LiveInstance, LiveService, LiveTask, LiveTaskDefinition
from glia.manifest.document import Source
from glia.manifest.load import load
from glia.tags import REVISION, Applied
from support.requests import chip, container, task_definition

if TYPE_CHECKING:
    from glia.desired.state import DesiredLane, DesiredService

OWNER = "tests"
CLUSTER = {
    "apiVersion": "glia/v1alpha1",
    "kind": "NeuronCluster",
    "metadata": {"name": "inference"},
    "spec": {"region": "us-west-2", "owner": OWNER},
}
ARN = "arn:aws:ecs:us-west-2:123456789012"


def wanted(name: str = "web", *, replicas: int | None = 2, **spec: Any) -> DesiredService:
    """A NeuronService of whole inf1.xlarge; a member of ``spec`` replaces the whole one."""
    made = {
        "cluster": "inference",
        "neuron": {"instanceType": "inf1.xlarge", "devices": "all"},
        "taskDefinition": {"containerDefinitions": [container(cpu=1024)]},
        **({} if replicas is None else {"replicas": replicas}),
        **spec,
    }
    service = {
        "apiVersion": "glia/v1alpha1",
        "kind": "NeuronService",
        "metadata": {"name": name},
        "spec": made,
    }
    text = yaml.dump_all([CLUSTER, service], Dumper=yaml.CSafeDumper, sort_keys=False)
    loaded = load([Source("all.yaml", text.encode())])
    errors = [each for each in loaded.diagnostics if each.severity == "error"]
    assert not errors, errors
    lanes = lay_out(loaded.declared, loaded.instance_types, {}).lanes
    (found,) = desired(loaded.declared, lanes, loaded.instance_types).services
    return found


def registered(lane: DesiredLane) -> LiveTaskDefinition:
    """The lane's task definition, as revision 1."""
    tags = {each["key"]: each["value"] for each in lane.task_definition["tags"]}
    arn = f"{ARN}:task-definition/{lane.family}:1"
    return LiveTaskDefinition(arn, lane.task_definition, tags)


def live(lane: DesiredLane, *, running: int = 2, count: int = 2, **members: Any) -> LiveService:
    """The lane's service as it is after an apply; ``members`` replaces attributes."""
    name = lane.lane.name
    definition = registered(lane).arn
    own = {"cluster", "serviceName", "taskDefinition", "desiredCount", "tags"}
    deployment = Deployment(
        "ecs-svc/1", "PRIMARY", definition, count, running, 0, 0, rollout_state="COMPLETED"
    )
    made = {
        "arn": f"{ARN}:service/inference/{name}",
        "name": name,
        "status": "ACTIVE",
        "desired": count,
        "running": running,
        "pending": 0,
        "task_definition": definition,
        "members": {key: value for key, value in lane.service.items() if key not in own},
        "tags": {**lane.tags, REVISION: str(Applied(1, lane.content, lane.service_content))},
        "deployments": (deployment,),
        **members,
    }
    return LiveService(**made)


def instance(number: int, kind: str = "inf1.xlarge", **members: Any) -> LiveInstance:
    """An instance ``i-<number>`` with 4 vCPU and 7,000 MiB, nothing on it."""
    attributes = {"ecs.instance-type": kind, **members.pop("attributes", {})}
    resources = {"CPU": 4096, "MEMORY": 7000}
    made = {
        "arn": f"{ARN}:container-instance/inference/{number}",
        "ec2_instance_id": f"i-{number}",
        "instance_type": kind,
        "status": "ACTIVE",
        "connected": True,
        "attributes": attributes,
        "registered": resources,
        "remaining": resources,
        "ports": frozenset({22, 2375, 2376}),
        **members,
    }
    return LiveInstance(**made)


def definition(family: str, *devices: int, **members: Any) -> LiveTaskDefinition:
    """A registered task definition that maps these devices; ``tags`` are its tags."""
    tags = members.pop("tags", {})
    holder = container(linuxParameters=chip(*devices))
    made = task_definition(family, **{"containerDefinitions": [holder], **members})
    return LiveTaskDefinition(f"{ARN}:task-definition/{family}:1", made, tags)


def task(group: str, number: int, **members: Any) -> LiveTask:
    """A running task on instance ``number``, of the definition that is named as its group is."""
    family = group.partition(":")[2]
    made = {
        "arn": f"{ARN}:task/inference/{family}-{number}",
        "group": group,
        "instance": f"{ARN}:container-instance/inference/{number}",
        "task_definition": f"{ARN}:task-definition/{family}:1",
        "last_status": "RUNNING",
        "desired_status": "RUNNING",
        **members,
    }
    return LiveTask(**made)
