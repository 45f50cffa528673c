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
_SIGN_IN = "check that the token or key is right, has not expired and may read the repository"
_KNOWN_HOSTS = "put the server's key, as its operator publishes it, into the known-hosts file"
_CHANGED = (
    "somebody may stand in between; if the server's operator has changed its key, put the new one "
    "into the known-hosts file"
)
_SIGNER = "if it is the right server, name its signer's certificates with --git-ca-file"
_ADDRESS = "correct the address; to those who may not read it a private one looks the same"
_MOVED = "redirects are not followed: give the address that the repository has now"
_OWNER = "let the repository's directory belong to this user"
_LATER = "it is tried again"

_OF_CERTIFICATE: Final = (
    r"certificate verification failed|SSL certificate problem|certificate subject name"
)

# In order: the first that is found counts. The words are those of git 2.34 to 2.51, curl,
# OpenSSH and the operating system.
_TABLE: Final[tuple[tuple[type[SourceError], str, str], ...]] = (
    (Unwritable, "make room on the state disk", r"No space left on device|Disk quota exceeded"),
    (Unwritable, "mount the state directory writable", r"Read-only file system"),
    (Timeout, _LATER, r"Operation too slow|[Tt]imed out"),
    (RateLimited, _LATER, r"error: 429|Too Many Requests"),
    (Unreachable, _LATER, r"error: 5\d\d"),
    (Unauthorized, _SIGN_IN, r"error: 40[13]|Authentication failed|could not read (?:User|Pass)"),
    (Unauthorized, _CHANGED, r"HOST IDENTIFICATION HAS CHANGED|host key for .* has changed"),
    (Unauthorized, _KNOWN_HOSTS, r"Host key verification failed|No \w+ host key is known"),
    (Unauthorized, _SIGN_IN, r"Permission denied \("),
    (Unauthorized, _SIGNER, _OF_CERTIFICATE),
    (Unauthorized, "correct --git-ca-file", r"Problem with the SSL CA cert|error setting certif"),
    (GitUnusable, "run as a user that /etc/passwd has", r"No user exists for uid"),
    (Unauthorized, _OWNER, r"dubious ownership"),
    (RepositoryNotFound, _ADDRESS, r"error: 404|[Rr]epository .*not found|not appear to be a git"),
    (RefNotFound, "correct --ref", r"couldn't find remote ref|not our ref|unadvertised object"),
    (RepositoryNotFound, _MOVED, r"error: 30\d|redirect"),
    (Unreachable, _LATER, r"[Cc]ould not resolve|[Cc]ouldn't connect|Failed to connect"),
    (Unreachable, _LATER, r"Connection (?:refused|reset|closed)|Network is unreach|No route"),
    (Unreachable, _LATER, r"Recv failure|Send failure|SSL|TLS|certificate|Empty reply|Proxy"),
    (Unreachable, _LATER, r"transfer closed|early EOF|hung up|RPC failed|unexpected disconnect"),
    (Unreachable, _LATER, r"protocol error|bad pack header|invalid index-pack|expected flush"),
    (Corrupt, "", r"\.lock'?: File exists|corrupt|is empty|bad object|unable to read|inflate"),
    (Corrupt, "", r"did not send all|bad config|invalid sha1|not a git repository|broken"),
    (Corrupt, "", r"loose object|packfile|index file|missing (?:blob|tree|commit)|mismatch"),
    (Unwritable, "", r"Permission denied|cannot create|unable to create|cannot mkdir"),
)
_REMOTE = re.compile(r"^remote:.*$", re.MULTILINE)
_NOISE = re.compile(
    r"^(?:From |remote: *$|warning: |hint: | [*+=t-] |   \w+\.\.|@{9}|  remove with:|  ssh-keygen"
    r"|fatal: Could not read from remote repository|Please make sure you have the correct access"
    r"|and the repository exists|gpg: WARNING: This key is not certified|gpg:  |Primary key finger)"
)


def failure(what: str, err: str, secrets: Iterable[str]) -> SourceError:
    """The error that git's words come to; ``what`` says what was tried."""
    said = legible(err, secrets)
    text = f"{what}: {said}" if said else what
    here = _REMOTE.sub("", err)
    for kind, remedy, words in _TABLE:
        # Nobody's copy is thrown away because a server says that its own disk is full.
        if re.search(words, here if kind in {Corrupt, Unwritable} else err):
            return kind(text, remedy)
    return GitUnusable(text)


def is_of_certificate(err: str) -> bool:
    """Whether it is the server's certificate that git has refused."""
    return re.search(_OF_CERTIFICATE, err) is not None


def legible(err: str, secrets: Iterable[str]) -> str:
    """Git's last words in one line: no credentials, nothing that a terminal obeys."""
    for secret in secrets:
        err = err.replace(secret, "***")
    lines = [line.strip() for line in err.splitlines() if line.strip() and not _NOISE.match(line)]
    text = without_credentials("; ".join(dict.fromkeys(lines[-4:])))
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
