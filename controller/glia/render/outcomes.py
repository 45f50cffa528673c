"""What came of a plan: the table at the end of an apply, and the same for programs."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Any

from glia.manifest.spec import API_VERSION
from glia.outcome import State
from glia.render.legible import visible, wrapped
from glia.render.paint import Paint
from glia.render.schema import COUNT, TEXT, TIME, Schema, among, closed, document, listed
from glia.render.status_json import iso_time
from glia.render.table import joined, padded
from glia.render.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glia.outcome import Outcome
    from glia.render.paint import Colour

INDENT = "    "
GOOD = frozenset({State.DONE, State.SUBMITTED})
WORDS = {
    State.SUBMITTED: "changed, not waited for",
    State.INTERRUPTED: "changed, not waited for",
}
RESUMED_BY_APPLY = frozenset(
    {State.FAILED, State.STALLED, State.TIMED_OUT, State.NOT_STARTED, State.INTERRUPTED}
)


def words(state: State) -> str:
    """The state as a person reads it."""
    return WORDS.get(state, state.value)


def colour_of(state: State) -> Colour:
    if not state.ended:
        return "cyan"
    if state in GOOD:
        return "green"
    return "yellow" if state in {State.NOT_STARTED, State.INTERRUPTED} else "red"


def name(outcome: Outcome) -> str:
    """The service, and the lane where the service's name does not say it."""
    if outcome.lane in {"", outcome.key.rpartition("/")[2]}:
        return outcome.key
    return f"{outcome.key} ({outcome.lane})"


def outcomes_text(outcomes: Sequence[Outcome], *, colour: bool, width: int, unread: int = 0) -> str:
    """A line for each, messages wrapped to ``width`` below, and what to do next.

    ``unread`` is the number of clusters of which the plan knew nothing.
    """
    if not outcomes:
        if not unread:
            return "Nothing was to be done."
        return f"Nothing was done: {count(unread, 'cluster')} could not be read."
    paint = Paint(colour)
    rows = [
        (words(each.state), each.action, name(each), _ready(each), each.reason) for each in outcomes
    ]
    lines = []
    for outcome, (state, *rest) in zip(outcomes, padded(rows), strict=True):
        lines.append(joined([paint(state, colour_of(outcome.state)), *rest]))
        lines += wrapped(outcome.message, width, INDENT)
    lines += ["", paint(_summary(outcomes), "bold"), *_next(outcomes, width)]
    return "\n".join(lines)


def _ready(outcome: Outcome) -> str:
    if outcome.is_without_replicas:
        return ""
    if outcome.state in {State.BLOCKED, State.NOT_STARTED, State.WAITS}:
        return ""
    unseen = outcome.state in {State.SUBMITTED, State.INTERRUPTED} and not outcome.ready
    if outcome.state is State.ROLLED_BACK or unseen:
        return ""  # none of what is to come, which does not say how many run
    return f"{outcome.ready}/{outcome.replicas} ready"


def _summary(outcomes: Sequence[Outcome]) -> str:
    tally = Counter(words(each.state) for each in outcomes)
    order = dict.fromkeys(words(state) for state in State)
    told = "; ".join(f"{tally[word]} {word}" for word in order if tally[word])
    return f"{count(len(outcomes), 'change')}: {told}."


def _next(outcomes: Sequence[Outcome], width: int) -> Iterator[str]:
    states = {each.state for each in outcomes}
    back = sorted({each.key for each in outcomes if each.state is State.ROLLED_BACK})
    if back:
        keys = " ".join(shlex.quote(visible(key)) for key in back)
        yield f"After a rollback: change the manifest, or try the same again: glia retry {keys}"
    if states & RESUMED_BY_APPLY:
        yield from wrapped("`glia apply` again goes on from here; what is done stays.", width)
    if State.SUBMITTED in states:
        yield "`glia status` tells when they are ready."
    if State.BLOCKED in states:
        yield "`glia plan` says what blocks a change, and how to allow it."


def outcomes_json(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The outcomes as JSON-like values; ``outcomes_schema`` fixes the form."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Outcomes",
        "outcomes": [_json(each) for each in outcomes],
    }


def _json(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "key": outcome.key,
        "lane": outcome.lane,
        "action": outcome.action,
        "state": outcome.state.name,
        "at": iso_time(outcome.at),
        "ready": outcome.ready,
        "replicas": outcome.replicas,
        "reason": outcome.reason,
        "message": outcome.message,
        "calls": list(outcome.calls),
    }


def outcomes_schema() -> Schema:
    """What ``outcomes_json`` gives."""
    outcome = closed(
        id=TEXT,
        key=TEXT,
        lane=TEXT,
        action=TEXT,
        state=among(*(state.name for state in State)),
        at=TIME,
        ready=COUNT,
        replicas=COUNT,
        reason=TEXT,
        message=TEXT,
        calls=listed(TEXT),
    )
    return document("Outcomes", outcomes=listed(outcome))
