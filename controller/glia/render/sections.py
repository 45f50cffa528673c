"""What stands beside a plan's changes, the same lines in a terminal and in a comment."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, assert_never

from glia.plan import NOT_READY
from glia.render.diagnostics import as_text, head
from glia.render.fields import field_line
from glia.render.legible import shortened, visible, wrapped
from glia.render.status_json import iso_time
from glia.render.wording import count, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glia.change import Change
    from glia.errors import Diagnostic
    from glia.plan import Drifted, Held, Plan, Preflight
    from glia.steps import Labelling
    from glia.transition import Transition

INDENT = "    "
MOST_LANES = 20
MOST_NAMED = 5


def blocked(change: Change, width: int) -> list[str]:
    """Why a change is not made, and what allows it."""
    lines = []
    for block in change.blocked_by:
        lines += wrapped(f"blocked by {block.rule}: {block.message}", width, INDENT)
        if block.allow_with:
            lines.append(f"{INDENT}allow it with: {visible(block.allow_with)}")
    return lines


def after(change: Change, width: int) -> list[str]:
    """Which lanes come first; partitions and constraints have sections of their own."""
    lanes = [each.rpartition("/")[2] for each in change.depends_on]
    told = ", ".join(each for each in lanes if not each.startswith(("partition ", "constraints ")))
    return wrapped(f"after {told}", width, INDENT) if told else []


def labellings(plan: Plan, width: int) -> list[str]:
    """Instances that change their partition, so that lanes of different shapes stay apart."""
    lines = []
    for each in plan.labellings:
        lines += wrapped(f"= {_labelling(each)}", width, hanging=INDENT)
        if each.depends_on:
            lanes = ", ".join(one.rpartition("/")[2] for one in each.depends_on)
            lines += wrapped(f"after {lanes}", width, INDENT)
    return lines


def _labelling(each: Labelling) -> str:
    kind, where = each.instance_type, f"of {each.cluster}"
    number = len(each.instances)
    match each.action:
        case "label":
            idle, occupied = number - len(each.occupied), len(each.occupied)
            parts = [f"{occupied} {kind} that only its tasks are on"] if occupied else []
            parts += [f"{idle} idle {kind}"] if idle else []
            return f"label {' and '.join(parts)} {where} as partition {each.partition}"
        case "unlabel":
            told = f"partition {each.partition} has no lanes any more"
            return f"unlabel {number} {kind} {where}: {told}"
        case "release":
            return f"release {number} {kind} {where}, which an apply that ended early has marked"
        case _:
            assert_never(each.action)


def transitions(plan: Plan, width: int) -> list[str]:
    """What is repacked, and how services go over to other lanes without falling short."""
    lines = []
    for each in plan.transitions:
        for text in (*_repacking(each), *_turns(each)):
            lines += wrapped(text, width, hanging=INDENT)
    return lines


def _repacking(each: Transition) -> Iterator[str]:
    """What moves, and what that is good for."""
    if not each.moves:
        return
    replicas = count(sum(move.replicas for move in each.moves), "replica")
    yield f"= repack {each.domain}: moves {replicas}"
    for move in each.moves:
        what = f"{count(move.replicas, 'replica')} of {move.key}"
        yield f"{INDENT}{what} from {move.source} to {move.target}"
    steps, seconds = count(len(each.steps), "step"), duration(each.api_seconds)
    yield f"{INDENT}{steps}, at least {seconds} at AWS's request quotas"
    if each.cures:
        yield f"{INDENT}makes room for {', '.join(each.cures)}"
    for run in each.free_runs:
        where = f" of partition {run.partition}" if run.partition else ""
        if run.before != run.after and not each.cures:
            now = f"{run.before} to {count(run.after, 'chip')}"
            yield f"{INDENT}the largest free run on each instance{where} goes from {now}"


def _turns(each: Transition) -> Iterator[str]:
    for key, least in sorted(each.least.items()):
        turns = each.below.get(key, 0)
        below = f", for {count(turns, 'turn')} fewer than maxUnavailable leaves" if turns else ""
        yield (
            f"= {key} goes over to other lanes in {count(each.turns + 1, 'turn')}; at least "
            f"{count(least, 'replica')} ready at any time{below}"
        )


def separations(plan: Plan, width: int) -> list[str]:
    """Live lanes that get placement constraints against others; no task is replaced for it."""
    lines = []
    for each in plan.separations[:MOST_LANES]:
        names = list(each.apart_from)
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        told = f"= keep {each.service.name} of {each.key} apart from "
        told += ", ".join(names[:MOST_NAMED]) + more if names else "fewer lanes than before"
        lines += wrapped(told, width, hanging=INDENT)
    if (left := len(plan.separations) - MOST_LANES) > 0:
        lines.append(f"= and keep {left} more apart")
    return lines


def held(each: Held, width: int) -> list[str]:
    """A change that has failed before, and what lets it be tried again."""
    key = each.service.key
    remedy = f"change the manifest, or try the same again: glia retry {quoted(key)}"
    if each.reason == NOT_READY:
        remedy = "it goes on with the next apply once what it depends on is Ready"
    return [
        visible(f"held {key} ({each.service.location.file}:{each.service.location.line}): ")
        + visible(each.reason),
        *wrapped(each.message, width, INDENT),
        f"{INDENT}{remedy}",
    ]


def drifted(each: Drifted, width: int) -> list[str]:
    """What somebody has changed, where the manifest says to leave it."""
    location, lane = each.service.location, each.lane.lane.name
    name = each.service.key + ("" if lane == each.service.name else f", lane {lane}")
    head = f"drift of {name} ({location.file}:{location.line}), left as it is"
    return [
        visible(head),
        *(INDENT + field_line(field, width - len(INDENT)) for field in each.fields),
    ]


def retired(plan: Plan, width: int) -> list[str]:
    """Services without a manifest that have no replicas any more and are not deleted yet."""
    lines = []
    for each in plan.retired:
        name = each.service.key + (
            "" if each.live.name == each.service.name else f", lane {each.live.name}"
        )
        left = each.live.running + each.live.pending
        still = f"; {count(left, 'task')} still to stop" if left else ""
        text = f"pruned {name}: to be deleted from {iso_time(each.at)[:19]}Z on{still}"
        lines += wrapped(text, width, hanging=INDENT)
    return lines


def preflight(plan: Plan, width: int) -> list[str]:
    """Checks that failed, and in one line those that could not be made."""
    lines = []
    for each in plan.preflight:
        if each.result == "failed":
            lines += wrapped(
                f"failed {each.check} of {each.key}: {each.message}", width, hanging=INDENT
            )
    unknown = [each for each in plan.preflight if each.result == "unknown"]
    if unknown:
        lines.append(shortened(f"not known: {_folded(unknown)}", max(width, len(INDENT))))
    return lines


def _folded(unknown: Iterable[Preflight]) -> str:
    keys: dict[str, list[str]] = {}
    for each in unknown:
        keys.setdefault(each.check, []).append(each.key)
    return visible("; ".join(f"{check} of {', '.join(of)}" for check, of in keys.items()))


def suspended(plan: Plan, width: int) -> list[str]:
    """Services that are left alone because their manifests say so."""
    if not plan.suspended:
        return []
    return wrapped(
        f"suspended, left as they are: {', '.join(plan.suspended)}", width, hanging=INDENT
    )


def diagnostics(plan_diagnostics: Iterable[Diagnostic], *, brief: bool = False) -> list[str]:
    """Errors before warnings; brief ones are a line each."""
    ordered = sorted(plan_diagnostics, key=lambda each: each.severity != "error")
    return [head(each) if brief else as_text(each) for each in ordered]


def quoted(key: str) -> str:
    """The key as a shell takes it."""
    return shlex.quote(visible(key))
