"""How services stand after a pass: from the plan, from what came of it, from rollouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glia.conditions import Standing, of_change, of_deleted, of_drifted, of_settled
from glia.identity import lane_id
from glia.outcome import State
from glia.plan import NOT_READY
from glia.reconciling.curbs import (
    BACKING_OFF,
    DRAINING,
    FIGHTING,
    HANGING,
    PASSING,
    REFUSED,
    UNSEEN,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glia.change import Change
    from glia.errors import Diagnostic
    from glia.outcome import Outcome
    from glia.plan import Plan
    from glia.prepare import Unread

SERVICE: Final = ""
"""Stands for the whole service among the ids of its lanes."""
MANIFEST: Final = "manifest"

_CURBED: Final[Mapping[str, Standing]] = {
    DRAINING: Standing("pending", PASSING[DRAINING], ""),
    HANGING: Standing("stalled", PASSING[DRAINING], ""),
    UNSEEN: Standing("rolling", PASSING[UNSEEN], ""),
    BACKING_OFF: Standing("pending", PASSING[BACKING_OFF], ""),
    REFUSED: Standing("stalled", "Refused", ""),
    FIGHTING: Standing("stalled", "Fighting", ""),
}


def planned(plan: Plan, outcomes: Mapping[str, Outcome]) -> dict[str, dict[str, Standing]]:
    """The standings by key and lane, as far as plan and outcomes tell; rollouts may know better."""
    found: dict[str, dict[str, Standing]] = {}
    for held in plan.held:
        waits = held.reason == NOT_READY
        told = Standing("pending" if waits else "stalled", held.reason, held.message)
        found.setdefault(held.service.key, {})[SERVICE] = told
    for settled in plan.settled:
        at = lane_id(settled.service, settled.lane)
        found.setdefault(settled.service.key, {})[at] = of_settled(settled, None)
    for drifted in plan.drifted:
        lanes = found.setdefault(drifted.service.key, {})
        at = lane_id(drifted.service, drifted.lane)
        lanes[at] = of_drifted(lanes[at], drifted) if at in lanes else of_deleted(drifted)
    for change in plan.changes:
        told = _of_change(change, outcomes.get(change.id))
        found.setdefault(change.key, {})[change.id] = told
    return found


def of_rollout(outcome: Outcome) -> Standing:
    """A lane whose rollout is waited for, or was in vain."""
    match outcome.state:
        case State.DONE:
            return Standing("converged", "Converged", outcome.message)
        case State.ROLLS:
            message = outcome.message or f"{outcome.lane} begins to roll out"
            return Standing("rolling", outcome.reason or "RollingOut", message)
        case _:
            return Standing("stalled", outcome.reason or "Failed", outcome.message)


def of_unread(unread: Unread) -> Standing:
    """A service of a cluster that could not be read."""
    return Standing("unknown" if unread.transient else "stalled", "ClusterUnreadable", unread.why)


def of_manifest(diagnostic: Diagnostic) -> Standing:
    """A service whose manifest is wrong: it stays as it is until that is mended."""
    at = f"{diagnostic.location}: " if diagnostic.location else ""
    return Standing("stalled", "InvalidManifest", f"{at}{diagnostic.guarded}; it is left as it is")


def of_bug(error: str) -> Standing:
    """The text of an exception may hold what is secret; the log has it."""
    return Standing("stalled", "Internal", f"a bug in glia ({error}); the log has the traceback")


def not_planned(name: str) -> Standing:
    """A service that the plan does not mention."""
    return Standing("unknown", "NotPlanned", f"the plan says nothing of {name}")


def _of_change(change: Change, outcome: Outcome | None) -> Standing:
    if change.blocked_by:
        block = change.blocked_by[0]
        if curbed := _CURBED.get(block.rule):
            return Standing(curbed.state, curbed.reason, block.message)
        return of_change(change)
    return of_change(change) if outcome is None else _of_outcome(change, outcome)


def _of_outcome(change: Change, outcome: Outcome) -> Standing:
    name = change.lane.lane.name
    match outcome.state:
        case State.DONE:
            return Standing("converged", "Converged", f"{name} is as it should be")
        case State.SUBMITTED:
            return Standing("rolling", "RollingOut", f"{name}: {change.action} was applied")
        case State.FAILED:
            waits = outcome.transient
            return Standing("pending" if waits else "stalled", outcome.reason, outcome.message)
        case State.HELD:
            return Standing("pending", outcome.reason, outcome.message)
        case _:
            return of_change(change)
