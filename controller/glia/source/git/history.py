"""How two commits lie to each other, in a history of which only the end may be here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glia.source.failures import RefNotFound

if TYPE_CHECKING:
    from glia.source.git.repository import Repository
    from glia.source.revision import Relation

# How far to look back at first: a controller that was away for a week finds its commit there.
_ALL: Final = "--depth=2147483647"
_STEPS: Final = ("--deepen=500", _ALL)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def relation(repository: Repository, old: str, new: str) -> Relation:
    """What ``new`` is to ``old``; ``unrelated`` where the server does not know ``old`` any more.

    Raises:
        SourceError: history had to be fetched, and was not to be had.
    """
    if old == new:
        return "same"
    if not (_COMMIT.fullmatch(old) and _COMMIT.fullmatch(new)):
        return "unrelated"
    if _follows(repository, old, new):
        return "descendant"
    if _follows(repository, new, old):
        return "ancestor"
    for how in _STEPS:
        if not repository.is_shallow:
            break
        repository.deepen(new, how)
        if _follows(repository, old, new):
            return "descendant"
    if repository.is_shallow or not repository.resolve(old):
        _bring_history(repository, old)
    return "ancestor" if _follows(repository, new, old) else "unrelated"


def _follows(repository: Repository, old: str, new: str) -> bool:
    known = repository.resolve(old) and repository.resolve(new)
    return bool(known) and repository.is_ancestor(old, new)


def _bring_history(repository: Repository, commit: str) -> None:
    """All that led to a commit that no ref may lead to any more."""
    try:
        repository.deepen(commit, _ALL)
    except RefNotFound:
        return  # the server has forgotten it
