"""What is left of shared instances, a partition a line or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.render.legible import visible, wrapped
from glia.render.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.render.paint import Paint
    from glia.status import ClusterStatus, Room, UnsafeLane

INDENT = "    "
DEEPER = INDENT * 2


def room_lines(cluster: ClusterStatus, paint: Paint, width: int) -> list[str]:
    """Free chips, what would fit, what does not although chips are free, and lanes in danger."""
    if not cluster.rooms:
        return []
    lines = [paint(f"room in {visible(str(cluster.cluster))}", "bold")]
    for room in cluster.rooms:
        lines += wrapped(_head(room), width, INDENT)
        lines += [line for text in _told(room) for line in wrapped(text, width, DEEPER)]
        for lane in room.unsafe:
            lines += [paint(line, "yellow") for line in wrapped(_unsafe(lane), width, DEEPER)]
    return lines


def _head(room: Room) -> str:
    words = [f"{room.instances} {room.instance_type}"]
    words += [f"pool {room.pool}"] if room.pool else []
    words += [f"partition {room.partition}"] if room.partition else []
    free = f"{room.free} of {room.chips} chips free, longest run {room.longest_run}"
    return f"{', '.join(words)}: {free}"


def _told(room: Room) -> Iterator[str]:
    """By chips a replica. What ECS could place now and Glia makes no lane for is not safe."""
    fitting = [(number, size) for size, number in room.fits.items() if number]
    if fitting:
        number, size = fitting[0]
        first = f"{count(number, 'more replica')} of {count(size, 'chip')}"
        rest = (f"{number} of {size}" for number, size in fitting[1:])
        yield f"room for {', or '.join((first, *rest))}"
    lacking = [size for size, number in room.fits.items() if not number and size <= room.free]
    if apart := [str(size) for size in lacking if size > room.longest_run]:
        yield f"fragmented: no room for {' or '.join(apart)} chips"
    if unsafe := [str(size) for size in lacking if size <= room.longest_run]:
        yield f"no safe lane for {' or '.join(unsafe)} chips"


def _unsafe(lane: UnsafeLane) -> str:
    short = f"{lane.resource} may run out" if lane.resource else f"{lane.needed} are needed"
    return f"lane {lane.name} is not safe with {count(lane.instances, 'instance')}: {short}"
