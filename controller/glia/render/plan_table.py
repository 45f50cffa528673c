"""The table of a plan in a comment: what changes, and what that does to running tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.render.essentials import essentials
from glia.render.fields import is_masked
from glia.render.inert import code
from glia.render.legible import folded
from glia.render.wording import cause, effect, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.change import Change

HEADINGS = "| | service | what changes | running tasks |\n| --- | --- | --- | --- |"
DRIFT = "Drift: somebody changed these live services. It is put back as well."
# With a base, what is not this change is not always somebody's doing: it may be on its way.
NOT_THIS = (
    "Not of this change: ECS does not hold yet, or any more, what git said before. It is "
    "corrected as well."
)
MOST_NAMED = 4
LONGEST = 80  # columns of a cell's entry


def must_show(change: Change) -> bool:
    """Whether a change is too grave to be left out of a comment that grows too long."""
    return bool(change.blocked_by) or change.action in {"replace", "delete"}


def tables(changes: Sequence[Change], *, regions: bool, has_base: bool = False) -> list[str]:
    """What the manifests change, and apart from it what somebody else has changed.

    A reviewer is not to be blamed for another's click in a console.
    """
    drifted = [change for change in changes if change.cause == "drift"]
    meant = [change for change in changes if change.cause != "drift"]
    made = [_table(meant, regions=regions)] if meant else []
    why = NOT_THIS if has_base else DRIFT
    return [*made, why, _table(drifted, regions=regions)] if drifted else made


def _table(changes: Sequence[Change], *, regions: bool) -> str:
    return "\n".join([HEADINGS, *(row(change, regions=regions) for change in changes)])


def row(change: Change, *, regions: bool) -> str:
    """The change's line in the table."""
    action, _, service = title(change, region=regions).partition(" ")
    told = "" if change.cause == "drift" else cause(change.cause)
    does = "; ".join(part for part in (effect(change), told) if part)
    head = f"{action}, **blocked**" if change.blocked_by else action
    return f"| {head} | {code(service)} | {_what(change)} | {does} |"


def _what(change: Change) -> str:
    if change.action == "create":
        entries = [code(_entry(f"{label}: {value}")) for label, value in essentials(change)]
    else:
        entries = [
            code(_entry(_short(each.path))) + (" (sensitive)" if is_masked(each) else "")
            for each in change.fields
        ]
    more = len(entries) - MOST_NAMED
    named = ", ".join(entries[:MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named


def _entry(text: str) -> str:
    return folded(text, LONGEST)


def _short(path: str) -> str:
    """Without what all paths begin with."""
    for start in ("taskDefinition.containerDefinitions", "taskDefinition.", "service."):
        path = path.removeprefix(start)
    return path
