"""``glia plan``: what would be done, and what it would do."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Literal

import click

from glia.cli.ground import ground, ground_options
from glia.cli.options import PATHS, PROFILE, colour, output, prunes, width
from glia.errors import UsageError

if TYPE_CHECKING:
    from glia.cli.ground import Ground
    from glia.plan import Plan
    from glia.planning.allowances import Allowances

CHANGES, BLOCKED, FAILED = 2, 3, 1


@click.command("plan", short_help="what would be done, and what it would do")
@PATHS
@output("text", "json", "markdown")
@PROFILE
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
@click.option("--out", type=click.Path(dir_okay=False), help="Write the plan as JSON there too.")
@click.option("--offline", is_flag=True, help="Against empty clusters; nothing is read from AWS.")
@click.option(
    "--base",
    metavar="REF",
    help="Tell apart what the working tree changes since it left that branch or commit.",
)
@ground_options
@click.option("--repack", is_flag=True, help="Move replicas where that makes room for others.")
@click.option("--verbose", is_flag=True, help="Show every field of what is created.")
@prunes
def command(  # noqa: PLR0913  (options of a command line)
    *,
    paths: tuple[str, ...],
    output: str,
    profile: str | None,
    detailed_exitcode: bool,
    out: str | None,
    offline: bool,
    base: str | None,
    instances: tuple[str, ...],
    snapshot: str | None,
    repack: bool,
    verbose: bool,
    prune: bool,
    allow_deletes: int,
    grace: float | None,
) -> int:
    """Compare the manifests with what is live. Nothing is changed.

    With --base, what the manifests change since the working tree left that ref is told apart
    from drift that would be corrected too; with --offline as well, it is all that is shown.

    Exit codes: 0 done, 1 something is wrong with a manifest or a cluster could not be read,
    3 a change is blocked or held, 2 with --detailed-exitcode if there are changes.
    """
    from glia.planning.allowances import Allowances

    if not offline and (instances or snapshot is not None):
        raise UsageError("--instances and --snapshot are for --offline: else ECS is asked")
    if out is not None:
        _write(out, "", "a")  # a reading of a large fleet shall not end in vain
    laid_out = ground(instances, snapshot)
    allowed = Allowances(repack=repack, prune=prune, deletes=allow_deletes, grace=grace)
    plan = _offline(paths, base, laid_out) if offline else _online(paths, profile, base, allowed)
    if out is not None:
        _write(out, f"{_json(plan)}\n", "w")
    click.echo(_shown(plan, output, verbose=verbose))
    return exit_code(plan, detailed=detailed_exitcode)


def _write(path: str, text: str, mode: Literal["a", "w"]) -> None:
    from pathlib import Path

    try:
        with Path(path).open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(
            f"--out {path!r} cannot be written ({error.strerror}); name a file in a directory that "
            "is there and that you may write to"
        ) from None


def exit_code(plan: Plan, *, detailed: bool) -> int:
    """By precedence: an error, something blocked or held, changes."""
    if plan.errors:
        return FAILED
    if plan.blocked or plan.held:
        return BLOCKED
    return CHANGES if detailed and plan.acts else 0


def _offline(paths: tuple[str, ...], base: str | None, laid_out: Ground) -> Plan:
    from glia.cli.wanted import offline, offline_state, wanted
    from glia.planning.planner import offline_plan

    found = wanted(paths, offline)
    if base is not None:
        from glia.cli.base import change_since

        return change_since(base, paths, found, offline, laid_out)
    made = offline_state(found, laid_out)
    return offline_plan(
        made.state,
        shortages=made.layout.shortages,
        diagnostics=made.diagnostics,
        assumption=made.assumption,
    )


def _online(
    paths: tuple[str, ...], profile: str | None, base: str | None, allowed: Allowances
) -> Plan:
    from glia.cli.online import Online
    from glia.cli.prepared import prepared

    online = Online(profile)
    made = prepared(paths, online, allowed)
    if base is None:
        return made.plan
    from glia.cli.base import change_since
    from glia.planning.between import attributed

    change = change_since(base, paths, made.wanted, online.instance_types)
    return attributed(made.plan, change)


def _json(plan: Plan) -> str:
    from glia.render.plan_json import plan_json

    return json.dumps(plan_json(plan), indent=2, ensure_ascii=False)


def _shown(plan: Plan, output: str, *, verbose: bool) -> str:
    if output == "json":
        return _json(plan)
    if output == "markdown":
        from glia.render.plan_markdown import plan_markdown

        return plan_markdown(plan)
    from glia.render.plan_text import plan_text

    return plan_text(plan, colour=colour(sys.stdout), width=width(), verbose=verbose)
