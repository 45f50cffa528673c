"""How git calls ssh, and the files that ssh wants: private, whole, there while git runs."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import stat
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glia.source.failures import Unauthorized, Unwritable
from glia.source.private import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glia.source.git.access import Access
    from glia.source.git.place import Place

_LARGEST: Final = 64 * 1024
_IN_MEMORY: Final = Path("/dev/shm")  # noqa: S108  (a folder of our own in it, for us alone)
_KEY: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s(?P<body>[^-]*)")
# The format of OpenSSH (PROTOCOL.key): this, and how it is encrypted.
_MAGIC: Final = b"openssh-key-v1\0"
_PLAIN: Final = b"\0\0\0\x04none"
_NO_KEY: Final = "put the private key there, whole, from its first line to its last"


@dataclass(frozen=True, slots=True)
class Files:
    """Where ssh finds its key and the servers it knows; None leaves that to ssh.

    Attributes:
        names: of those that are copies, what the operator calls them.
    """

    key: Path | None = None
    known_hosts: Path | None = None
    names: Mapping[Path, str] = field(default_factory=dict)

    def named(self, said: str) -> str:
        """What ssh has said, with the operator's names in it."""
        for path, name in self.names.items():
            said = said.replace(str(path), name)
        return said


@contextmanager
def laid_out(place: Place, access: Access) -> Iterator[Files]:
    """Key and known hosts as ssh takes them, until the block ends.

    ssh refuses a key of this user that its group may read, as mounted volumes have it
    (Kubernetes' fsGroup), and one without its last line's end, as variables have it. So it gets
    a copy for this user alone, in memory where the system has a folder there.

    Raises:
        Unauthorized: the key cannot be had, or is none that can be used.
        Unwritable: there is no room for the copy.
    """
    if place.scheme != "ssh":
        yield Files()
        return
    key, name = _key(access)
    hosts = "" if access.known_hosts else _variable(access.known_hosts_variable)
    with _folder() as folder:
        key_file, hosts_file = Path(folder, "identity"), Path(folder, "known_hosts")
        _write(key_file, key)
        _write(hosts_file, hosts)
        yield Files(
            key_file if key else None,
            hosts_file if hosts else access.known_hosts,
            {key_file: name, hosts_file: access.known_hosts_variable},
        )


def command(files: Files, stall_seconds: int) -> str:
    """How git calls ssh. Git hands this line to a shell: every word of it is quoted."""
    options: Mapping[str, str] = {
        "BatchMode": "yes",
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "ConnectTimeout": str(stall_seconds),
        "ServerAliveInterval": str(stall_seconds),
        "ServerAliveCountMax": "1",
        "ClearAllForwardings": "yes",
        "PermitLocalCommand": "no",
        "ProxyCommand": "none",
        **({"UserKnownHostsFile": f'"{files.known_hosts}"'} if files.known_hosts else {}),
        **({"GlobalKnownHostsFile": "/dev/null"} if files.known_hosts else {}),
        **({"IdentitiesOnly": "yes"} if files.key else {}),
    }
    words = ["ssh", "-F", "/dev/null"]
    for name, value in options.items():
        words += ["-o", f"{name}={value}"]
    if files.key is not None:
        words += ["-i", str(files.key)]
    return shlex.join(words)


def _key(access: Access) -> tuple[str, str]:
    """The private key and its name; both empty where none is named."""
    path, name = access.ssh_key, access.ssh_key_variable
    if path is not None:
        name, text = str(path), _read(path)
    elif name:
        text = _variable(name)
    else:
        return "", ""
    found = _KEY.search(text)
    if found is None or len(text) > _LARGEST:
        raise Unauthorized(f"{name} holds no private key", _NO_KEY)
    if path is not None:
        _check_mode(path)
    if _has_passphrase(text, found["body"]) and not os.environ.get("SSH_AUTH_SOCK"):
        raise Unauthorized(
            f"the ssh key {name} has a passphrase, and nobody is there to type it",
            "use a key without one, or an agent that holds it",
        )
    return text, name


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST + 1).decode("ascii", "replace")
    except OSError as error:
        raise Unauthorized(
            f"the ssh key {path} cannot be read ({error.strerror})",
            "let it belong to this user, or to one of its groups with mode 0440",
        ) from None


def _check_mode(path: Path) -> None:
    """As ssh does, but for the group: what is mounted for this process belongs to root."""
    status = path.stat()
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid == os.geteuid() and mode & stat.S_IRWXO:
        raise Unauthorized(
            f"the ssh key {path} is open to everybody on this machine (mode {mode:04o})",
            f"chmod 600 {path}",
        )


def _variable(name: str) -> str:
    if not name:
        return ""
    if found := os.environ.get(name, "").strip():
        return found
    raise Unauthorized(f"the environment's variable {name} is empty", "correct its name or value")


def _has_passphrase(text: str, body: str) -> bool:
    if "ENCRYPTED" in text:
        return True
    try:
        content = base64.b64decode("".join(body.split()))
    except binascii.Error:
        return False
    return content.startswith(_MAGIC) and not content.startswith(_MAGIC + _PLAIN)


@contextmanager
def _folder() -> Iterator[Path]:
    usable = os.access(_IN_MEMORY, os.W_OK | os.X_OK)
    with ExitStack() as until:
        try:
            folder = until.enter_context(private_folder(_IN_MEMORY if usable else None))
        except OSError as error:
            raise _no_room(error) from None
        yield folder


def _write(path: Path, text: str) -> None:
    """A file for this user alone, in lines as ssh wants them; none where there is no text."""
    if not text:
        return
    lines = "".join(f"{line}\n" for line in text.splitlines())
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(lines)
    except OSError as error:
        raise _no_room(error) from None


def _no_room(error: OSError) -> Unwritable:
    return Unwritable(
        f"ssh's files cannot be written ({error.strerror})",
        f"make room in {_IN_MEMORY}, or in the directory for temporary files",
    )
