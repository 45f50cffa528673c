"""What is said of a service: Ready, Reconciling and Stalled, and its health in one word.

The conditions are kstatus's: Ready is True only when all replicas run the wanted content,
Reconciling while something is still to be changed or rolls, Stalled when it will not go on by
itself. Plan, live state and assessments must be of the same look at ECS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from glia.status import Condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.assess import Assessment
    from glia.change import Change
    from glia.live import LiveService
    from glia.plan import Drifted, Settled
    from glia.status import ConditionType, Health

# From the worst to the best: the first one that a lane has speaks for its service.
State: TypeAlias = Literal[
    "stalled", "missing", "pending", "rolling", "short", "unknown", "converged"
]
_ORDER: Final[tuple[State, ...]] = get_args(State)
Truth: TypeAlias = Literal["True", "False", "Unknown"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a lane is, or a whole service.

    Attributes:
        state: pending is a change that has not been made; short is fewer ready replicas than
            ECS is asked to hold, without a rollout; missing is a service that is not there.
        reason: a word for programs.
        message: a sentence for people.
    """

    state: State
    reason: str
    message: str


def of_change(change: Change) -> Standing:
    """A lane that the plan changes, or would if nothing forbade it."""
    if change.blocked_by:
        block = change.blocked_by[0]
        allowed = f"; allow it with {block.allow_with}" if block.allow_with else ""
        return Standing("stalled", _camel_case(block.rule), f"{block.message}{allowed}")
    name = change.lane.lane.name
    if change.cause == "drift":
        message = f"{name} is no longer as it was applied; to be put back"
        return Standing("pending", "Drifted", message)
    return Standing("pending", "ChangesPending", f"{name}: {change.action} is to be applied")


def of_settled(settled: Settled, assessment: Assessment | None) -> Standing:
    """A lane that is as it should be, and whose rollout may be under way or have failed."""
    if assessment is None:
        return _of_counts(settled)
    match assessment.state:
        case "Converged":
            return Standing("converged", "Converged", assessment.message)
        case "Progressing" if settled.rolling:
            return Standing("rolling", assessment.reason, assessment.message)
        case "Progressing":
            # ECS replaces a replica that it has lost; nothing is rolled out.
            return Standing("short", "ReplicasMissing", assessment.message)
        case _:
            return Standing("stalled", assessment.reason, assessment.message)


def of_drifted(standing: Standing, drifted: Drifted) -> Standing:
    """A lane that somebody has changed, and that its manifest leaves so, is Ready as before."""
    if standing.state != "converged":
        return standing
    paths = ", ".join(each.path for each in drifted.fields)
    message = f"somebody has changed {paths}; driftPolicy leaves it so"
    return Standing("converged", "Drifted", message)


def of_deleted(drifted: Drifted) -> Standing:
    """A service that somebody has deleted, and that its manifest leaves so."""
    name = drifted.lane.lane.name
    message = f"somebody has deleted {name}; driftPolicy leaves it so, glia apply makes it again"
    if drifted.service.drift_policy == "warn":
        return Standing("stalled", "Deleted", message)
    return Standing("missing", "Missing", message)


def _of_counts(settled: Settled) -> Standing:
    live = settled.live
    message = f"{live.running} of {live.desired} replicas of {live.name} run"
    if settled.rolling:
        return Standing("rolling", "RollingOut", message)
    if live.running < live.desired:
        return Standing("short", "ReplicasMissing", message)
    return Standing("converged", "Converged", message)


def conditions(standings: Sequence[Standing]) -> tuple[Condition, ...]:
    """The three of a service, from the standings of its lanes."""
    worst = min(standings, key=lambda each: _ORDER.index(each.state))
    by_state = {each.state: each for each in reversed(standings)}
    stalled = by_state.get("stalled")
    moving = by_state.get("pending") or by_state.get("rolling")
    unknown: Truth = "Unknown" if worst.state == "unknown" else "False"
    ready: Truth = "True" if worst.state == "converged" else unknown
    return (
        _condition("Ready", ready, worst),
        _condition("Reconciling", "True" if moving else unknown, moving or worst),
        _condition("Stalled", "True" if stalled else unknown, stalled or worst),
    )


def health(standings: Sequence[Standing], live: Sequence[LiveService], *, short: bool) -> Health:
    """One word.

    Args:
        standings: of the lanes.
        live: the ECS services that are there.
        short: fewer replicas are ready than ECS is asked to hold.
    """
    states = {each.state for each in standings}
    if not live and "unknown" not in states:
        return "Missing"
    if "rolling" in states and states.isdisjoint({"stalled", "unknown"}):
        return "Progressing"
    unmade = "missing" in states and "pending" not in states
    # What cannot be seen is not called healthy.
    if short or unmade or not states.isdisjoint({"stalled", "unknown", "short"}):
        return "Degraded"
    return "Progressing" if "pending" in states else "Healthy"


def _condition(kind: ConditionType, status: Truth, standing: Standing) -> Condition:
    return Condition(kind, status, standing.reason, standing.message)


def _camel_case(rule: str) -> str:
    """``NameConflict`` of ``name-conflict``."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", rule))
