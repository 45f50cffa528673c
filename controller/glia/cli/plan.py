"""``glia plan``: what would be done, and what it would do."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import click

from glia.cli.ground import ground, ground_options
from glia.cli.options import DOWNTIME, PATHS, PROFILE, REPACK, colour, output, prunes, width
from glia.cli.subject import Subject
from glia.errors import UsageError

if TYPE_CHECKING:
    from glia.cli.commenting import Commenter, Stamper
    from glia.cli.ground import Ground
    from glia.observed import Observed
    from glia.plan import Plan
    from glia.planning.allowances import Allowances

CHANGES, BLOCKED, FAILED = 2, 3, 1


@dataclass(frozen=True, slots=True)
class Made:
    """A plan, and what was read for it; nothing of it offline."""

    plan: Plan
    observed: tuple[Observed, ...] = ()

    def live(self) -> str:
        """A fingerprint of what was read, or empty."""
        from glia.observed import live_fingerprint

        return live_fingerprint(self.observed) if self.observed else ""


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
@click.option(
    "--head", metavar="REF", help="Read the manifests of that commit out of git, not the disk's."
)
@ground_options
@DOWNTIME
@REPACK
@click.option("--comment", is_flag=True, help="Keep the plan in a comment on the pull request.")
@click.option(
    "--pull-request", type=int, metavar="N", help="Which one, if the job's event does not say it."
)
@click.option(
    "--status", is_flag=True, help="Leave what tells the plan on the commit of --head, on GitHub."
)
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
    head: str | None,
    comment: bool,
    pull_request: int | None,
    status: bool,
    instances: tuple[str, ...],
    snapshot: str | None,
    allow_downtime: bool,
    repack: bool,
    verbose: bool,
    prune: bool,
    allow_deletes: int,
    grace: float | None,
) -> int:
    """Compare the manifests with what is live. Nothing is changed.

    With --base, what the manifests change since the working tree left that ref is told apart
    from drift that would be corrected too; with --offline as well, it is all that is shown.
    With --comment it is also kept in one comment on a pull request on GitHub, and its digest in
    the commit status glia/plan/PATH; with --head and --status in that of the commit alone. What
    goes wrong there is told and changes no exit code.

    Exit codes: 0 done, 1 something is wrong with a manifest or a cluster could not be read,
    3 a change is blocked or held, 2 with --detailed-exitcode if there are changes.
    """
    from glia.planning.allowances import Allowances

    if not offline and (instances or snapshot is not None):
        raise UsageError("--instances and --snapshot are for --offline: else ECS is asked")
    if offline and (repack or allow_downtime):
        raise UsageError(
            "--repack and --allow-downtime are about what runs, and --offline knows of nothing "
            "that does; plan without it"
        )
    if out is not None:
        _write(out, "", "a")  # a reading of a large fleet shall not end in vain
    commenter = _commenter(paths, pull_request) if comment else None
    stamper = _stamper(paths, head) if status else None
    subject = Subject(paths, base, head)
    laid_out = ground(instances, snapshot)
    allowed = Allowances(
        downtime=allow_downtime,
        repack=repack,
        prune=prune,
        deletes=allow_deletes,
        grace=grace,
        paths=paths,
    )
    made = _offline(subject, laid_out) if offline else _online(subject, profile, allowed)
    plan = made.plan
    if out is not None:
        _write(out, f"{_json(plan)}\n", "w")
    click.echo(_shown(plan, output, verbose=verbose))
    if commenter is not None:
        commenter.tell(plan, live=made.live())
    if stamper is not None:
        stamper.tell(plan)
    return exit_code(plan, detailed=detailed_exitcode)


def _commenter(paths: tuple[str, ...], number: int | None) -> Commenter:
    from glia.cli.commenting import Commenter

    return Commenter(number, paths, time.time)


def _stamper(paths: tuple[str, ...], head: str | None) -> Stamper:
    from glia.cli.commenting import Stamper

    return Stamper(paths, head)


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


def _offline(subject: Subject, laid_out: Ground) -> Made:
    from glia.cli.base import change_since
    from glia.cli.wanted import offline, offline_state, wanted
    from glia.planning.planner import offline_plan

    found = wanted(subject.paths, offline, head=subject.head)
    if subject.base is not None:
        return Made(change_since(subject, found, offline, laid_out))
    made = offline_state(found, laid_out)
    plan = offline_plan(
        made.state,
        shortages=made.layout.shortages,
        diagnostics=made.diagnostics,
        assumption=made.assumption,
    )
    return Made(plan)


def _online(subject: Subject, profile: str | None, allowed: Allowances) -> Made:
    from glia.cli.online import Online
    from glia.cli.prepared import prepared

    online = Online(profile)
    made = prepared(subject.paths, online, allowed, head=subject.head)
    observed = tuple(made.observed.values())
    if subject.base is None:
        return Made(made.plan, observed)
    from glia.cli.base import change_since
    from glia.planning.between import attributed

    change = change_since(subject, made.wanted, online.instance_types)
    return Made(attributed(made.plan, change), observed)


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
