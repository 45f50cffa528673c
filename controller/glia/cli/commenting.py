"""Telling a plan on a pull request. What goes wrong there is said, and changes no exit code."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glia.errors import UsageError
from glia.github.api import GitHub, GitHubError
from glia.github.contexts import PLAN, context_of
from glia.github.pull_request import access, pull_request
from glia.github.sticky import keep
from glia.render.comment import Occasion, comment, is_worth_telling, marker, status_line
from glia.source.git.local import LocalRepository, called

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glia.github.pull_request import PullRequest
    from glia.plan import Plan

# What GitHub takes for the page of a job (workflow commands, "job summaries").
SUMMARY_BUDGET = 1_000_000
TOO_LONG = 422
BRIEF = 8_000
"""Bytes of a comment that GitHub takes whatever it found too long before."""


class Stamper:
    """The commit status of a plan of a commit, whether or not a pull request is at it.

    Raises:
        UsageError: no commit is named, or the environment does not say where it is.
    """

    def __init__(self, paths: Sequence[str], head: str | None) -> None:
        if head is None:
            raise UsageError(
                "--status is of a commit and not of what lies on the disk: name it with --head "
                "REF, such as HEAD"
            )
        self._client = GitHub(*access(os.environ))
        self._commit = LocalRepository(paths[0]).commit(head, "--head")
        self._context = _context(paths)

    def tell(self, plan: Plan) -> None:
        try:
            state = _stamp(self._client, self._commit, self._context, plan)
            click.echo(f"{self._context} of {self._commit[:12]}: {state}", err=True)
        except GitHubError as error:
            click.echo(f"glia: the plan could not be told on the commit: {error}", err=True)


class Commenter:
    """One pull request, found before anything is read, so that a plan is not made in vain.

    The comment and the status are those of the paths: plans of others on the same pull request
    have their own.

    Raises:
        UsageError: the environment names none.
    """

    def __init__(self, number: int | None, paths: Sequence[str], now: Callable[[], float]) -> None:
        self._about: PullRequest = pull_request(os.environ, number)
        self._key, self._context = _key(paths), _context(paths)
        self._now = now

    def tell(self, plan: Plan, *, live: str) -> None:
        """Keep the comment and the commit status, and put the whole plan into the job's page."""
        head = self._about.head or plan.source.commit
        at = datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        occasion = Occasion(self._key, head, live, at)
        try:
            self._summarise(comment(plan, occasion, "", budget=SUMMARY_BUDGET))
            client = GitHub(self._about.token, self._about.repository, self._about.url)
            done = self._keep(client, plan, occasion)
            click.echo(f"comment on #{self._about.number}: {done}", err=True)
            if head and done != "outdated":
                _stamp(client, head, self._context, plan)
        except (GitHubError, OSError) as error:
            click.echo(f"glia: the plan could not be told on the pull request: {error}", err=True)

    def _keep(self, client: GitHub, plan: Plan, occasion: Occasion) -> str:
        def made(old: str, **budget: int) -> str:
            return comment(plan, occasion, old, **budget) if old or is_worth_telling(plan) else ""

        number, head, first = self._about.number, occasion.head, marker(occasion.key)
        try:
            return keep(client, number, head, first, made)
        except GitHubError as error:
            if error.status != TOO_LONG:
                raise
            brief = keep(client, number, head, first, lambda old: made(old, budget=BRIEF))
            return f"{brief}, without details"

    def _summarise(self, text: str) -> None:
        if self._about.summary:
            with Path(self._about.summary).open("a", encoding="utf-8") as file:
                file.write(f"{text}\n")


def _key(paths: Sequence[str]) -> str:
    """What these paths are called from the top of the repository."""
    return " ".join(map(called, paths))


def _context(paths: Sequence[str]) -> str:
    return context_of(PLAN, _key(paths))


def _stamp(client: GitHub, commit: str, context: str, plan: Plan) -> str:
    """Leave what tells the plan on a commit; the state that it has there."""
    state = "failure" if plan.errors else "success"
    client.set_status(commit, state, context, status_line(plan))
    return state
