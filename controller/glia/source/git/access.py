"""Credentials of git, and the only environment that it runs in.

A token goes into the environment of the runs that talk to the server and nowhere else: no
argument, no file, no prompt, no helper. It is a header for that one server, and redirects are
not followed, so no other host is ever offered it.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from glia.source.failures import Unauthorized
from glia.source.git import ssh

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from glia.source.git.place import Place

# Of our own environment, what git needs to find programs, proxies and ssh's agent.
_PASSED: Final = (
    "PATH",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
)
_LONGEST_TOKEN: Final = 16 * 1024
# Below this git gives a transfer up, if it lasts (curl's own unit: bytes a second).
_SLOWEST: Final = "1000"


@dataclass(frozen=True, slots=True)
class Access:
    """How git proves who asks, and that the server is the right one. Never an argument of git.

    Attributes:
        token_file: for HTTPS; read anew at every fetch, so that a rotated token counts.
        token_variable: name of the environment's variable that holds it, where no file does.
        username: that goes with the token; GitHub and GitLab take any.
        ssh_key: a private key's file, read anew like the token; with neither it nor the next it
            is left to ssh's agent.
        ssh_key_variable: name of the environment's variable that holds it.
        known_hosts: ssh knows no other servers; None is those of the machine and the user.
        known_hosts_variable: name of the environment's variable that holds their lines.
        ca_file: certificates of whoever signs the server's, instead of the system's.
    """

    token_file: Path | None = None
    token_variable: str = ""
    username: str = "x-access-token"
    ssh_key: Path | None = None
    ssh_key_variable: str = ""
    known_hosts: Path | None = None
    known_hosts_variable: str = ""
    ca_file: Path | None = None

    def token(self) -> str:
        """The token as it is now; empty where none is named.

        Raises:
            Unauthorized: it is named and not to be had.
        """
        if self.token_file is not None:
            where = f"the token file {self.token_file}"
            try:
                with self.token_file.open("rb") as file:
                    token = file.read(_LONGEST_TOKEN + 1).strip().decode("ascii", "replace")
            except OSError as error:
                raise Unauthorized(f"{where} cannot be read ({error.strerror})") from None
        elif self.token_variable:
            where = f"the environment's variable {self.token_variable}"
            token = os.environ.get(self.token_variable, "").strip()
        else:
            return ""
        if not token or len(token) > _LONGEST_TOKEN or not token.isascii() or not _is_word(token):
            raise Unauthorized(f"{where} holds no token", "put one there, in one line, alone")
        return token


NOBODY: Final = Access()
"""What everybody may read."""


def _is_word(text: str) -> bool:
    return text.isprintable() and " " not in text


def environment(home: Path, configuration: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What git may see: no configuration of the machine or the user, no prompt, English words."""
    pairs = (*_ALWAYS, *configuration)
    numbered = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in enumerate(pairs)}
    numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(pairs)}
    return {
        **{name: os.environ[name] for name in _PASSED if name in os.environ},
        "HOME": str(home),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "SSH_ASKPASS_REQUIRE": "never",
        "GIT_CONFIG_COUNT": str(len(pairs)),
        **numbered,
    }


# A later one of a key wins, so what a transport allows comes after.
_ALWAYS: Final = (
    ("protocol.allow", "never"),
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.fsmonitor", "false"),
    ("core.askPass", ""),
    ("credential.helper", ""),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("fetch.writeCommitGraph", "false"),
    ("advice.graftFileDeprecated", "false"),
)


def transport(
    place: Place, access: Access, files: ssh.Files, nothing: Path, stall_seconds: int
) -> tuple[tuple[str, str], ...]:
    """The configuration of what talks to the server; its token is not in it.

    ``nothing`` is an empty folder.
    """
    pairs = [
        (f"protocol.{place.scheme}.allow", "always"),
        ("remote.origin.url", place.url),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", "blob:none"),
        ("http.followRedirects", "false"),
        ("http.lowSpeedLimit", _SLOWEST),
        ("http.lowSpeedTime", str(stall_seconds)),
        *_signers(access, nothing),
    ]
    if place.scheme == "ssh":
        pairs.append(("core.sshCommand", ssh.command(files, stall_seconds)))
        pairs.append(("ssh.variant", "ssh"))
    return tuple(pairs)


def _signers(access: Access, nothing: Path) -> Iterable[tuple[str, str]]:
    """Whose certificates count; of OpenSSL's variables libcurl knows nothing by itself."""
    if access.ca_file is not None:
        # A curl with GnuTLS takes the system's folder of certificates beside the file.
        return (("http.sslCAInfo", str(access.ca_file)), ("http.sslCAPath", str(nothing)))
    variables = {"SSL_CERT_FILE": "http.sslCAInfo", "SSL_CERT_DIR": "http.sslCAPath"}
    return [(key, os.environ[name]) for name, key in variables.items() if os.environ.get(name)]


def authorization(place: Place, access: Access) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """The header that proves who asks, and the texts of it that nobody may read.

    Raises:
        Unauthorized: the token cannot be had.
    """
    token = access.token() if place.scheme in {"https", "http"} else ""
    if not token:
        return (), []
    parts = urlsplit(place.url)
    encoded = base64.b64encode(f"{access.username}:{token}".encode()).decode()
    key = f"http.{parts.scheme}://{parts.netloc}/.extraHeader"
    return ((key, f"Authorization: Basic {encoded}"),), [encoded, token]
