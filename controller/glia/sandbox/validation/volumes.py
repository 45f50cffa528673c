"""The rules of volumes and of those who mount them: botocore's documentation of Volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.sandbox.validation.rules import Sentences, faults_of_name, repeated

if TYPE_CHECKING:
    from glia.sandbox.wire_types import Json

# A volume is one of these kinds; none of them is an empty bind mount.
KINDS = (
    "configuredAtLaunch",
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "host",
    "s3filesVolumeConfiguration",
)


def faults_of_volumes(task: Json) -> Sentences:
    """ECS's sentences about a task definition's volumes and mount points."""
    volumes = task.get("volumes") or []
    for volume in volumes:
        yield from faults_of_name("Volume.name", volume.get("name"))
        yield from _faults_of_kind(volume)
        yield from _faults_of_efs(volume)
    for name in repeated(volume["name"] for volume in volumes):
        yield f"Volume name '{name}' is used more than once."
    if sum(bool(volume.get("configuredAtLaunch")) for volume in volumes) > 1:
        yield "Only one volume of a task definition can be configuredAtLaunch."
    yield from _faults_of_mounts(task, {volume["name"] for volume in volumes})


def _faults_of_kind(volume: Json) -> Sentences:
    if sum(bool(volume.get(kind)) for kind in KINDS) > 1:
        yield f"Volume '{volume['name']}' must have only one type of configuration."


def _faults_of_efs(volume: Json) -> Sentences:
    efs = volume.get("efsVolumeConfiguration") or {}
    access = efs.get("authorizationConfig") or {}
    if access and efs.get("transitEncryption") != "ENABLED":
        yield (
            f"Volume '{volume['name']}': transitEncryption must be ENABLED when "
            "authorizationConfig is given."
        )
    if access.get("accessPointId") and efs.get("rootDirectory") not in {None, "", "/"}:
        yield f"Volume '{volume['name']}': rootDirectory must be '/' with an access point."


def _faults_of_mounts(task: Json, volumes: set[str]) -> Sentences:
    containers = {container["name"] for container in task["containerDefinitions"]}
    for container in task["containerDefinitions"]:
        for mount in container.get("mountPoints") or []:
            if mount.get("sourceVolume") not in volumes:
                yield f"Unknown volume '{mount.get('sourceVolume')}'."
        for source in container.get("volumesFrom") or []:
            if source.get("sourceContainer") not in containers - {container["name"]}:
                yield f"Unknown container '{source.get('sourceContainer')}' in volumesFrom."
