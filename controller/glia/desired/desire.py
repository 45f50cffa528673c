"""``desired``: from manifests and lanes to what ECS should hold, a pure function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from glia.desired.defaulted import defaulted
from glia.desired.lane_tag import lane_figures, written
from glia.desired.service import service
from glia.desired.state import DesiredLane, DesiredService, DesiredState
from glia.desired.task_definition import lane_lock, neuron_container, task_definition
from glia.ecs.anti_affinity import apart_from
from glia.ecs.content import content_hash, fingerprint, service_hash
from glia.errors import Location
from glia.manifest.spec import NeuronCluster, NeuronService
from glia.tags import (
    CONTENT,
    DISABLED,
    KEY,
    LANE,
    NAME,
    OWNER,
    PRUNE,
    SIBLINGS,
    TRUE,
    tag_list,
    tag_value,
    written_tags,
)
from glia.target import ClusterRef, Target
from glia.task_size import task_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glia.manifest.relations import Declared
    from glia.manifest.spec import ServiceSpec
    from glia.neuron.catalogue import InstanceType
    from glia.neuron.lanes import Lane


# Of a spec: what is no part of what runs.
POLICIES: Final = {"cluster", "suspend", "prune", "drift_policy", "depends_on", "renamed_from"}


def cluster_ref(manifest: NeuronCluster) -> ClusterRef:
    """The ECS cluster that a NeuronCluster declares."""
    spec, role = manifest.spec, manifest.spec.assume_role
    target = Target(
        spec.region,
        spec.account_id or "",
        role.role_arn if role else "",
        (role.external_id or "") if role else "",
    )
    return ClusterRef(target, spec.cluster_name or manifest.metadata.name, spec.owner)


def service_key(cluster: ClusterRef, name: str) -> str:
    """The value of ``glia:key`` for a manifest of that name."""
    return tag_value(f"{cluster.name}/{name}")


def clusters(declared: Iterable[Declared]) -> dict[str, ClusterRef]:
    """The ECS clusters by the names that services call them by."""
    return {
        each.manifest.metadata.name: cluster_ref(each.manifest)
        for each in declared
        if isinstance(each.manifest, NeuronCluster)
    }


def desired(
    declared: Sequence[Declared],
    lanes: Mapping[str, Sequence[Lane]],
    instance_types: Mapping[str, InstanceType],
) -> DesiredState:
    """What ECS should hold for these manifests.

    Args:
        declared: clusters and services, all of them right.
        lanes: of each service, by its manifest's name; a service without any is left out.
        instance_types: by name, all that the services use.
    """
    known = clusters(declared)
    services = (
        _service(each, known[each.manifest.spec.cluster], lanes[name], instance_types)
        for each in declared
        if isinstance(each.manifest, NeuronService)
        and lanes.get(name := each.manifest.metadata.name)
    )
    return DesiredState(tuple(sorted(services, key=lambda made: made.order)))


def _service(
    declared: Declared,
    cluster: ClusterRef,
    lanes: Sequence[Lane],
    instance_types: Mapping[str, InstanceType],
) -> DesiredService:
    manifest = declared.manifest
    assert isinstance(manifest, NeuronService)  # noqa: S101  (its only caller asks)
    spec, name = manifest.spec, manifest.metadata.name
    key = service_key(cluster, name)
    return DesiredService(
        key=key,
        name=name,
        location=Location(declared.document.file, declared.document.line, 1),
        cluster=cluster,
        replicas=spec.replicas,
        suspended=spec.suspend,
        rollout=spec.rollout,
        lanes=tuple(_lane(manifest, lane, cluster, key, len(lanes)) for lane in lanes),
        attempt=_attempt(manifest),
        instance_type=instance_types.get(spec.neuron.instance_type or ""),
        container=neuron_container(spec),
        drift_policy=spec.drift_policy,
        depends_on=spec.depends_on,
        renamed_from=service_key(cluster, spec.renamed_from) if spec.renamed_from else "",
    )


def _lane(
    manifest: NeuronService, lane: Lane, cluster: ClusterRef, key: str, lanes: int
) -> DesiredLane:
    spec, labels = manifest.spec, manifest.metadata.labels
    family = _family(spec.task_definition.get("family"), lane, cluster, lanes)
    members = task_definition(spec, family, lane.device_ids)
    content = content_hash(members)
    ours = {OWNER: tag_value(cluster.owner), KEY: key}
    place: dict[str, str] = {SIBLINGS: TRUE} if lane.siblings else {}
    if lane.device_ids and spec.neuron.instance_type is not None:
        size, lock = task_size(members), lane_lock(spec)
        figures = lane_figures(spec.neuron.instance_type, lane, size, lock)
        place[LANE] = written(figures)
    definition_tags = written_tags(labels, spec.task_definition.get("tags") or ())
    members["tags"] = tag_list(definition_tags | ours | {CONTENT: content})
    request = service(spec, lane, cluster.name, family)
    own = ours | place | _for_pruning(spec, lane)
    tags = written_tags(labels, spec.service.get("tags") or ()) | own
    request["tags"] = tag_list(tags)
    return DesiredLane(
        lane=lane,
        task_definition=members,
        service=request,
        tags=tags,
        defaulted=defaulted(spec, lane),
        content=content,
        service_content=_service_content(request, lane, tags),
    )


def _for_pruning(spec: ServiceSpec, lane: Lane) -> dict[str, str]:
    """What has to be known of a service once its manifest is gone.

    A name that does not follow from the key is told: tags may be copied to another service.
    """
    name = {NAME: lane.name} if "serviceName" in spec.service else {}
    return name | ({PRUNE: DISABLED} if spec.prune == DISABLED else {})


def _service_content(request: Mapping[str, Any], lane: Lane, tags: Mapping[str, str]) -> str:
    """Other lanes come and go without it: what keeps this one apart from them is no part of it."""
    if lane.apart_from:
        apart = apart_from(lane.apart_from)
        rest = [each for each in request["placementConstraints"] if each not in apart]
        request = {**request, "placementConstraints": rest}
    told = {key: value for key, value in tags.items() if key != SIBLINGS}
    return fingerprint([service_hash(request), lane.count, told])


def _family(written: str | None, lane: Lane, cluster: ClusterRef, lanes: int) -> str:
    """Families are shared by all clusters of an account and region, so ours say the cluster."""
    if written is None:
        return f"{cluster.name}-{lane.name}"
    return written if lanes == 1 else f"{written}-{lane.name}"


def _attempt(manifest: NeuronService) -> str:
    """What can make a deployment fail or succeed: a failure is remembered by it.

    All of the spec but its tags and policies, before lanes are put in. Fewer replicas, another
    pool or a longer grace period can cure a failure as well as another image.
    """
    spec = manifest.spec
    members = {"task_definition": spec.task_definition, "service": spec.service}
    said: dict[str, Any] = spec.model_dump(mode="json", exclude={*POLICIES, *members})
    for name, given in members.items():
        said[name] = {each: value for each, value in given.items() if each != "tags"}
    return fingerprint(said)
