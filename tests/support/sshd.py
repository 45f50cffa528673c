"""A real sshd on this machine that lets keys do one thing: fetch one repository."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
# Where sshd locks itself in if it is root; its service makes it at its start.
_ROOTS = Path("/run/sshd")


def ssh_key(folder: Path, name: str, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A key pair; the path is the private one's."""
    path = folder / name
    kinds = {"ed25519": ("-t", "ed25519"), "rsa": ("-t", "rsa", "-b", "2048")}
    given = (*kinds[kind], "-N", passphrase, "-C", name, "-f", str(path))
    subprocess.run([shutil.which("ssh-keygen") or "", "-q", *given], check=True)
    return path


class SshServer:
    """sshd as whoever runs the tests. Each key that it takes is forced to git-upload-pack.

    Its own key is ``host``, and the same user logs in as has started it.
    """

    def __init__(self, folder: Path, repository: Path) -> None:
        self._folder = folder
        self._repository = repository
        self._taken = folder / "taken"
        self._taken.touch()
        self.host = ssh_key(folder, "host")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"ssh://{getpass.getuser()}@127.0.0.1:{self.port}{repository}"

    def take(self, key: Path) -> None:
        command = f"{shutil.which('git-upload-pack')} '{self._repository}'"
        public = key.with_suffix(".pub").read_text()
        with self._taken.open("a") as taken:
            taken.write(f'restrict,command="{command}" {public}')

    def known_as(self, key: Path) -> str:
        """A line of known hosts: this server, with that key."""
        return f"[127.0.0.1]:{self.port} {key.with_suffix('.pub').read_text()}"

    @contextlib.contextmanager
    def serving(self) -> Iterator[SshServer]:
        if os.geteuid() == 0:
            _ROOTS.mkdir(exist_ok=True)
        settings = {
            "ListenAddress": f"127.0.0.1:{self.port}",
            "HostKey": self.host,
            "AuthorizedKeysFile": self._taken,
            "PidFile": "none",
            "StrictModes": "no",
            "UsePAM": "no",
            "PermitRootLogin": "prohibit-password",
            "PasswordAuthentication": "no",
            "KbdInteractiveAuthentication": "no",
            "AcceptEnv": "GIT_PROTOCOL",
            "KexAlgorithms": "curve25519-sha256",  # the cheapest
        }
        configuration = self._folder / "sshd_config"
        configuration.write_text("".join(f"{name} {it}\n" for name, it in settings.items()))
        with (self._folder / "log").open("w") as log:
            process = subprocess.Popen(
                [SSHD or "", "-D", "-e", "-f", str(configuration)], stdout=log, stderr=log
            )
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            process.wait()

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        log, deadline = self._folder / "log", time.monotonic() + 60
        while "Server listening" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.01)
