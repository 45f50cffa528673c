"""``glia apply``: make it so, and wait until it is."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from glia.cli.options import (
    DOWNTIME,
    PATHS,
    PROFILE,
    REPACK,
    colour,
    output,
    prunes,
    seconds,
    width,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.applying.manner import Manner
    from glia.cli.online import Online
    from glia.outcome import Applied, Cut, Outcome
    from glia.plan import Plan

FAILED, BLOCKED, NOT_CONVERGED, INTERRUPTED = 1, 3, 4, 130


@click.command("apply", short_help="make it so, and wait until it is")
@PATHS
@output("text", "json")
@PROFILE
@click.option("--expect", metavar="DIGEST", help="Refuse any other plan than the reviewed one.")
@click.option("--adopt", multiple=True, metavar="KEY", help="Take over a service; may be repeated.")
@DOWNTIME
@REPACK
@prunes
@click.option("--no-wait", is_flag=True, help="Do not wait until it has converged.")
@click.option(
    "--timeout",
    metavar="DURATION",
    callback=seconds,
    help="Stop waiting after 90s, 10m, 2h; by default rollouts have their progress deadlines.",
)
def command(  # noqa: PLR0913  (options of a command line)
    *,
    paths: tuple[str, ...],
    output: str,
    profile: str | None,
    expect: str | None,
    adopt: tuple[str, ...],
    allow_downtime: bool,
    repack: bool,
    no_wait: bool,
    timeout: float | None,
    prune: bool,
    allow_deletes: int,
    grace: float | None,
) -> int:
    """Plan, carry the plan out in its order, and wait until every rollout has ended.

    What is blocked or held is left alone, and one failed change does not stop the others.
    Exit codes: 0 converged; 1 an error in a manifest or from AWS; 3 something was blocked or
    held, or it is not the plan expected; 4 applied but not converged; 130 interrupted.
    """
    from glia.applying.manner import Manner
    from glia.cli.online import Online
    from glia.cli.prepared import prepared
    from glia.planning.allowances import Allowances

    online = Online(profile)
    allowed = Allowances(
        frozenset(adopt),
        downtime=allow_downtime,
        repack=repack,
        prune=prune,
        deletes=allow_deletes,
        grace=grace,
        paths=paths,
    )
    plan = prepared(paths, online, allowed).plan
    _show(plan)
    if expect is not None and expect != plan.digest:
        told = f"this plan is {plan.digest}, not the expected {expect}"
        click.echo(f"glia: {told}; review it, or restore what has changed", err=True)
        if output == "json":
            _report((), output)  # a program finds a document whatever happens
        return BLOCKED
    applied = _carried_out(plan, online, Manner(wait=not no_wait, timeout=timeout))
    _report(applied.outcomes, output, unread=len(plan.unread))
    return exit_code(plan, applied.outcomes, applied.cut)


def exit_code(plan: Plan, outcomes: Sequence[Outcome], cut: Cut | None = None) -> int:
    """By precedence: an interruption, an error, something blocked, not converged."""
    from glia.outcome import State

    if cut is State.INTERRUPTED:
        return INTERRUPTED
    if plan.errors or any(outcome.refused for outcome in outcomes):
        return FAILED
    if plan.blocked or plan.held:
        return BLOCKED
    states = {outcome.state for outcome in outcomes}
    return 0 if states <= {State.DONE, State.SUBMITTED, State.HELD} else NOT_CONVERGED


def _show(plan: Plan) -> None:
    """The plan goes to standard error: the results are what came of it."""
    from glia.render.plan_text import plan_text

    text = plan_text(plan, colour=colour(sys.stderr), width=width())
    click.echo(text, err=True)


def _carried_out(plan: Plan, online: Online, manner: Manner) -> Applied:
    from glia.apply import apply

    with online.telling() as tell:
        return apply(plan, online.of, online.clock, tell, manner)


def _report(outcomes: Sequence[Outcome], output: str, *, unread: int = 0) -> None:
    from glia.render.outcomes import outcomes_json, outcomes_text

    if output == "json":
        click.echo(json.dumps(outcomes_json(outcomes), indent=2, ensure_ascii=False))
    else:
        text = outcomes_text(outcomes, colour=colour(sys.stdout), width=width(), unread=unread)
        click.echo(text)
