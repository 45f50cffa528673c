"""GitHub's API on this machine: pull requests with comments and statuses, and its refusals."""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from support.web import answering

if TYPE_CHECKING:
    from collections.abc import Iterator

US = "github-actions"
LONGEST = 65_536
LONGEST_CONTEXT = 255
STATUSES = 100
PAGE = 3  # smaller than GitHub's, so that a few comments already have pages


@dataclass
class Forge:
    """What GitHub would hold of one repository, ``acme/fleet``, with pull request 7.

    Attributes:
        history: of the branch, the newest commit first.
        logins: whom a token acts as, where it is not ``US``.
        pulls: by the commits that came with them.
        refusals: answers to give instead of acting: method and a part of the path to a status,
            and how often.
        answers: by a part of the path, what is answered there, and the link header.
        unchanged: answers that nothing has changed, which GitHub does not count.
    """

    url: str = ""
    head: str = "a" * 40
    comments: list[dict[str, Any]] = field(default_factory=list)
    minimised: list[str] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refusals: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    answers: dict[str, tuple[Any, str]] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    logins: dict[str, str] = field(default_factory=dict)
    authorizations: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    unchanged: int = 0

    def says(self, author: str, body: str) -> None:
        number = len(self.comments) + 1
        self.comments.append(
            {"id": number, "node_id": f"IC_{number}", "user": {"login": author}, "body": body}
        )

    def sets(self, login: str, sha: str, **status: Any) -> dict[str, Any]:
        """A commit status, each a second after the one before."""
        at = (
            datetime(2026, 11, 28, tzinfo=UTC) + timedelta(seconds=len(self.statuses))
        ).isoformat()
        creator = {"login": login} if login else None
        made = {"sha": sha, "created_at": at.replace("+00:00", "Z"), "creator": creator, **status}
        self.statuses.append(made)
        return made

    def merges(
        self, commit: str, head: str, *, into: str = "main", made: str = "", merged: bool = True
    ) -> None:
        """A pull request that holds a commit, and that its merge has made, or another one."""
        repository = {"full_name": "Acme/fleet", "default_branch": "main"}
        self.pulls.setdefault(commit, []).append(
            {
                "head": {"sha": head},
                "base": {"ref": into, "repo": repository},
                "merged_at": "2026-11-28T00:00:00Z" if merged else None,
                "merge_commit_sha": made or commit,
            }
        )

    def of(self, author: str) -> list[str]:
        return [each["body"] for each in self.comments if each["user"]["login"] == author]

    def refusal(self, method: str, path: str) -> int | None:
        for (what, part), (status, left) in self.refusals.items():
            if what == method and part in path and left:
                self.refusals[what, part] = (status, left - 1)
                return status
        return None

    def answer(  # noqa: PLR0911  (a route each)
        self, method: str, path: str, body: Any, login: str = f"{US}[bot]"
    ) -> tuple[int, Any, str]:
        """Status, answer and link header."""
        if method == "POST" and path.endswith("/graphql"):
            return 200, {"data": self._graphql(body, login)}, ""
        if method == "GET" and path.endswith("/pulls/7"):
            return 200, {"number": 7, "head": {"sha": self.head}}, ""
        if method == "GET" and "/issues/7/comments" in path:
            return self._listed(path)
        if method in {"POST", "PATCH"} and len(str(body.get("body", ""))) > LONGEST:
            told = "Body is too long (maximum is 65536 characters)"
            return 422, {"message": told}, ""
        if method == "POST" and path.endswith("/issues/7/comments"):
            self.says(f"{US}[bot]", body["body"])
            return 201, self.comments[-1], ""
        if method == "PATCH" and (found := re.search(r"/issues/comments/(\d+)$", path)):
            self.comments[int(found[1]) - 1]["body"] = body["body"]
            return 200, {}, ""
        return self._of_commits(method, path, body, login)

    def _of_commits(self, method: str, path: str, body: Any, login: str) -> tuple[int, Any, str]:
        if method == "POST" and (found := re.search(r"/statuses/(\w+)$", path)):
            if len(body["context"]) > LONGEST_CONTEXT:
                return 422, {"message": "context is too long (maximum is 255 characters)"}, ""
            return 201, self.sets(login, found[1], **body), ""
        if method == "GET" and (found := re.search(r"/commits\?sha=(\w+)", path)):
            known = self.history
            since = known[known.index(found[1]) :] if found[1] in known else []
            return 200, [{"sha": each} for each in since], ""
        if method == "GET" and (found := re.search(r"/commits/(\w+)/(statuses|pulls)", path)):
            own = [each for each in reversed(self.statuses) if each["sha"] == found[1]]
            if found[2] == "pulls":
                return 200, self.pulls.get(found[1], []), ""
            return 200, *self._page(path.partition("&page=")[0], own, path)
        return 404, {"message": "Not Found"}, ""

    def _page(self, base: str, found: list[Any], path: str) -> tuple[Any, str]:
        page = int(asked[1]) if (asked := re.search(r"[?&]page=(\d+)", path)) else 1
        more = len(found) > page * STATUSES
        link = f'<{self.url}{base}&page={page + 1}>; rel="next"' if more else ""
        return found[(page - 1) * STATUSES : page * STATUSES], link

    def _graphql(self, body: dict[str, Any], login: str) -> Any:
        if "viewer" in body["query"]:
            return {"viewer": {"login": login}}
        self.minimised.append(body["variables"]["id"])
        return {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}

    def _listed(self, path: str) -> tuple[int, Any, str]:
        page = int(found[1]) if (found := re.search(r"[?&]page=(\d+)", path)) else 1
        shown = self.comments[(page - 1) * PAGE : page * PAGE]
        more = len(self.comments) > page * PAGE
        url = f"{self.url}/repos/acme/fleet/issues/7/comments?per_page=100&page={page + 1}"
        return 200, shown, f'<{url}>; rel="next"' if more else ""


@contextmanager
def forge() -> Iterator[Forge]:
    """One that serves until the block ends."""
    made = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            token = self.headers.get("authorization", "")
            made.authorizations.add(token)
            login = made.logins.get(token.removeprefix("Bearer "), f"{US}[bot]")
            made.asked.append(f"{self.command} {self.path}")
            refused = made.refusal(self.command, self.path)
            instead = [told for part, told in made.answers.items() if part in self.path]
            if instead:
                self._send(200, *instead[0])
            elif refused is not None:
                self._send(refused, {"message": "no"}, "")
            else:
                told = json.loads(body or b"{}")
                self._send(*made.answer(self.command, self.path, told, login))

        def _send(self, status: int, told: Any, link: str) -> None:
            text = json.dumps(told).encode()
            etag = f'W/"{hashlib.sha256(text + link.encode()).hexdigest()}"'
            if self.command == "GET" and self.headers.get("if-none-match") == etag:
                made.unchanged += 1
                status, text = 304, b""
            self.send_response(status)
            self.send_header("etag", etag)
            self.send_header("content-length", str(len(text)))
            if link:
                self.send_header("link", link)
            if status in {429, 503}:
                self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _any  # noqa: N815  (the server's names)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with answering(Handler) as made.url:
        yield made
