"""Why tasks do not come up, in ECS's and the runtime's own words."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from glia.ecs.secret_text import concealed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.live import LiveContainer, LiveTask, ServiceEvent

# Event texts: developer guide, "Service event messages".
UNPLACED = "unable to place a task"
AT_REST, BEGUN = "has reached a steady state", "has started"
STEADY = (AT_REST, BEGUN)
ABOUT = re.compile(r"^\(service [^)]*\)\s*")
# ECS repeats an event that is not resolved only after so long.
REPEATED_SECONDS = 6 * 3600.0
STOPPED_BY_ECS = frozenset({"ServiceSchedulerInitiated", "UserInitiated"})


def placement_failure(events: Iterable[ServiceEvent], *, since: float) -> str:
    """The newest word on tasks that found no instance, unless one was started after it."""
    for event in events:
        if event.at < since:
            return ""
        if UNPLACED in event.message:
            return ABOUT.sub("", event.message)
        if any(word in event.message for word in STEADY):
            return ""
    return ""


def called_steady_since(events: Iterable[ServiceEvent]) -> float | None:
    """Since when ECS says so of what it has started last: as many as desired, and all healthy.

    None where it does not say so yet. Where neither is told any more, both are long ago. ECS
    repeats that a service is steady: the first time counts. The events come newest first.
    """
    since: float | None = None
    for event in events:
        if BEGUN in event.message:
            return since
        if AT_REST in event.message:
            since = event.at
    return since or 0.0


def stop_cause(stopped: Iterable[LiveTask], definition: str, since: float = 0.0) -> str:
    """What has ended most tasks of a revision since then that were not stopped on purpose."""
    causes = Counter(
        _cause(task)
        for task in stopped
        if task.task_definition == definition
        and task.stop_code not in STOPPED_BY_ECS
        and (task.stopped_at is None or task.stopped_at >= since)
    )
    if not causes:
        return ""
    [(cause, count)] = causes.most_common(1)
    tasks = "1 task" if count == 1 else f"{count} tasks"
    return f"{tasks} ended: {cause}"


def _cause(task: LiveTask) -> str:
    parts = [task.stopped_reason.rstrip(".") or task.stop_code]
    parts += [_container(each) for each in task.containers if each.reason or each.exit_code]
    return concealed("; ".join(part for part in parts if part))


def _container(container: LiveContainer) -> str:
    code = "" if container.exit_code is None else f"exit code {container.exit_code}"
    return f"{container.name}: {', '.join(part for part in (code, container.reason) if part)}"
