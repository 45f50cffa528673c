"""What Glia remembers on commits: what was let in, and what came after it.

The status ``glia/admitted/PATH`` of a commit says that it was let in, and by a hash with which
manifests. Once another commit is let in it says so: a commit that comes back by force is then
not one that is in, and no plan counts that was made of it before.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glia.admission.forge import LoginUnknown, is_one
from glia.github.contexts import ADMITTED, context_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.admission.forge import Forge
    from glia.wanted import Files

_IN: Final = re.compile(r"admitted:([0-9a-f]{32})(?: |\Z)")
_AFTER: Final = re.compile(r"superseded by ([0-9a-f]{40,64})\Z")


@dataclass(frozen=True, slots=True)
class Standing:
    """What Glia has said of a commit.

    Attributes:
        content: a hash of the manifests with which it is in; empty where it is not.
        superseded: when another one was let in after it, or empty; until then it was in.
        successor: that other one.
    """

    content: str = ""
    superseded: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Before:
    """What there was before a commit.

    Attributes:
        last: the commit that is in; empty where none is known.
        since: when the nearest one before was superseded, if it was: then this one comes back.
    """

    last: str = ""
    since: str = ""


class Register:
    """The memory of one path, which is as good as the login that writes it is Glia's alone."""

    def __init__(self, forge: Forge, us: str, path: str) -> None:
        self._forge, self._us = forge, us
        self._context = context_of(ADMITTED, path)

    def standing(self, commit: str) -> Standing:
        """What the newest of our own statuses says; what others have set says nothing."""
        if not commit:
            return Standing()
        own = [
            each
            for each in self._forge.statuses(commit)
            if each.context == self._context and is_one(each.creator, self._us)
        ]
        told = own[0] if own else None
        found = _IN.match(told.description) if told and told.state == "success" else None
        content = found[1] if found else ""
        for each in own:
            if after := _AFTER.match(each.description):
                return Standing(content, each.at, after[1])
        return Standing(content)

    def before(self, commit: str) -> Before:
        """What there was before a commit was looked at, as far as GitHub tells.

        Mostly the nearest one that Glia knows is in. Else this one has come back, or was passed
        over or made on one that was left, and another is in.
        """
        for each in (commit, *self._forge.history(commit)):
            found = self.standing(each)
            if found.content:
                return Before(each)
            if found.successor == commit:
                return Before()  # this one was to be let in, and Glia did not get to say so
            if found.successor:
                return Before(self._successor(found), found.superseded)
        return Before()

    def _successor(self, standing: Standing) -> str:
        seen = {""}
        while (after := standing.successor) not in seen:
            seen.add(after)
            standing = self.standing(after)
            if standing.content:
                return after
        return ""

    def let_in(self, commit: str, content: str, told: str, *, after: str) -> None:
        """Remember a commit, and that ``after`` is no longer the last one.

        Raises:
            LoginUnknown: what was remembered could not be told from what others write.
        """
        if after and after != commit and self.standing(after).content:
            self._say(after, "success", f"superseded by {commit}")
        self._say(commit, "success", f"admitted:{content} {told}")

    def refuse(self, commit: str, why: str) -> None:
        self._say(commit, "failure", why)

    def _say(self, commit: str, state: str, description: str) -> None:
        by = self._forge.set_status(commit, state, self._context, description)
        if not is_one(by, self._us):
            raise LoginUnknown(
                f"GitHub says that {by or 'nobody'} has set the status {self._context}, and Glia "
                f"takes itself for {self._us}: it would not know it again; say --github-login "
                f"{by or 'LOGIN'}"
            )


def content_of(branch: str, found: Files, unknown: Iterable[str]) -> str:
    """32 hexadecimal digits of all manifests of a branch's revision, and of what is not known.

    One commit need not always be the same: kustomize may make another thing of it, and an
    instance type may have become known.
    """
    told = hashlib.sha256(branch.encode())
    for source in found.sources:
        told.update(f"\0{source.file}\0{len(source.content)}\0".encode(errors="backslashreplace"))
        told.update(source.content)
    wrong = (f"{each.code} {each.location}" for each in found.diagnostics)
    for each in (*wrong, *sorted(unknown)):
        told.update(f"\0{each}".encode(errors="backslashreplace"))
    return told.hexdigest()[:32]
