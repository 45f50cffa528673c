"""What ``glia run`` tells outward, as a command line says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from glia.log import Format

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Outward:
    """The options, by their names."""

    listen: str | None
    webhook_secret_file: Path | None
    log_format: Format
    log_level: str
    notify_url_file: Path | None
    notify_secret_file: Path | None
    github: str | None
    github_token_file: Path | None
    github_url: str
    require_plan: bool
    plan_by: tuple[str, ...]
    github_login: str | None

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Outward:
        """Those of the options that are its own, which are taken away."""
        return cls(**{each.name: options.pop(each.name) for each in fields(cls)})


OPTIONS = (
    click.option(
        "--listen",
        metavar="HOST:PORT",
        help="Serve /healthz, /readyz, /metrics and /status there; by default nothing is served.",
    ),
    click.option(
        "--webhook-secret-file",
        type=FILE,
        metavar="FILE",
        help="Take signed pushes at /webhook, too: GitHub's or Gitea's secret is in this file.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Of the lines on standard error.",
    ),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        show_default=True,
        help="The least that is logged; debug has passes in which nothing happens.",
    ),
    click.option(
        "--notify-url-file",
        type=FILE,
        metavar="FILE",
        help="Send each event to the address in this file, or in GLIA_NOTIFY_URL.",
    ),
    click.option(
        "--notify-secret-file",
        type=FILE,
        metavar="FILE",
        help="What those are signed with; or in GLIA_NOTIFY_SECRET.",
    ),
    click.option(
        "--github",
        metavar="OWNER/REPO",
        help="Set commit statuses there: pending, success or failure for each cluster.",
    ),
    click.option(
        "--github-token-file",
        type=FILE,
        metavar="FILE",
        help="A token that may write statuses; by default in GITHUB_TOKEN.",
    ),
    click.option(
        "--github-url",
        metavar="URL",
        envvar="GITHUB_API_URL",
        default="https://api.github.com",
        show_default=True,
        help="Of the API; a GitHub Enterprise Server has its own.",
    ),
    click.option(
        "--require-plan",
        is_flag=True,
        help="Apply a new commit only if its plan is the one in its commit status glia/plan/PATH.",
    ),
    click.option(
        "--plan-by",
        multiple=True,
        metavar="LOGIN",
        help="Whose plans count, such as planner[bot], a GitHub App; may be repeated.",
    ),
    click.option(
        "--github-login",
        metavar="LOGIN",
        help="Whom the token acts as; by default GitHub is asked.",
    ),
)


def OUTWARD(command: F) -> F:  # noqa: N802  (stands among options that are constants)
    """All options that say what is told to whom."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
