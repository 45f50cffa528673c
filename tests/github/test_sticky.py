"""The one comment on a pull request, on a GitHub that refuses, pages and has seen others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from urllib3 import HTTPResponse

from glia.github.api import LONGEST_WAIT, RETRIES, GitHub, GitHubError
from glia.github.sticky import keep
from support.github import US, Forge, forge

if TYPE_CHECKING:
    from collections.abc import Iterator

BOT = f"{US}[bot]"
MARKER = "<!-- glia:plan:manifests -->"
TOKEN = "ghs_token"


@pytest.fixture
def github() -> Iterator[Forge]:
    with forge() as made:
        yield made


def kept(github: Forge, body: str = "plan", head: str = "") -> str:
    client = GitHub(TOKEN, "acme/fleet", github.url)
    return keep(client, 7, head or github.head, MARKER, lambda _: f"{MARKER}\n{body}")


def test_a_comment_is_made_once_and_then_kept_up_to_date(github: Forge) -> None:
    assert [kept(github, "one"), kept(github, "two")] == ["created", "updated"]
    assert github.of(BOT) == [f"{MARKER}\ntwo"]
    assert github.authorizations == {f"Bearer {TOKEN}"}


def test_it_is_found_by_its_marker_and_its_author_on_any_page(github: Forge) -> None:
    for number in range(4):
        github.says("ada", f"remark {number}")
    github.says("mallory", f"{MARKER}\nnot ours")
    github.says(BOT, "<!-- glia:plan:other -->\nof another path")
    github.says(BOT, f"{MARKER}\nold")
    assert kept(github, "new") == "updated"
    assert github.of(BOT)[-1] == f"{MARKER}\nnew"
    assert github.of("mallory") == [f"{MARKER}\nnot ours"]
    assert len(github.comments) == 7


def test_of_several_the_oldest_is_kept_and_the_others_are_folded_away(github: Forge) -> None:
    for body in ("first", "second", "third"):
        github.says(BOT, f"{MARKER}\n{body}")
    assert kept(github, "new") == "updated"
    assert github.of(BOT)[0] == f"{MARKER}\nnew"
    assert github.minimised == ["IC_2", "IC_3"]


def test_a_job_of_an_older_commit_overwrites_nothing(github: Forge) -> None:
    kept(github, "of the last commit")
    assert kept(github, "of the one before", head="b" * 40) == "outdated"
    assert github.of(BOT) == [f"{MARKER}\nof the last commit"]


def test_nothing_to_say_makes_no_comment_and_ends_one_that_is_there(github: Forge) -> None:
    client = GitHub(TOKEN, "acme/fleet", github.url)

    def silent(old: str) -> str:
        return "nothing any more" if old else ""

    assert keep(client, 7, github.head, MARKER, silent) == "nothing to say"
    assert github.comments == []
    kept(github)
    assert keep(client, 7, github.head, MARKER, silent) == "updated"
    assert github.of(BOT) == ["nothing any more"]


def test_github_in_trouble_is_asked_again_and_a_refusal_is_told_in_its_words(
    github: Forge,
) -> None:
    github.refusals["GET", "/pulls/7"] = (503, 2)
    assert kept(github) == "created"
    github.refusals["PATCH", "/comments/"] = (403, 9)
    with pytest.raises(GitHubError, match="GitHub: 403 no") as refused:
        kept(github)
    assert refused.value.status == 403


def test_a_comment_is_never_posted_twice_because_an_answer_was_lost(github: Forge) -> None:
    github.refusals["POST", "/issues/7/comments"] = (502, 1)
    with pytest.raises(GitHubError):
        kept(github)
    assert sum(each.startswith("POST /repos") for each in github.asked) == 1


def test_whoever_cannot_be_reached_is_told_without_the_token() -> None:
    client = GitHub(TOKEN, "acme/fleet", "http://127.0.0.1:9")
    with pytest.raises(GitHubError) as unreachable:
        client.pull_head(7)
    assert "cannot be reached" in str(unreachable.value)
    assert TOKEN not in str(unreachable.value)


def test_whatever_answers_in_its_place_is_an_error_and_gets_no_token(github: Forge) -> None:
    """A captive portal, a proxy's page, a link that only begins like GitHub's address."""
    client = GitHub(TOKEN, "acme/fleet", github.url)
    for path in ("/graphql", "/pulls/7", "/statuses", "/pulls", "/comments", "/commits?"):
        github.answers[path] = ({"something": "else"}, "")
    asked = (
        client.viewer,
        lambda: client.pull_head(7),
        lambda: client.statuses(github.head),
        lambda: client.merged_heads(github.head, "main"),
        lambda: client.history(github.head),
        lambda: list(client.comments(7)),
    )
    for ask in asked:
        with pytest.raises(GitHubError, match="something else than its API has"):
            ask()
    github.answers["/statuses"] = ([{}], "")
    with pytest.raises(GitHubError, match="something else than its API has"):
        client.statuses(github.head)
    with forge() as other:
        port = other.url.rpartition(":")[2]
        github.answers["/statuses"] = ([], f'<{github.url}@127.0.0.1:{port}/more>; rel="next"')
        with pytest.raises(GitHubError, match="not at"):
            client.statuses(github.head)
        assert other.asked == []
    github.answers["/statuses"] = ([], f'<{github.url}/repos/acme/statuses>; rel="next"')
    with pytest.raises(GitHubError, match="more than 100 pages"):
        client.statuses(github.head)  # else what is at their end would be hidden


def test_nobody_waits_an_hour_because_github_says_so() -> None:
    answer = HTTPResponse(headers={"retry-after": "3600"}, status=429)
    assert RETRIES.new().get_retry_after(answer) == LONGEST_WAIT
