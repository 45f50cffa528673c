"""Events of the loop for programs: one form for log lines and for notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from glia.events import (
    ChangeTold,
    ClusterUnread,
    ConditionsChanged,
    FetchFailed,
    FetchRecovered,
    LoopFailed,
    PassBegun,
    PassEnded,
    RevisionFetched,
    RolloutEnded,
)
from glia.manifest.spec import API_VERSION
from glia.outcome import State
from glia.render.events_text import is_quiet, said
from glia.render.loop_status_json import condition, diagnostic_json
from glia.render.status_json import iso_time
from glia.status import loudest

if TYPE_CHECKING:
    from glia.errors import Diagnostic
    from glia.events import Event
    from glia.outcome import Outcome
    from glia.status import Condition

Json = dict[str, Any]
Severity: TypeAlias = Literal["debug", "info", "warning", "error"]

NAMES: Final[dict[type[Event], str]] = {
    RevisionFetched: "glia.revision_fetched",
    FetchFailed: "glia.fetch_failed",
    FetchRecovered: "glia.fetch_recovered",
    PassBegun: "glia.pass_begun",
    PassEnded: "glia.pass_ended",
    ClusterUnread: "glia.cluster_unread",
    ChangeTold: "glia.change_told",
    RolloutEnded: "glia.rollout_ended",
    ConditionsChanged: "glia.conditions_changed",
    LoopFailed: "glia.loop_failed",
}
"""What each kind is called, the same for ever."""
_WRONG: Final = frozenset(
    {State.FAILED, State.ROLLED_BACK, State.STALLED, State.TIMED_OUT, State.BLOCKED}
)


def severity(event: Event) -> Severity:
    """How loud it is; what happens all the time is for debugging."""
    if is_quiet(event):
        return "debug"
    if isinstance(event, LoopFailed):
        return "error"
    return "warning" if _is_bad(event) else "info"


def _is_bad(event: Event) -> bool:
    match event:
        case RevisionFetched(diagnostics=diagnostics):
            return any(each.severity == "error" for each in diagnostics)
        case ChangeTold(outcome=outcome) | RolloutEnded(outcome=outcome):
            return outcome.state in _WRONG
        case ConditionsChanged(after=after):
            return loudest(after).type == "Stalled"
        case _:
            return isinstance(event, FetchFailed | ClusterUnread)


def event_json(event: Event) -> Json:
    """Every member, for every kind of event; what a kind does not have is empty or null.

    The traceback of a bug is no part of it: it is for the log alone.
    """
    cluster = getattr(event, "cluster", None)
    outcome: Outcome | None = getattr(event, "outcome", None)
    told: tuple[Condition, ...] = getattr(event, "after", ())
    found: tuple[Diagnostic, ...] = getattr(event, "diagnostics", ())
    return {
        "apiVersion": API_VERSION,
        "kind": "Event",
        "event": NAMES[type(event)],
        "severity": severity(event),
        "at": iso_time(event.at),
        "message": said(event),
        "key": outcome.key if outcome else getattr(event, "key", getattr(event, "where", "")),
        "cluster": cluster.name if cluster else "",
        "region": cluster.target.region if cluster else "",
        "revision": getattr(event, "commit", getattr(event, "kept", "")),
        "reason": _reason(event),
        "outcome": outcome.state.value if outcome else getattr(event, "result", ""),
        "change": _change(event, outcome) if outcome else None,
        "conditions": [condition(each) for each in told],
        "diagnostics": [diagnostic_json(each) for each in found],
        "source": _source(event),
        "pass": _pass(event),
    }


def _reason(event: Event) -> str:
    match event:
        case FetchFailed() | PassBegun():
            return event.reason
        case ChangeTold() | RolloutEnded():
            return event.outcome.reason
        case ConditionsChanged():
            return loudest(event.after).reason
        case LoopFailed():
            return event.error
        case _:
            return ""


def _change(event: Event, outcome: Outcome) -> Json:
    return {
        "lane": outcome.lane,
        "action": outcome.action,
        "cause": getattr(event, "cause", ""),
        "calls": list(outcome.calls),
        "rules": list(getattr(event, "rules", ())),
        "ready": outcome.ready,
        "replicas": outcome.replicas,
    }


def _source(event: Event) -> Json | None:
    if not isinstance(event, RevisionFetched):
        return None
    return {
        "repository": event.repository,
        "path": event.path,
        "services": event.services,
    }


def _pass(event: Event) -> Json | None:
    if not isinstance(event, PassEnded):
        return None
    return {
        "seconds": round(event.at - event.began, 3),
        "changed": event.changed,
        "nextSweep": iso_time(event.next_sweep),
    }
