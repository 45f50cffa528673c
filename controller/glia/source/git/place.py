"""Which repository, which ref of it, and which path in it: checked before git sees any of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from glia.errors import UsageError

# git-check-ref-format(1), and narrower: no character that git, a shell or a glob gives a meaning.
_REF: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_+.\-]|/(?![/.\-]))*(?<![/.])")
_REF_FORBIDDEN: Final = re.compile(r"\.\.|\.lock(?:/|\Z)|@\{")
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_USER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\-]*")
# git@host:path, as ssh's scp has it.
_SCP: Final = re.compile(r"(?:([^@/:]+)@)?([^@/:\[\]]+):(?!:)([^\s]+)")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")
_SCHEMES: Final = ("https", "ssh", "file", "http")


@dataclass(frozen=True, slots=True)
class Place:
    """A path in a repository at a ref.

    Attributes:
        url: without credentials; an ssh user's name is none.
        scheme: ``https``, ``http``, ``ssh`` or ``file``: the only transport that git may use.
        refs: full names to look for, the first that is there counts.
        path: segments joined by ``/``; empty for the whole repository.
    """

    url: str
    scheme: str
    refs: tuple[str, ...]
    path: str

    @classmethod
    def parse(cls, url: str, ref: str = "main", path: str = ".") -> Place:
        """What a command line says, checked.

        Raises:
            UsageError: what is wrong with it, credentials left out.
        """
        address, scheme = _address(url)
        return cls(address, scheme, _refs(ref), _path(path))


def _address(url: str) -> tuple[str, str]:
    if _CONTROL.search(url):
        raise _bad("holds a space or a control character", url)
    if "://" not in url and (scp := _SCP.fullmatch(url)):
        _check_host(url, scp[2], scp[1])
        return url, "ssh"
    try:
        parts = urlsplit(url)
        host, user, _ = parts.hostname or "", parts.username, parts.port
    except ValueError:
        raise _bad("is no address", url) from None
    if parts.scheme not in _SCHEMES:
        here = f"; a repository on this disk is file://{url}" if url.startswith("/") else ""
        raise _bad(f"is neither https://, ssh:// nor file://{here}", url)
    if parts.query or parts.fragment:
        raise _bad("has a query or a fragment", url)
    if parts.password is not None or (user and parts.scheme != "ssh"):
        raise UsageError(
            f"--git {without_credentials(url)!r} was given with credentials in it, for all who "
            "list processes to read; name a file with --git-token-file, or a variable"
        )
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/"):
            raise _bad("names no absolute path: file:///srv/git/fleet.git", url)
        return url, "file"
    _check_host(url, host, user)
    if parts.scheme == "http" and host not in {"127.0.0.1", "::1", "localhost"}:
        raise _bad("is not encrypted: use https", url)
    return url, parts.scheme


def _check_host(url: str, host: str, user: str | None) -> None:
    bare = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(bare) or (user is not None and not _USER.fullmatch(user)):
        raise _bad("has no valid host or user", url)


def _refs(ref: str) -> tuple[str, ...]:
    if ref == "HEAD":
        return ("HEAD",)
    if not _REF.fullmatch(ref) or _REF_FORBIDDEN.search(ref):
        raise UsageError(
            f"--ref {ref!r} is no name of a branch or a tag; expected one like main, v1.2 or "
            "refs/heads/release/3"
        )
    if ref.startswith("refs/"):
        return (ref,)
    return f"refs/heads/{ref}", f"refs/tags/{ref}"


def _path(path: str) -> str:
    segments = [each for each in path.split("/") if each not in {"", "."}]
    if ".." in segments or "\0" in path or path.startswith("/"):
        raise UsageError(
            f"--path {path!r} leaves the repository; expected a path below its root, "
            "like manifests/production"
        )
    return "/".join(segments)


def without_credentials(text: str) -> str:
    """The text; of every address in it, what stands before the host is gone."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", text)


def _bad(why: str, url: str) -> UsageError:
    return UsageError(
        f"--git {without_credentials(url)!r} {why}; expected an address like "
        "https://github.com/acme/fleet.git or git@github.com:acme/fleet.git"
    )
