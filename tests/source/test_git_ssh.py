"""git over ssh, with the real sshd: which servers and which keys are taken, and in what files."""

from __future__ import annotations

import socket
import time
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from glia.cli.run import command
from glia.cli.source import Where, source_of
from glia.source.failures import Timeout, Unauthorized
from glia.source.git.access import Access
from glia.source.git.limits import Limits
from glia.source.git.place import Place
from glia.source.git.source import GitSource
from support.git import Origin
from support.site import StillClock
from support.sshd import SSHD, SshServer, ssh_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glia.reconciling.desired_source import Desired

pytestmark = pytest.mark.skipif(SSHD is None, reason="there is no sshd (openssh-server)")


class Login:
    """The server, the keys that it takes, and what was fetched of it once for all tests."""

    def __init__(self, folder: Path) -> None:
        self.origin = Origin(folder / "fleet.git")
        self.origin.commit({"m/a.yaml": "1"})
        self.state = folder / "state"
        self.server = SshServer(folder, self.origin.folder)
        self.keys = {
            name: ssh_key(folder, name, kind, passphrase)
            for name, kind, passphrase in (
                ("ed25519", "ed25519", ""),
                ("rsa", "rsa", ""),
                ("locked", "ed25519", "a passphrase"),
                ("unknown", "ed25519", ""),
            )
        }
        for name in ("ed25519", "rsa", "locked"):
            self.server.take(self.keys[name])
        self.hosts = folder / "known hosts"

    def source(self, key: Path) -> GitSource:
        return self.by(Access(ssh_key=key, known_hosts=self.hosts))

    def by_options(self, *options: str) -> Desired:
        """What ``glia run`` makes of them."""
        place = ("--git", self.server.url, "--path", "m", "--state", str(self.state))
        given = command.make_context("run", [*place, *options]).params
        where = Where(**{each.name: given[each.name] for each in fields(Where)})
        return source_of(where, StillClock())

    def by(self, access: Access, url: str = "", stall_seconds: int = 60) -> GitSource:
        place = Place.parse(url or self.server.url, path="m")
        limits = Limits(stall_seconds=stall_seconds)
        return GitSource(place, self.state, StillClock(), access=access, limits=limits)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Login]:
    login = Login(tmp_path_factory.mktemp("ssh"))
    with login.server.serving():
        yield login


@pytest.fixture
def login(served: Login, monkeypatch: pytest.MonkeyPatch) -> Login:
    """A server that is known, and no agent."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    served.hosts.write_text(served.server.known_as(served.server.host))
    return served


def refused(source: Desired) -> str:
    before = source.last
    with pytest.raises(Unauthorized) as caught:
        source.fetch()
    assert before is None or source.last == before
    return str(caught.value)


def test_a_key_out_of_a_file_fetches_from_a_server_that_is_known(login: Login) -> None:
    tip = login.origin.commit({"m/a.yaml": "2"})

    options = ("--git-ssh-key", str(login.keys["ed25519"]), "--git-known-hosts", str(login.hosts))
    revision = login.by_options(*options).fetch()

    assert revision.commit == tip
    assert [each.content for each in revision.found.sources] == [b"2"]
    secret = login.keys["ed25519"].read_bytes().splitlines()[3]
    for path in login.state.rglob("*"):
        assert not path.is_file() or secret not in path.read_bytes()
    assert login.source(login.keys["rsa"]).fetch().commit == tip


def test_a_server_that_is_not_the_one_that_is_known_gets_nothing(login: Login) -> None:
    source = login.source(login.keys["ed25519"])
    source.fetch()

    login.hosts.write_text("")
    told = refused(source)
    assert "No ED25519 host key is known" in told
    assert "put the server's key, as its operator publishes it, into the known-hosts file" in told

    login.hosts.write_text(login.server.known_as(login.keys["unknown"]))
    told = refused(source)
    assert "has changed" in told
    assert "somebody may stand in between" in told

    login.hosts.write_text(login.server.known_as(login.server.host))
    assert source.fetch().found.sources, "once the server's key is put right"


def test_a_key_that_opens_nothing_is_told_and_asks_nobody(login: Login, tmp_path: Path) -> None:
    told = refused(login.source(login.keys["unknown"]))
    assert "Permission denied (publickey)" in told
    assert "check that the token or key is right" in told

    told = refused(login.source(login.keys["locked"]))
    assert f"{login.keys['locked']} has a passphrase, and nobody is there to type it" in told
    older = tmp_path / "older"
    older.write_text(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC\n\nMII=\n"
    )
    older.chmod(0o600)
    assert "has a passphrase" in refused(login.source(older))

    public = login.keys["ed25519"].with_suffix(".pub")
    assert f"{public} holds no private key" in refused(login.source(public))

    half = tmp_path / "half"
    half.write_text(login.keys["ed25519"].read_text()[:120])
    half.chmod(0o600)
    told = refused(login.source(half))
    assert f'Load key "{half}"' in told, "by the name that the operator gave it"


def test_a_key_is_used_with_the_rights_that_mounted_volumes_give_it(
    login: Login, tmp_path: Path
) -> None:
    """A key that is this user's and open to its group ssh itself refuses."""
    key = tmp_path / "identity"
    key.write_text(login.keys["ed25519"].read_text().rstrip("\n").replace("\n", "\r\n"))
    source = login.source(key)
    for mode in (0o440, 0o660):
        key.chmod(mode)
        assert source.fetch().found.sources

    key.chmod(0o644)
    told = refused(source)
    assert f"{key} is open to everybody on this machine (mode 0644); chmod 600 {key}" in told
    key.unlink()
    assert f"{key} cannot be read (No such file or directory)" in refused(source)


def test_key_and_known_hosts_may_stand_in_the_environment(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on ECS, which has no files of secrets."""
    monkeypatch.setenv("FLEET_KEY", login.keys["rsa"].read_text().strip())
    source = login.by_options(
        "--git-ssh-key-variable=FLEET_KEY", "--git-known-hosts-variable=FLEET_HOSTS"
    )
    assert "variable FLEET_HOSTS is empty" in refused(source)

    monkeypatch.setenv("FLEET_HOSTS", login.server.known_as(login.keys["unknown"]))
    told = refused(source)
    assert "somebody may stand in between" in told
    assert "FLEET_HOSTS:1" in told, "and no name of a file that is gone"

    monkeypatch.setenv("FLEET_HOSTS", login.server.known_as(login.server.host).strip())
    assert source.fetch().found.sources
    monkeypatch.setenv("FLEET_KEY", "")
    assert "variable FLEET_KEY is empty" in refused(source)


def test_a_host_that_accepts_and_says_nothing_is_given_up(login: Login) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ssh://git@127.0.0.1:{silent.getsockname()[1]}/fleet.git"
        access = Access(ssh_key=login.keys["ed25519"], known_hosts=login.hosts)
        begin = time.monotonic()
        with pytest.raises(Timeout):
            login.by(access, url, stall_seconds=1).fetch()
        assert time.monotonic() - begin < 60
