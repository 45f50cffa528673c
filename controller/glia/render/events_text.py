"""Events of the loop as lines of text, one each; inert, whatever stands in names and messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, assert_never

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
from glia.outcome import State
from glia.render.legible import visible
from glia.render.outcomes import name, words
from glia.status import loudest

if TYPE_CHECKING:
    from glia.errors import Diagnostic
    from glia.events import Event
    from glia.outcome import Outcome
    from glia.status import Condition

SHOWN_DIGITS: Final = 12
"""Of a commit, or of a hash behind the name of its algorithm."""


def event_text(event: Event) -> str:
    """The lines for an event: one, and those of a traceback where there is one."""
    at = text_time(event.at)
    lines = f"{at} {said(event)}"
    if isinstance(event, LoopFailed):
        return "\n".join((lines, *(f"  {each}" for each in traceback_lines(event))))
    if isinstance(event, RevisionFetched):
        told = (f"{at} {visible(_diagnosed(each))}" for each in event.diagnostics)
        return "\n".join((lines, *told))
    return lines


def traceback_lines(event: LoopFailed) -> list[str]:
    """Its own lines: lines of code, and paths."""
    return [visible(each) for each in event.traceback.splitlines()]


def text_time(at: float) -> str:
    """Seconds since the epoch as a log has them."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def said(event: Event) -> str:
    """The event in a sentence of one line."""
    return visible(_said(event))


def _said(event: Event) -> str:  # noqa: PLR0911  (one for each kind)
    match event:
        case RevisionFetched() | FetchFailed() | FetchRecovered():
            return _sourced(event)
        case PassBegun():
            return f"{event.cluster}: {event.reason}, {_services(event.services)}"
        case PassEnded():
            passed = event.at - event.began
            return f"{event.cluster}: {event.result}, {event.changed} changed in {passed:.0f} s"
        case ClusterUnread():
            return f"{event.cluster}: cannot be read: {event.message}"
        case ChangeTold():
            return _changed(event.outcome, event.cause)
        case RolloutEnded():
            return f"{name(event.outcome)}: rollout {_words(event.outcome)}"
        case ConditionsChanged():
            return f"{event.key}: {_conditions(event.after)}"
        case LoopFailed():
            return f"{event.where}: a bug in glia: {event.error}"
        case _:
            assert_never(event)


def _sourced(event: RevisionFetched | FetchFailed | FetchRecovered) -> str:
    match event:
        case RevisionFetched():
            where = " ".join(filter(None, (event.repository, event.path)))
            wrong = sum(each.severity == "error" for each in event.diagnostics)
            flaws = f", {wrong} {'error' if wrong == 1 else 'errors'} in manifests" if wrong else ""
            return f"revision {short(event.commit)} of {where}: {_services(event.services)}{flaws}"
        case FetchFailed():
            kept = f"; {short(event.kept)} stays wanted" if event.kept else ""
            return f"source failed: {event.reason}: {event.message}{kept}"
        case FetchRecovered():
            return f"source is back, at {short(event.commit)}"
        case _:
            assert_never(event)


def short(commit: str) -> str:
    """Enough of a commit to tell it from others."""
    kind, colon, digits = commit.rpartition(":")
    return f"{kind}{colon}{digits[:SHOWN_DIGITS]}"


def _services(count: int) -> str:
    return "1 service" if count == 1 else f"{count} services"


def _diagnosed(diagnostic: Diagnostic) -> str:
    at = f"{diagnostic.location}: " if diagnostic.location else ""
    remedy = f"; {diagnostic.remedy}" if diagnostic.remedy else ""
    return f"{at}{diagnostic.severity}: {diagnostic.guarded}{remedy}"


def _changed(outcome: Outcome, cause: str) -> str:
    done = outcome.state in {State.DONE, State.SUBMITTED}
    said = f"done ({', '.join(outcome.calls)})" if done else _words(outcome)
    return f"{name(outcome)}: {outcome.action} for {cause}: {said}"


def _words(outcome: Outcome) -> str:
    first = outcome.message.partition("\n")[0]
    return ": ".join(filter(None, (words(outcome.state), outcome.reason, first)))


def _conditions(conditions: tuple[Condition, ...]) -> str:
    loud = loudest(conditions)
    name = loud.type if loud.status == "True" else f"not {loud.type}"
    return ": ".join(filter(None, (f"{name} ({loud.reason})", loud.message.partition("\n")[0])))
