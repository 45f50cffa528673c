"""What the services want of a domain, and the lanes that it has already."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glia.desired import lane_tag
from glia.desired.task_definition import lane_lock, task_definition
from glia.layout.domains import pinned_devices
from glia.neuron.domain import Demand, LiveLane
from glia.neuron.lanes import lane_name
from glia.neuron.locks import LOCK_BASE, Lock
from glia.tags import KEY
from glia.task_size import task_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glia.layout.adopted import Inherited
    from glia.layout.domains import DomainKey
    from glia.layout.roster import Roster
    from glia.live import LiveService
    from glia.manifest.spec import NeuronService, ServiceSpec
    from glia.neuron.catalogue import InstanceType


def demand(
    manifest: NeuronService,
    instance_type: InstanceType,
    live: tuple[LiveLane, ...],
    registered: int,
) -> Demand:
    """What a service wants. A count that is autoscaling's is taken as it is."""
    spec = manifest.spec
    pinned = pinned_devices(spec.neuron, instance_type)
    devices = pinned or tuple(range(int(spec.neuron.devices or 1)))
    size = task_size(task_definition(spec, "family", devices))
    locks = {LOCK_BASE + device for device in devices}
    running = sum(lane.count for lane in live)
    return Demand(
        service=manifest.metadata.name,
        chips=len(devices),
        replicas=max(running, 1) if spec.replicas is None else spec.replicas,
        device_ids=pinned or None,
        surge=surge_of(spec),
        min_instances=min(spec.neuron.min_instances, max(registered, 1)),
        ports=size.ports - locks,
        cpu=size.cpu,
        memory=size.memory,
        enis=int(spec.task_definition.get("networkMode") == "awsvpc"),
        locked=lane_lock(spec) is Lock.PORTS,
        # Autoscaling scales one ECS service, and a name is of one.
        one_lane=spec.replicas is None or bool(own_name(spec)),
        unavailable=spec.rollout.max_unavailable,
        name=own_name(spec),
    )


def own_name(spec: ServiceSpec) -> str:
    """What ``serviceName`` calls the service's one lane; empty where it is named by its place."""
    return str(spec.service.get("serviceName") or "")


def surge_of(spec: ServiceSpec) -> int:
    """Replicas that may run in addition: of a deployment that is not rolling, all of them."""
    configuration = spec.service.get("deploymentConfiguration") or {}
    if configuration.get("strategy", "ROLLING") == "ROLLING":
        return spec.rollout.max_surge
    return spec.replicas or 0


def live_lanes(
    key: DomainKey,
    roster: Roster,
    wanted: Mapping[str, NeuronService],
    instance_type: InstanceType,
    before: Iterable[Inherited] = (),
) -> dict[str, tuple[LiveLane, ...]]:
    """The domain's lanes by service, those of manifests that are not at hand included.

    ``before`` are services that a manifest has taken over, or is to.
    """
    found: dict[str, list[LiveLane]] = {}
    former = {each.spec.renamed_from for each in wanted.values()}
    heirs = {
        (each.spec.renamed_from, own_name(each.spec)): name for name, each in wanted.items()
    }  # what keeps its name in ECS is the same lane, whatever its manifest is called
    instances = [each for each in roster.fleet.instances if key.has(each)]
    unlocked = {each.service.name for each in before if each.unlocked}
    for each in before:
        if not each.owned:
            manifest = wanted[each.manifest]
            lane = _lane(each.manifest, each.service, each.figures, manifest, instance_type)
            lane = replace(lane, unlocked=each.unlocked)
            found.setdefault(each.manifest, []).append(lane)
    for service in roster.owned:
        figures = lane_tag.read(service.tags)
        if figures is None or figures.instance_type != key.instance_type:
            continue
        if not key.may_hold(service, instances):
            continue
        name = manifest_of(service)
        name = heirs.get((name, service.name), name)
        lane = _lane(name, service, figures, wanted.get(name), instance_type)
        if lane.leaving and KEY not in service.tags:
            name = ""  # nobody knows whose it is, so no manifest may end it
            lane = _lane(name, service, figures, None, instance_type)
        lane = replace(
            lane,
            leaving=lane.leaving or name in former,
            unlocked=service.name in unlocked,
        )
        found.setdefault(name, []).append(lane)
    return {
        name: tuple(sorted(lanes, key=lambda each: (each.partition, each.device_ids)))
        for name, lanes in found.items()
    }


def lanes_of(manifest: NeuronService, roster: Roster) -> tuple[LiveService, ...]:
    """The live services of a manifest's lanes, whatever they run on, by their names.

    Those that it had under another name are among them, and none without a key: of that nobody
    knows whose lane it is, whatever it is called.
    """
    names = {manifest.metadata.name, manifest.spec.renamed_from}
    found = (each for each in roster.owned if KEY in each.tags and manifest_of(each) in names)
    return tuple(sorted(found, key=lambda each: each.name))


def manifest_of(service: LiveService) -> str:
    """The name of the manifest that an owned service is of."""
    return service.tags.get(KEY, "").rpartition("/")[2] or service.name


def _lane(
    name: str,
    service: LiveService,
    figures: lane_tag.LaneFigures,
    manifest: NeuronService | None,
    instance_type: InstanceType,
) -> LiveLane:
    return LiveLane(
        service=name,
        name=service.name,
        device_ids=figures.device_ids,
        count=service.desired,
        partition=figures.partition,
        surge=surge_of(manifest.spec) if manifest else 0,
        ports=figures.ports,
        cpu=figures.cpu,
        memory=figures.memory,
        enis=int(in_awsvpc(service)),
        locked=lock_of(service, figures) is Lock.PORTS,
        leaving=service.status == "DRAINING"
        or _is_reshaped(manifest, figures, instance_type)
        or _is_renamed(service.name, manifest, figures, instance_type),
    )


def in_awsvpc(service: LiveService) -> bool:
    """Whether its tasks have interfaces of their own: only then it names subnets."""
    return bool((service.members.get("networkConfiguration") or {}).get("awsvpcConfiguration"))


def lock_of(service: LiveService, figures: lane_tag.LaneFigures) -> Lock:
    """What a live lane is kept apart by."""
    return figures.lock or (Lock.MEMORY if in_awsvpc(service) else Lock.PORTS)


def _is_renamed(
    name: str,
    manifest: NeuronService | None,
    figures: lane_tag.LaneFigures,
    instance_type: InstanceType,
) -> bool:
    """Whether its manifest now has another name for a lane at its place."""
    if manifest is None:
        return False
    place = figures.device_ids, instance_type.chips, figures.partition
    return name != (own_name(manifest.spec) or lane_name(manifest.metadata.name, *place))


def _is_reshaped(
    manifest: NeuronService | None, figures: lane_tag.LaneFigures, instance_type: InstanceType
) -> bool:
    """Whether its manifest now wants other chips a replica than this lane has."""
    if manifest is None:
        return False
    neuron = manifest.spec.neuron
    if pinned := pinned_devices(neuron, instance_type):
        return pinned != figures.device_ids
    return isinstance(neuron.devices, int) and neuron.devices != len(figures.device_ids)
