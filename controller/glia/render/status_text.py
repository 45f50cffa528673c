"""The status for a person at a terminal: services first, then who holds which chip."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from glia.render import sections
from glia.render.chips import chip_picture
from glia.render.legible import visible, wrapped
from glia.render.paint import Paint
from glia.render.room import room_lines
from glia.render.table import joined, padded
from glia.render.wording import count

if TYPE_CHECKING:
    from glia.render.paint import Colour
    from glia.status import Condition, Health, LaneStatus, ServiceStatus, Status

INDENT = sections.INDENT
HEADINGS = ("SERVICE", "HEALTH", "READY", "TASK DEFINITION", "REASON")
COLOURS: dict[Health, Colour] = {
    "Healthy": "green",
    "Progressing": "yellow",
    "Degraded": "red",
    "Missing": "red",
    "Suspended": "cyan",
}


def status_text(status: Status, *, colour: bool, width: int) -> str:
    """The status, without a line end behind it; ``width`` in columns, for messages and chips."""
    paint = Paint(colour)
    blocks = [_services(status, paint, width)]
    blocks += [chip_picture(each, paint, width) for each in status.clusters if each.instances]
    blocks += [room_lines(each, paint, width) for each in status.clusters]
    blocks += [text.split("\n") for text in sections.diagnostics(status.diagnostics)]
    blocks.append([paint(_summary(status), "bold")])
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def trouble(service: ServiceStatus) -> Condition | None:
    """The condition that says best why the service is not simply Ready."""
    by_type = {each.type: each for each in service.conditions}
    for kind in ("Stalled", "Reconciling"):
        if (found := by_type.get(kind)) and found.status == "True":
            return found
    ready = by_type.get("Ready")
    return ready if ready and ready.status != "True" else None


def _services(status: Status, paint: Paint, width: int) -> list[str]:
    rows = [_row(service) for service in status.services]
    if not rows:
        return []
    head, *below = padded([HEADINGS, *rows])
    made = [paint(joined(head), "dim")]
    for service, (key, health, *rest) in zip(status.services, below, strict=True):
        made.append(joined([key, paint(health, COLOURS[service.health]), *rest]))
        made += _below(service, width)
    return made


def _row(service: ServiceStatus) -> tuple[str, ...]:
    found = trouble(service)
    names = {lane.task_definition for lane in service.lanes if lane.task_definition}
    definition = count(len(names), "task definition") if len(names) > 1 else "".join(names) or "-"
    ready = _replicas(service.ready, service.desired)
    return (service.key, service.health, ready, definition, found.reason if found else "")


def _below(service: ServiceStatus, width: int) -> list[str]:
    """ECS's words, and of several lanes those that lack replicas."""
    found = trouble(service)
    lines = wrapped(found.message, width, INDENT) if found else []
    if len(service.lanes) > 1:
        lines += [_lane(each) for each in service.lanes if _is_short(each)]
    return lines


def _lane(lane: LaneStatus) -> str:
    parts = [lane.name, _replicas(lane.ready, lane.desired), lane.task_definition or "missing"]
    return INDENT + visible("  ".join(part for part in [*parts, lane.deployment_status] if part))


def _replicas(ready: int | None, desired: int | None) -> str:
    """Of a cluster that nobody could read nothing is known, and zero would say something."""
    return "unknown" if ready is None or desired is None else f"{ready}/{desired}"


def _is_short(lane: LaneStatus) -> bool:
    return lane.ready is not None and lane.desired is not None and lane.ready < lane.desired


def _summary(status: Status) -> str:
    if not status.services:
        return "No services."
    tally = Counter(service.health for service in status.services)
    told = ", ".join(f"{tally[health]} {health}" for health in COLOURS if tally[health])
    return f"{count(len(status.services), 'service')}: {told}."
