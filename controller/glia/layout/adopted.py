"""Services that a manifest has by their names, and that run what Glia has not made.

They were there before it. Until they are adopted their tasks are still their own, and as long
as they keep their own task definition, nothing that ECS counts keeps others off their chips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glia.desired.lane_tag import LaneFigures
from glia.desired.task_definition import lane_lock
from glia.layout.domains import pinned_devices
from glia.neuron.lanes import lane_name
from glia.neuron.locks import LOCK_BASE, Lock
from glia.occupancy import mapped_devices
from glia.task_size import task_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.layout.roster import Roster
    from glia.live import LiveService, LiveTaskDefinition
    from glia.manifest.spec import NeuronService
    from glia.neuron.catalogue import InstanceType


@dataclass(frozen=True, slots=True)
class Inherited:
    """A live service with a task definition of its own, and the manifest whose lane it is.

    Attributes:
        owned: whether it has been adopted already.
        unlocked: whether the manifest has host ports for its chips and these tasks have not.
    """

    manifest: str
    service: LiveService
    figures: LaneFigures
    owned: bool
    unlocked: bool


def inherited(
    manifests: Mapping[str, NeuronService], roster: Roster, instance_type: InstanceType
) -> Iterator[Inherited]:
    """Those of manifests that say how their one lane is called."""
    owned = {each.name for each in roster.owned}
    for name, manifest in manifests.items():
        own = _lane_of(name, manifest, instance_type)
        live = roster.services.get(own)
        if live is None or live.status != "ACTIVE":
            continue
        definition = _definition(live, roster)
        devices = sorted(mapped_devices(definition.members)) if definition else []
        if definition is None or not devices:
            continue
        size = task_size(definition.members)
        locks = {LOCK_BASE + device for device in devices}
        yield Inherited(
            name,
            live,
            LaneFigures(
                instance_type.name,
                tuple(devices),
                "",
                size.cpu,
                size.memory,
                size.ports - locks,
            ),
            owned=own in owned,
            unlocked=lane_lock(manifest.spec) is Lock.PORTS and not locks <= size.ports,
        )


def _definition(live: LiveService, roster: Roster) -> LiveTaskDefinition | None:
    """What a task of it still runs that Glia has not made; its newest one where it is that."""
    known = roster.fleet.definitions
    arns = {each.task_definition for each in roster.fleet.tasks if each.service == live.name}
    return next((known[arn] for arn in sorted(arns) if arn in known), None)


def _lane_of(name: str, manifest: NeuronService, instance_type: InstanceType) -> str:
    """Its name in ECS; empty where that is not known before lanes are laid out."""
    written: str | None = manifest.spec.service.get("serviceName")
    devices = pinned_devices(manifest.spec.neuron, instance_type)
    return written or (lane_name(name, devices, instance_type.chips) if devices else "")
