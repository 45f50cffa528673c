"""The sentences that a plan has in common wherever it is shown."""

from __future__ import annotations

from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, assert_never

from glia.steps import Create, Delete, Retire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glia.change import Cause, Change, Effect
    from glia.plan import Plan, Source

NEW_SERVICE = "new service"
TAGGING = frozenset({"TagResource", "UntagResource"})


def count(number: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def runs(numbers: Sequence[int]) -> str:
    """``0-3, 8`` for the numbers in order."""
    starts = [number for before, number in pairwise([-2, *numbers]) if number != before + 1]
    ends = [number for number, after in pairwise([*numbers, -2]) if after != number + 1]
    return ", ".join(
        f"{start}-{end}" if start != end else f"{start}"
        for start, end in zip(starts, ends, strict=True)
    )


def duration(seconds: float) -> str:
    """``45 s`` or ``7 min``, rounded up."""
    return f"{ceil(seconds)} s" if seconds < 120 else f"{ceil(seconds / 60)} min"


def replicas(number: int | None) -> str:
    """A count that the manifest gives, or leaves to autoscaling."""
    return "left to autoscaling" if number is None else f"{number}"


def effect(change: Change) -> str:
    """What a change does to the service and its running tasks, in words."""
    match change.action:
        case "create":
            parts = _creation(change)
        case "update":
            parts = _update(change.effect)
        case "replace":
            tasks = count(change.effect.replaced_tasks, "running task")
            parts = ["the service is deleted and made anew", f"{tasks} stop first"]
        case "delete":
            parts = _deletion(change)
        case _:
            assert_never(change.action)
    if change.action != "create" and change.effect.replicas:
        before, after = change.effect.replicas
        if before == after:
            return "; ".join(parts)
        parts.append(f"{before} -> {after} replicas")
    return "; ".join(parts)


def _creation(change: Change) -> list[str]:
    waits = isinstance(change.step, Create) and change.step.waits_for_name
    return [NEW_SERVICE, *(["waits until its namesake is deleted"] if waits else [])]


def _deletion(change: Change) -> list[str]:
    match change.step:
        case Retire(grace=grace) if grace:
            return ["its tasks stop", f"deleted {duration(grace)} later"]
        case Retire():
            return ["its tasks stop", "then it is deleted"]
        case Delete(force=False):
            return ["its tasks have stopped", "it is deleted"]
        case _:
            return ["the lane goes, with its tasks"]


def _update(effect: Effect) -> list[str]:
    if effect.calls and TAGGING.issuperset(effect.calls):
        return ["changes tags only"]
    parts = ["new task-definition revision"] if effect.new_task_definition else []
    if effect.replaced_tasks:
        return [*parts, *_rolling(effect)]
    return parts if effect.replicas else [*parts, "no running task is replaced"]


def _rolling(effect: Effect) -> list[str]:
    tasks = count(effect.replaced_tasks, "task")
    together = effect.at_once + effect.surplus
    if not together:
        return [f"replaces {tasks}, though none may be down and none may run in addition"]
    if effect.replaced_tasks == 1:
        parts = [f"replaces {tasks}"]
    elif together == 1:
        parts = [f"replaces {tasks} one at a time"]
    elif together < effect.replaced_tasks:
        parts = [f"replaces {tasks}, up to {together} at a time"]
    else:
        parts = [f"replaces {tasks} all at once"]
    parts.append(
        f"{count(effect.at_once, 'replica')} down at once" if effect.at_once else "no replica down"
    )
    if effect.surplus:
        parts.append(f"up to {effect.surplus} more meanwhile")
    return parts


def offline(source: Source) -> str:
    """What an offline plan takes to be live."""
    held = f"what commit {source.base[:12]} says" if source.base else "nothing"
    return f"offline: nothing live was read; ECS is taken to hold {held}"


def cause(change_cause: Cause) -> str:
    """Why there is a change, where it is not simply what the manifest says."""
    match change_cause:
        case "git":
            return ""
        case "drift":
            return "drift: somebody changed the live service; this puts it back"
        case "prune":
            return "prune: no manifest has this service any more"
        case "adopt":
            return "adopt: the service is there already and becomes Glia's"
        case "repack":
            return "repack: replicas move so that others find room"
        case _:
            assert_never(change_cause)


def title(change: Change, *, region: bool = False) -> str:
    """``update inference/resnet50``, with the lane where the name does not say it."""
    service, lane = change.service, change.lane.lane.name
    parts = [f"{change.action} {service.key}"]
    if lane != service.name:
        parts.append(f"lane {lane}")
    if region:
        parts.append(service.cluster.target.region)
    return ", ".join(parts)


def several_regions(plan: Plan) -> bool:
    """Whether a key alone could mean two services of this plan."""
    return len({change.service.cluster.target.region for change in plan.changes}) > 1


def summary(plan: Plan) -> str:
    """The last line in a terminal, the first of a comment."""
    beside = [f"{number} {word}" for number, word in _beside(plan) if number]
    if plan.changes or plan.labellings or plan.separations:
        shown = ("create", "update", "replace", *(("delete",) if plan.count("delete") else ()))
        actions = ", ".join(f"{plan.count(each)} to {each}" for each in shown)
        for action in ("label", "unlabel", "release"):
            found = [each for each in plan.labellings if each.action == action]
            if number := sum(len(each.instances) for each in found):
                actions += f", {count(number, 'instance')} to {action}"
        if lanes := len(plan.separations):
            actions += f", {count(lanes, 'lane')} to keep apart"
        return f"Plan: {actions}; {', '.join([f'{len(plan.settled)} unchanged', *beside])}."
    services = {(each.service.cluster, each.service.key) for each in plan.settled}
    if plan.unread and not services:
        return f"Nothing is known. {', '.join(beside)}."
    if not services and beside:
        return f"{_nothing_done(plan)}. {', '.join(beside)}."
    parts = [_as_they_should_be(len(services)), *beside]
    return f"No changes{' in what was read' if plan.unread else ''}. {', '.join(parts)}."


def _nothing_done(plan: Plan) -> str:
    """Of a plan without changes in which no service is as it should be."""
    seen = plan.held or plan.suspended or plan.retired or plan.drifted
    return "Nothing is planned" if plan.errors and not seen else "No changes"


def _as_they_should_be(services: int) -> str:
    if services == 1:
        return "1 service is as it should be"
    return f"{services} services are as they should be"


def _beside(plan: Plan) -> Iterable[tuple[int, str]]:
    errors, unread = len(plan.errors), len(plan.unread)
    yield unread, f"cluster{'' if unread == 1 else 's'} not looked at"
    warnings = len(plan.diagnostics) - errors
    yield sum(each.rolling for each in plan.settled), "still rolling out"
    yield len(plan.held), "held"
    yield len(plan.blocked), "blocked"
    yield len(plan.suspended), "suspended"
    yield len(plan.retired), "to be deleted later"
    yield len(plan.drifted), "drifted, left so"
    yield errors, "error" if errors == 1 else "errors"
    yield warnings, "warning" if warnings == 1 else "warnings"
