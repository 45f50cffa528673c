"""The comment that a plan is kept in on a pull request: the plan, and what it is a plan of."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from glia import __version__
from glia.render.inert import code
from glia.render.plan_markdown import BUDGET, plan_markdown
from glia.render.wording import summary

if TYPE_CHECKING:
    from glia.plan import Plan

REMEMBERED: Final = 5
"""Plans before the last one that a comment still names."""
_STATE: Final = re.compile(r"<!-- glia:state (\{.*\}) -->")
_HEX: Final = re.compile(r"(sha256:)?[0-9a-f]{7,64}|")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EXACT: Final = re.compile(r"(sha256:[0-9a-f]{64} )?(waits:[0-9a-f]{32} )?")
SHOWN: Final = 12  # digits of a commit, a digest or a fingerprint


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a plan was made of, and when.

    Attributes:
        key: tells this plan's comment from those of other plans on the same pull request.
        live: a fingerprint of what was read; empty offline.
        at: in UTC, ``2026-11-28T04:30:00Z``.
    """

    key: str
    head: str
    live: str
    at: str


@dataclass(frozen=True, slots=True)
class Before:
    """An earlier plan of the same comment."""

    head: str
    digest: str
    at: str


def marker(key: str) -> str:
    """The first line, by which the comment is found again; nothing in it can end it."""
    return f"<!-- glia:plan:{quote(key, safe='/ .,')} -->"


def comment(plan: Plan, occasion: Occasion, old: str, *, budget: int = BUDGET) -> str:
    """The whole comment; ``old`` is the one that it replaces."""
    history = remembered(old)
    digest = plan.digest if plan.acts else ""
    state = {"head": occasion.head, "digest": digest, "at": occasion.at}
    kept = [{"head": b.head, "digest": b.digest, "at": b.at} for b in history]
    hidden = json.dumps({**state, "before": kept}, separators=(",", ":"))
    around = [
        marker(occasion.key),
        f"<!-- glia:state {hidden} -->",
        _stamp(plan, occasion),
        *_before(history),
    ]
    room = budget - sum(len(part.encode()) + len("\n\n") for part in around)
    first, state_line, *after = around
    return "\n\n".join([f"{first}\n{state_line}", plan_markdown(plan, budget=room), *after])


def is_worth_telling(plan: Plan) -> bool:
    """Whether a pull request that has no comment yet should get one."""
    before = plan.labellings or plan.separations
    return bool(plan.changes or before or plan.held or plan.diagnostics)


def status_line(plan: Plan) -> str:
    """The plan in a commit status of 140 characters; what tells it from others comes first."""
    return " ".join([*_exact(plan), summary(plan)])


def is_of(plan: Plan, line: str) -> bool:
    """Whether a status line is of this plan, or of one that wants and does just the same."""
    found = _EXACT.match(line)
    return found is not None and found[0].split() == _exact(plan)


def _exact(plan: Plan) -> list[str]:
    """The digest of what would be done, and a hash of what waits, where there is either."""
    waits = [f"waits:{plan.waiting}"] if plan.waiting else []
    return [*([plan.digest] if plan.acts else []), *waits]


def remembered(old: str) -> tuple[Before, ...]:
    """The plans that a comment tells of, the last first. What is not ours to read is none."""
    found = _STATE.search(old)
    try:
        state = json.loads(found[1]) if found else {}
    except ValueError:
        return ()
    entries = [state, *(state.get("before") or ())] if state else []
    return tuple(each for entry in entries if (each := _entry(entry)) is not None)[:REMEMBERED]


def _entry(told: Any) -> Before | None:
    try:
        found = Before(str(told["head"]), str(told["digest"]), str(told["at"]))
    except (KeyError, TypeError):
        return None
    right = _HEX.fullmatch(found.head) and _HEX.fullmatch(found.digest)
    return found if right and _TIME.fullmatch(found.at) else None


def _stamp(plan: Plan, occasion: Occasion) -> str:
    named = {"head": occasion.head, "base": plan.source.base, "live": occasion.live}
    told = [f"{name} {code(text[:SHOWN])}" for name, text in named.items() if text]
    valid = f"valid until {' or '.join(name for name, text in named.items() if text)} changes"
    return " · ".join([*told, occasion.at, f"glia {__version__}", *([valid] if told else [])])


def _before(history: tuple[Before, ...]) -> list[str]:
    if not history:
        return []
    rows = [f"| {_cell(each.head)} | {_cell(each.digest)} | {each.at} |" for each in history]
    table = "\n".join(["| head | plan | at |", "| --- | --- | --- |", *rows])
    return [f"<details>\n<summary>Plans before this one</summary>\n\n{table}\n\n</details>"]


def _cell(text: str) -> str:
    return code(text.removeprefix("sha256:")[:SHOWN]) if text else "none"
