"""A plan for a person at a terminal: what happens to what, as short as it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.render import sections
from glia.render.essentials import essentials
from glia.render.fields import LEAST_ROOM, field_line, sign
from glia.render.legible import folded, visible
from glia.render.paint import Paint
from glia.render.wording import (
    NEW_SERVICE,
    cause,
    count,
    duration,
    effect,
    offline,
    several_regions,
    summary,
    title,
)

if TYPE_CHECKING:
    from glia.change import Change
    from glia.plan import Plan
    from glia.render.paint import Colour

INDENT = sections.INDENT
MARKS = {"create": "+", "update": "~", "replace": "-/+", "delete": "-"}
COLOURS: dict[str, Colour] = {
    "create": "green",
    "update": "yellow",
    "replace": "red",
    "delete": "red",
    "+": "green",
    "-": "red",
    "~": "yellow",
}
MOST_FIELDS = 20
# With a base, what is not this change is not always somebody's doing: it may be on its way.
NOT_THIS = "drift: not of this change; ECS does not hold yet, or any more, what git said before"
WORTH_TELLING = 30.0  # seconds


def plan_text(plan: Plan, *, colour: bool, width: int, verbose: bool = False) -> str:
    """The plan, without a line end behind it.

    Args:
        plan: masked values in it stay so.
        colour: whether to write escape sequences for colours.
        width: in columns; values are shortened to it, and messages wrapped.
        verbose: show every field of new services, and of long updates.
    """
    paint = Paint(colour)
    regions = several_regions(plan)
    first = [visible(offline(plan.source)), plan.assumption] if plan.offline else []
    blocks = [[visible(line) for line in first if line]]
    blocks.append(sections.labellings(plan, width))
    blocks.append(sections.transitions(plan, width))
    blocks.append(sections.separations(plan, width))
    blocks += [
        [
            _head(change, paint, regions=regions),
            *_body(change, paint, width, bool(plan.source.base), verbose=verbose),
        ]
        for change in plan.changes
    ]
    blocks += _beside(plan, paint, width)
    blocks.append(_end(plan, paint))
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _head(change: Change, paint: Paint, *, regions: bool) -> str:
    location = change.service.location
    mark = MARKS[change.action]
    place = f" ({location.file}:{location.line})" if location.file else ""
    text = visible(f"{mark} {title(change, region=regions)}{place}")
    stops = paint(": blocked", "red") if change.blocked_by else ""
    return paint(text, COLOURS[change.action]) + stops


def _body(change: Change, paint: Paint, width: int, has_base: bool, *, verbose: bool) -> list[str]:
    lines = [paint(line, "red") for line in sections.blocked(change, width)]
    if why := NOT_THIS if has_base and change.cause == "drift" else cause(change.cause):
        lines.append(f"{INDENT}{why}")
    if (what := effect(change)) != NEW_SERVICE:  # which the head says
        lines.append(f"{INDENT}{what}")
    lines += sections.after(change, width)
    if change.action == "create" and not verbose:
        return lines + _essentials(change, width)
    return lines + _fields(change, paint, width, most=None if verbose else MOST_FIELDS)


def _essentials(change: Change, width: int) -> list[str]:
    shown = essentials(change)
    column = max(len(label) for label, _ in shown)
    room = max(width - len(INDENT) - column - 2, LEAST_ROOM)
    lines = [
        f"{INDENT}{visible(label):{column}}  {folded(visible(value), room)}"
        for label, value in shown
    ]
    fields = count(len(change.fields), "field")
    return [*lines, f"{INDENT}{fields} in all: --verbose"] if change.fields else lines


def _fields(change: Change, paint: Paint, width: int, most: int | None) -> list[str]:
    # The count of replicas is a part of the effect already.
    fields = [each for each in change.fields if each.path != "replicas"]
    lines = [
        INDENT + paint(field_line(each, width - len(INDENT)), COLOURS[sign(each)])
        for each in fields[:most]
    ]
    more = len(fields) - len(lines)
    return [*lines, f"{INDENT}and {count(more, 'more field')}: --verbose"] if more else lines


def _beside(plan: Plan, paint: Paint, width: int) -> list[list[str]]:
    blocks = [_first(sections.held(each, width), paint, "yellow") for each in plan.held]
    blocks.append(sections.suspended(plan, width))
    blocks += [_first(sections.drifted(each, width), paint, "yellow") for each in plan.drifted]
    blocks.append(_first(sections.retired(plan, width), paint, "yellow"))
    checks = sections.preflight(plan, width)
    failed = any(each.result == "failed" for each in plan.preflight)
    blocks.append(_first(checks, paint, "red" if failed else "dim"))
    blocks += [
        _first(text.split("\n"), paint, "red" if index < len(plan.errors) else "yellow")
        for index, text in enumerate(sections.diagnostics(plan.diagnostics))
    ]
    return blocks


def _first(lines: list[str], paint: Paint, colour: Colour) -> list[str]:
    return [paint(lines[0], colour), *lines[1:]] if lines else []


def _end(plan: Plan, paint: Paint) -> list[str]:
    lines = [paint(summary(plan), "bold")]
    if plan.acts:
        if plan.api_seconds >= WORTH_TELLING:
            lines.append(f"at least {duration(plan.api_seconds)} at AWS's request quotas")
        lines.append(f"digest {plan.digest}")
    return lines
