"""Calls of GitHub's API: one repository, one token, every failure told in GitHub's own words."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import urllib3

from glia import __version__
from glia.ecs.secret_text import concealed
from glia.errors import GliaError
from glia.github.answers import Answers

if TYPE_CHECKING:
    from collections.abc import Iterator

API: Final = "https://api.github.com"
PAGE: Final = 100
TIMEOUT: Final = urllib3.Timeout(connect=5, read=30)
LONGEST_WAIT: Final = 30.0
MOST_PAGES: Final = 100


class _Patient(urllib3.Retry):
    """Waits as long as GitHub asks for, but not for hours: others wait for the answer."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, LONGEST_WAIT)


# A comment that was made twice is worse than one that was not: only what may be repeated is.
RETRIES: Final = _Patient(
    total=3,
    redirect=False,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("GET", "PATCH"),
    backoff_factor=0.5,
    backoff_max=10,
    raise_on_status=False,
)
NOT_MODIFIED: Final = 304
LONGEST_WORDS: Final = 300
UNDOCUMENTED: Final = "GitHub answered with something else than its API has; is a proxy between?"
_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="next"')
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")


class GitHubError(GliaError):
    """GitHub refused a call or could not be reached.

    Attributes:
        status: of the answer; 0 where there was none.
    """

    def __init__(self, what: str, status: int = 0) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or a pull request."""

    id: int
    node_id: str
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class Status:
    """A commit status.

    Attributes:
        creator: the login of whoever has set it, as GitHub says; empty where it does not say.
        at: when, in UTC, ``2026-11-28T04:30:00Z``: later is greater.
    """

    context: str
    state: str
    description: str
    creator: str
    at: str


class GitHub:
    """A repository on GitHub.

    Args:
        token: needs ``pull-requests: write`` to comment and ``statuses: write`` for statuses.
        repository: ``owner/name``.
        url: of the API; a GitHub Enterprise Server has its own.
        answers: what it has answered before, of whoever asks the same again and again.
    """

    def __init__(
        self, token: str, repository: str, url: str = API, answers: Answers | None = None
    ) -> None:
        if not _REPOSITORY.fullmatch(repository):
            raise GitHubError(f"{repository!r} is no repository of GitHub's: expected owner/name")
        self._url = url.rstrip("/")
        self._repository = f"{self._url}/repos/{repository}"
        self._answers = Answers() if answers is None else answers
        self._pool = urllib3.PoolManager(
            retries=RETRIES,
            timeout=TIMEOUT,
            headers={
                "accept": "application/vnd.github+json",
                "authorization": f"Bearer {token}",
                "user-agent": f"glia/{__version__}",
                "x-github-api-version": "2022-11-28",
            },
        )

    def viewer(self) -> str:
        """The login that the token acts as."""
        answer = self._graphql("query { viewer { login } }", {})
        with _as_documented():
            return str(answer["viewer"]["login"])

    def pull_head(self, number: int) -> str:
        """The commit that a pull request's branch is at."""
        _, answer = self._call("GET", f"{self._repository}/pulls/{number}")
        with _as_documented():
            return str(answer["head"]["sha"])

    def comments(self, number: int) -> Iterator[Comment]:
        """Those of a pull request, oldest first, whatever their number."""
        url = f"{self._repository}/issues/{number}/comments?per_page={PAGE}"
        for each in self._paged(url):
            with _as_documented():
                author = (each.get("user") or {}).get("login", "")
                comment = Comment(each["id"], each["node_id"], author, each.get("body") or "")
            yield comment

    def create_comment(self, number: int, body: str) -> None:
        self._call("POST", f"{self._repository}/issues/{number}/comments", {"body": body})

    def update_comment(self, comment: Comment, body: str) -> None:
        self._call("PATCH", f"{self._repository}/issues/comments/{comment.id}", {"body": body})

    def minimise(self, comment: Comment) -> None:
        """Fold a comment away as outdated."""
        mutation = (
            "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED})"
            " { minimizedComment { isMinimized } } }"
        )
        self._graphql(mutation, {"id": comment.node_id})

    def set_status(self, commit: str, state: str, context: str, description: str) -> str:
        """``state`` is success, failure, error or pending; descriptions are cut at 140.

        Returns the login of whoever has set it, which is us, as GitHub says it.
        """
        body = {"state": state, "context": context, "description": description[:140]}
        _, answer = self._call("POST", f"{self._repository}/statuses/{commit}", body)
        with _as_documented():
            return _login(answer.get("creator"))

    def statuses(self, commit: str) -> tuple[Status, ...]:
        """All that a commit ever had, the newest first."""
        url = f"{self._repository}/commits/{commit}/statuses?per_page={PAGE}"
        found = list(self._paged(url))
        with _as_documented():
            return tuple(
                Status(
                    str(each["context"]),
                    str(each["state"]),
                    each.get("description") or "",
                    _login(each.get("creator")),
                    str(each["created_at"]),
                )
                for each in found
            )

    def merged_heads(self, commit: str, branch: str) -> tuple[str, ...]:
        """The last commits of the pull requests whose merge into a branch made this its commit.

        Others may hold the commit as well, such as one into a branch that anybody may merge
        into; they say nothing of how it came here. ``HEAD`` is the default branch.
        """
        url = f"{self._repository}/commits/{commit}/pulls?per_page={PAGE}"
        found = list(self._paged(url))
        with _as_documented():
            return tuple(
                str(each["head"]["sha"])
                for each in found
                if each["merged_at"]
                and each["merge_commit_sha"] == commit
                and self._is_into(branch, each["base"])
            )

    def history(self, commit: str) -> tuple[str, ...]:
        """The commits before one, the last first: as many as GitHub tells at once."""
        url = f"{self._repository}/commits?sha={commit}&per_page={PAGE}"
        _, answer = self._call("GET", url)
        if not isinstance(answer, list):
            raise GitHubError(UNDOCUMENTED)
        with _as_documented():
            return tuple(str(each["sha"]) for each in answer if each["sha"] != commit)

    def _is_into(self, branch: str, base: Any) -> bool:
        own = self._repository.removeprefix(f"{self._url}/repos/").casefold()
        if str(base["repo"]["full_name"]).casefold() != own:
            return False
        meant = base["repo"]["default_branch"] if branch == "HEAD" else branch
        return bool(base["ref"] == meant)

    def _paged(self, url: str) -> Iterator[Any]:
        """The elements of all pages.

        Raises:
            GitHubError: they do not end, or lead elsewhere. Who floods a list hides nothing.
        """
        for _ in range(MOST_PAGES):
            link, answer = self._call("GET", url)
            if not isinstance(answer, list):
                raise GitHubError(UNDOCUMENTED)
            yield from answer
            following = _NEXT.search(link)
            if following is None:
                return
            url = following[1]
            if not url.startswith(f"{self._url}/"):
                raise GitHubError(
                    f"GitHub's next page is not at {self._url}: set the API's address"
                )
        raise GitHubError(
            f"GitHub lists more than {MOST_PAGES} pages of {PAGE}, and that is too many"
        )

    def _graphql(self, query: str, variables: dict[str, Any]) -> Any:
        # An Enterprise Server has /api/v3 for REST and /api/graphql for this.
        url = f"{self._url.removesuffix('/v3')}/graphql"
        _, answer = self._call("POST", url, {"query": query, "variables": variables})
        with _as_documented():
            if told := answer.get("errors"):
                raise GitHubError(f"GitHub: {_words(told[0])}")
            return answer["data"]

    def _call(self, method: str, url: str, body: Any = None) -> tuple[str, Any]:
        """The ``link`` header and the answer."""
        known = self._answers.of(url) if method == "GET" else None
        headers = {**self._pool.headers, **({"if-none-match": known.etag} if known else {})}
        try:
            answer = self._pool.request(method, url, json=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            what = type(getattr(error, "reason", None) or error).__name__
            raise GitHubError(f"GitHub cannot be reached at {self._url} ({what})") from None
        if known is not None and answer.status == NOT_MODIFIED:
            return known.link, json.loads(known.data)
        try:
            told = json.loads(answer.data or b"{}")
        except ValueError:
            told = {}
        if answer.status >= 300:
            raise GitHubError(f"GitHub: {answer.status} {_words(told)}".rstrip(), answer.status)
        link = answer.headers.get("link", "")
        # Behind a page that was full and the last one there may be another one by now.
        may_go_on = isinstance(told, list) and len(told) >= PAGE and not _NEXT.search(link)
        if method == "GET" and not may_go_on:
            self._answers.keep(url, answer.headers.get("etag", ""), link, answer.data)
        return link, told


@contextmanager
def _as_documented() -> Iterator[None]:
    """What lacks the members that GitHub documents is from something else that answers there."""
    try:
        yield
    except (AttributeError, KeyError, IndexError, TypeError):
        raise GitHubError(UNDOCUMENTED) from None


def _login(account: Any) -> str:
    """Of an account that may be gone."""
    return str(account["login"]) if account else ""


def _words(told: Any) -> str:
    """What GitHub says, in one line."""
    found = told.get("message", "") if isinstance(told, dict) else ""
    return concealed(" ".join(str(found).split()))[:LONGEST_WORDS]
