"""A plan as a comment on a pull request: the table always visible, the details folded.

Everything that is not Glia's own text stands in code spans and fenced blocks, see ``inert``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glia.render import sections
from glia.render.fields import diff_lines
from glia.render.inert import code, fenced, summary
from glia.render.plan_table import must_show, tables
from glia.render.wording import count, offline, several_regions, title
from glia.render.wording import summary as summary_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glia.change import Change
    from glia.plan import Plan

# GitHub refuses a comment of more than 65,536 characters; what posts it adds a few lines.
BUDGET = 60_000
NOTICE = 200
"""Room for the sentences that say what was left out, in bytes."""
WIDTH = 100
LONGEST_VALUE = 500
FEW_LINES = 12
"""Details of so few lines in all are not worth folding (as Atlantis does it)."""


def plan_markdown(plan: Plan, *, budget: int = BUDGET) -> str:
    """The plan in GitHub Flavored Markdown; the same for the same plan.

    Over ``budget`` bytes of UTF-8, details are left out, the largest first and those of
    blocked changes, replaces and deletes last; then the remedies of diagnostics, then lines of the
    table. Errors, what is blocked or held, and replaces stay, however many there are.
    """
    detailed = [change for change in plan.changes if change.fields]
    unfolded = sum(len(change.fields) for change in detailed) <= FEW_LINES
    regions = several_regions(plan)
    details = [_detail(change, regions=regions, unfolded=unfolded) for change in detailed]
    page = _page_that_fits(plan, budget - NOTICE - _of_grave(detailed, details, budget))
    order = sorted(range(len(details)), key=lambda at: (must_show(detailed[at]), -len(details[at])))
    kept = _kept(details, order, budget - NOTICE - _size(page))
    left_out = len(details) - len(kept)
    notice = [f"The details of {count(left_out, 'change')} are left out here."] if left_out else []
    return "\n\n".join([*page, *kept, *notice])


def _of_grave(changes: Sequence[Change], details: Sequence[str], budget: int) -> int:
    """The room that the table leaves to the details of what is blocked or replaced."""
    pairs = zip(changes, details, strict=True)
    return min(_size([detail for change, detail in pairs if must_show(change)]), budget // 2)


def _size(parts: Sequence[str]) -> int:
    return sum(len(part.encode()) + len("\n\n") for part in parts)


def _page(plan: Plan, changes: Sequence[Change], *, brief: bool = False) -> list[str]:
    """All but the details."""
    parts = [f"### {summary_line(plan)}", *_origin(plan)]
    has_base = bool(plan.source.base)
    parts += tables(changes, regions=several_regions(plan), has_base=has_base)
    if hidden := len(plan.changes) - len(changes):
        parts.append(f"{count(hidden, 'more change')} not shown in the table.")
    for heading, lines in _sections(plan, brief=brief):
        if lines:
            parts += [f"**{heading}**", fenced(lines, "text")]
    return parts


def _origin(plan: Plan) -> Iterator[str]:
    source = plan.source
    named = {
        "commit": source.commit,
        "of": source.repository,
        "in": source.path,
        "since": source.base,
    }
    if told := [f"{word} {code(text)}" for word, text in named.items() if text]:
        yield f"{' '.join(told)}"
    if plan.offline:
        sentence = offline(plan.source)
        yield f"{sentence[0].upper()}{sentence[1:]}."
        if plan.assumption:
            yield code(plan.assumption)
    if plan.acts:
        yield f"digest {code(plan.digest)}"


def _sections(plan: Plan, *, brief: bool) -> Iterator[tuple[str, list[str]]]:
    yield "Partitions", sections.labellings(plan, WIDTH)
    yield "Lanes in turns", sections.transitions(plan, WIDTH)
    yield "Kept apart", sections.separations(plan, WIDTH)
    blocked = ([title(change), *sections.blocked(change, WIDTH)] for change in plan.blocked)
    yield "Blocked", _flat(blocked)
    yield "Held", _flat(sections.held(each, WIDTH) for each in plan.held)
    yield "Checks", sections.preflight(plan, WIDTH)
    yield "Suspended", sections.suspended(plan, WIDTH)
    yield "Drift that is left", _flat(sections.drifted(each, WIDTH) for each in plan.drifted)
    yield "To be deleted later", sections.retired(plan, WIDTH)
    told = sections.diagnostics(plan.diagnostics, brief=brief)
    yield "Errors and warnings", _flat(text.split("\n") for text in told)


def _flat(blocks: Iterator[list[str]]) -> list[str]:
    return [line for block in blocks for line in block]


def _detail(change: Change, *, regions: bool, unfolded: bool) -> str:
    lines = [line for each in change.fields for line in diff_lines(each, LONGEST_VALUE)]
    opening = "<details open>" if unfolded or must_show(change) else "<details>"
    head = summary(title(change, region=regions))
    return f"{opening}\n{head}\n\n{fenced(lines, 'diff')}\n\n</details>"


def _kept(details: Sequence[str], order: Sequence[int], room: int) -> list[str]:
    """The details that fit, left out in this order and shown in their own."""
    over = _size(details) - room
    left_out = set[int]()
    for at in order:
        if over <= 0:
            break
        over -= _size([details[at]])
        left_out.add(at)
    return [detail for at, detail in enumerate(details) if at not in left_out]


def _page_that_fits(plan: Plan, room: int) -> list[str]:
    """The page; if that is too much with brief diagnostics, and then with fewer rows."""
    whole = _page(plan, plan.changes)
    if _size(whole) <= room:
        return whole
    light = [change for change in plan.changes if not must_show(change)]
    low, high = 0, len(light)
    while low < high:  # by halves: a page of more rows is never shorter
        middle = (low + high + 1) // 2
        fits = _size(_page(plan, _without(plan, light[middle:]), brief=True)) <= room
        low, high = (middle, high) if fits else (low, middle - 1)
    return _page(plan, _without(plan, light[low:]), brief=True)


def _without(plan: Plan, left_out: Sequence[Change]) -> list[Change]:
    gone = {id(change) for change in left_out}
    return [change for change in plan.changes if id(change) not in gone]
