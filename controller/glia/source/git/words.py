"""What git says when it fails, told apart: by its own words, in English, whatever the locale."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from glia.source.failures import (
    Corrupt,
    GitUnusable,
    RateLimited,
    RefNotFound,
    RepositoryNotFound,
    Timeout,
    Unauthorized,
    Unreachable,
    Unwritable,
)
from glia.source.git.place import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glia.source.failures import SourceError

LONGEST: Final = 300
_TOKEN = "check that the token or key is right, has not expired and may read the repository"  # noqa: S105
_KNOWN_HOSTS = "put the server's key, as its operator publishes it, into the known-hosts file"
_LATER = "it is tried again"

# In order: the first that is found counts. The words are those of git 2.30 to 2.51, curl,
# OpenSSH and the operating system.
_TABLE: Final[tuple[tuple[str, type[SourceError], str], ...]] = (
    (r"No space left on device|Disk quota exceeded", Unwritable, "make room on the state disk"),
    (r"Read-only file system", Unwritable, "mount the state directory writable"),
    (r"Operation too slow|Connection timed out|[Tt]imed out", Timeout, _LATER),
    (r"returned error: 429|HTTP 429|Too Many Requests", RateLimited, _LATER),
    (r"returned error: 5\d\d", Unreachable, _LATER),
    (
        r"returned error: 40[13]|HTTP 40[13]|Authentication failed|could not read (?:User|Pass)",
        Unauthorized,
        _SIGN_IN,
    ),
    (r"Host key verification failed|No \w+ host key is known", Unauthorized, _KNOWN_HOSTS),
    (r"Permission denied \(", Unauthorized, _TOKEN),
    (r"dubious ownership", Unauthorized, "let the repository's directory belong to this user"),
    (
        (
            r"returned error: 404|[Rr]epository .*not found|does not appear to be a git repo"
            r"|not a git repository: '?(?!\S*/store)"
        ),
        RepositoryNotFound,
        "correct the address; to those who may not read it a private one looks the same",
    ),
    (r"couldn't find remote ref|not our ref|unadvertised object", RefNotFound, "correct --ref"),
    (
        r"unable to update url base from redirection|returned error: 30\d|redirect",
        RepositoryNotFound,
        "redirects are not followed: give the address that the repository has now",
    ),
    (
        (
            r"[Cc]ould not resolve|[Cc]ouldn't connect|Failed to connect|Connection refused"
            r"|Connection reset|Network is unreachable|No route to host|Recv failure|Send failure"
            r"|SSL|TLS|certificate|Empty reply|transfer closed|early EOF|hung up|RPC failed"
            r"|unexpected disconnect|Proxy|protocol error|bad pack header"
            r"|invalid index-pack output"
            r"|expected '?(?:packfile|flush)|expected (?:packfile|flush)"
        ),
        Unreachable,
        _LATER,
    ),
    (
        (
            r"\.lock'?: File exists|Another git process|is corrupt|corrupt|is empty|bad object"
            r"|unable to read|inflate|bad signature|index file|packfile|missing (?:blob|tree|commit)"
            r"|not a git repository|did not send all necessary|bad config|invalid sha1 pointer"
            r"|does not match|hash mismatch|loose object|broken|bad tree|not a valid object"
        ),
        Corrupt,
        "the copy is made anew",
    ),
    (r"Permission denied|cannot create|unable to create|cannot mkdir", Unwritable, ""),
)
_NOISE = re.compile(r"^(?:From |remote: *$|warning: |hint: | [*+=t-] |   \w+\.\.)")


def failure(what: str, err: str, secrets: Iterable[str]) -> SourceError:
    """The error that git's words come to; ``what`` says what was tried."""
    said = legible(err, secrets)
    text = f"{what}: {said}" if said else what
    for words, kind, remedy in _TABLE:
        if re.search(words, err):
            return kind(text, remedy)
    return GitUnusable(text)


def legible(err: str, secrets: Iterable[str]) -> str:
    """Git's last words in one line: no credentials, nothing that a terminal obeys."""
    for secret in secrets:
        err = err.replace(secret, "***")
    lines = [line.strip() for line in err.splitlines() if line.strip() and not _NOISE.match(line)]
    text = without_credentials("; ".join(dict.fromkeys(lines[-4:])))
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
