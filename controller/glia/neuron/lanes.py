"""Lanes: a device set on each of some instances, one ECS service each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_PARTITION = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """Replicas of one service that all hold the same devices, each on an instance of its own.

    Attributes:
        name: of its ECS service. It depends on where the lane is and not on how many replicas
            there are, so scaling renames none.
        device_ids: the chips, by the host's numbers; empty where ECS hands out the instance.
        count: replicas; None where the number is autoscaling's.
        partition: the value of the attribute ``glia.partition``; empty for the instances
            that have none.
        siblings: whether its service may have other lanes, or has had.
        apart_from: services of ECS whose tasks its own must not meet on an instance, because no
            host port keeps them apart.
    """

    name: str
    device_ids: tuple[int, ...]
    count: int | None
    partition: str = DEFAULT_PARTITION
    siblings: bool = False
    apart_from: tuple[str, ...] = ()


def lane_name(service: str, device_ids: Sequence[int], chips: int, partition: str = "") -> str:
    """The name of a lane on an instance with so many chips."""
    if len(device_ids) == chips and not partition:
        return service
    first, last = device_ids[0], device_ids[-1]
    where = f"neuron{first}" if first == last else f"neuron{first}to{last}"
    return "-".join(part for part in (service, where, partition) if part)
