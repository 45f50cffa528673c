"""Why there is no new revision: each reason a class, so that a loop can tell them apart by type."""

# ruff: noqa: N818  (their names are the reasons)

from __future__ import annotations

from typing import ClassVar

from glia.errors import GliaError


class SourceError(GliaError):
    """The manifests could not be had; what was had before stays good, and nothing is deleted.

    Attributes:
        reason: the name of its class, one word in CamelCase, the same for ever: of a condition,
            a metric, an event.
        transient: the same attempt may succeed later by itself. What is not transient waits for
            somebody to change the repository, the server or the command line; looking again at
            every interval is enough.
    """

    reason: ClassVar[str] = "SourceFailed"
    transient: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        cls.reason = cls.__name__

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what}; {remedy}" if remedy else what)
        self.what = what
        self.remedy = remedy


class Unreachable(SourceError):
    """No answer, a broken one, or a server that is in trouble."""

    transient = True


class Timeout(SourceError):
    """The transfer stalled or took longer than it may."""

    transient = True


class RateLimited(SourceError):
    """The server asks to come back later."""

    transient = True


class Busy(SourceError):
    """Another process works on the same state directory."""

    transient = True


class Stopped(SourceError):
    """Whoever asked wants no answer any more."""

    transient = True


class Unauthorized(SourceError):
    """The server does not take the credentials, or we do not take the server's key."""


class RepositoryNotFound(SourceError):
    """There is no repository at that address, or none for these credentials."""


class RefNotFound(SourceError):
    """The repository has no such branch or tag; an empty one has none at all."""


class PathNotFound(SourceError):
    """The revision, or the disk, has no such directory."""


class PathEmpty(SourceError):
    """The directory is there and holds no manifest: more likely a mistake than a wish."""


class NonFastForward(SourceError):
    """History was rewritten: the new commit does not follow from the one held."""


class RolledBack(NonFastForward):
    """The ref went back to an ancestor of the commit held: by force, or a mirror lags."""


class Unverified(SourceError):
    """The commit is not signed by a key that is trusted, or that could not be found out."""


class TooLarge(SourceError):
    """The revision has more than will be read."""


class Corrupt(SourceError):
    """The copy on disk is damaged, and a fresh one was no better."""

    transient = True


class Unwritable(SourceError):
    """The state directory cannot be written: disk full, read-only, not ours."""

    transient = True


class GitUnusable(SourceError):
    """The git command is missing, too old, or said what nobody has foreseen."""
