"""Which pull request a job is about, as GitHub Actions tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glia.errors import UsageError
from glia.github.api import API

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of the events that a plan can be made for; a workflow_run names its pull requests itself.
ADVICE = (
    "set GITHUB_TOKEN and GITHUB_REPOSITORY, and name the pull request with --pull-request "
    "where the job's event is not about one"
)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, and how to reach it.

    Attributes:
        head: the commit that was planned; empty where the event does not tell it.
        summary: a file for a page of the job's own, or empty.
    """

    url: str
    token: str
    repository: str
    number: int
    head: str
    summary: str


def pull_request(environment: Mapping[str, str], number: int | None) -> PullRequest:
    """The one that is named, or else that of the job's event.

    Raises:
        UsageError: there is none, or no token.
    """
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    own = event.get("pull_request") or {}
    found = number if number is not None else own.get("number")
    token = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN")
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not isinstance(found, int) or not token or not repository:
        raise UsageError(f"--comment does not know where to: {ADVICE}")
    head = (own.get("head") or {}).get("sha", "") if own.get("number") == found else ""
    return PullRequest(
        url=environment.get("GITHUB_API_URL", "") or API,
        token=token,
        repository=repository,
        number=found,
        head=str(head),
        summary=environment.get("GITHUB_STEP_SUMMARY", ""),
    )


def access(environment: Mapping[str, str]) -> tuple[str, str, str]:
    """Token, repository and the address of the API.

    Raises:
        UsageError: one of them is not there.
    """
    token = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN")
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not token or not repository:
        raise UsageError("it is not known where on GitHub: set GITHUB_TOKEN and GITHUB_REPOSITORY")
    return token, repository, environment.get("GITHUB_API_URL", "") or API


def _event(path: str) -> dict[str, Any]:
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
