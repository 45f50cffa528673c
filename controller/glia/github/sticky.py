"""The one comment of a plan on a pull request: found again, kept up to date, never doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glia.github.api import Comment


class Thread(Protocol):
    """What is asked of a pull request."""

    def viewer(self) -> str: ...

    def pull_head(self, number: int) -> str: ...

    def comments(self, number: int) -> Iterable[Comment]: ...

    def create_comment(self, number: int, body: str) -> None: ...

    def update_comment(self, comment: Comment, body: str) -> None: ...

    def minimise(self, comment: Comment) -> None: ...


def keep(
    thread: Thread,
    number: int,
    head: str,
    marker: str,
    make: Callable[[str], str],
) -> str:
    """Create or update the comment that begins with ``marker``; what was done, in a word.

    ``make`` gets the body of the comment that is there, empty where there is none, and returns
    the new one; empty for none at all, where none is there yet. Of several that are ours the
    oldest is kept, the others are folded away. A job of an older commit overwrites nothing.

    Raises:
        GitHubError: GitHub refused.
    """
    if head and thread.pull_head(number) != head:
        return "outdated"
    us = thread.viewer()
    ours = [
        each
        for each in thread.comments(number)
        if each.author in {us, us.removesuffix("[bot]"), f"{us}[bot]"}
        and each.body.startswith(marker)
    ]
    body = make(ours[0].body if ours else "")
    if not ours:
        if body:
            thread.create_comment(number, body)
        return "created" if body else "nothing to say"
    thread.update_comment(ours[0], body)
    for each in ours[1:]:
        thread.minimise(each)
    return "updated"
