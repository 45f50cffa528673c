"""Who asks, and who answers: tokens, ssh, and where none of it may be seen."""

from __future__ import annotations

import base64
import os
import shutil
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glia.source.failures import RepositoryNotFound, Unauthorized
from glia.source.git.access import Access
from support.git import GitServer

if TYPE_CHECKING:
    from support.site import Site
TOKEN = "ghp_0123456789canary0123456789canary"


def basic(token: str, user: str = "x-access-token") -> str:
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode()


def seen_by_others(text: str) -> list[str]:
    """Processes whose command line holds the text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(str(path))
        except OSError:
            continue  # it has ended
    return found


def test_a_token_reaches_the_server_and_nobody_else(site: Site, tmp_path: Path) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    site.server.faults.authorization = basic(TOKEN)
    encoded = basic(TOKEN).removeprefix("Basic ")
    seen: list[str] = []
    site.server.faults.before = lambda _: seen.extend(
        seen_by_others(TOKEN) + seen_by_others(encoded)
    )
    token_file = tmp_path / "token"
    token_file.write_text(f"{TOKEN}\n")

    revision = site.over_http(access=Access(token_file=token_file)).fetch()

    assert revision.found.sources
    assert {request.headers.get("Authorization") for request in site.server.requests} == {
        basic(TOKEN)
    }
    assert not seen
    for path in site.state.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
        assert not path.is_file() or encoded.encode() not in path.read_bytes()


def test_a_rotated_token_counts_at_the_next_fetch(site: Site, tmp_path: Path) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    token_file = tmp_path / "token"
    token_file.write_text("old-token-of-last-week")
    site.server.faults.authorization = basic(TOKEN, "oauth2")
    source = site.over_http(access=Access(token_file=token_file, username="oauth2"))

    with pytest.raises(Unauthorized) as caught:
        source.fetch()
    assert "old-token" not in str(caught.value)

    token_file.write_text(TOKEN)
    assert source.fetch().found.sources


def test_a_token_may_stand_in_the_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    site.server.faults.authorization = basic(TOKEN)
    monkeypatch.setenv("FLEET_TOKEN", TOKEN)

    assert site.over_http(access=Access(token_variable="FLEET_TOKEN")).fetch().found.sources


@pytest.mark.parametrize("content", ["", "two words", "two\nlines", "\N{SNOWMAN}", "x" * 20_000])
def test_what_is_no_token_is_told_before_anything_is_sent(
    site: Site, tmp_path: Path, content: str
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(content)

    with pytest.raises(Unauthorized, match="holds no token") as caught:
        site.over_http(access=Access(token_file=token_file)).fetch()

    assert str(token_file) in str(caught.value)
    assert not site.server.requests
    with pytest.raises(Unauthorized, match="cannot be read"):
        site.over_http(access=Access(token_file=tmp_path / "none")).fetch()


def test_a_redirect_gets_neither_the_token_nor_a_visit(site: Site, tmp_path: Path) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    (tmp_path / "token").write_text(TOKEN)
    with GitServer(tmp_path / "git").serving() as other:
        site.server.faults.redirect_to = other.url
        with pytest.raises(RepositoryNotFound, match="redirects are not followed"):
            site.over_http(access=Access(token_file=tmp_path / "token")).fetch()

        assert not other.requests


def test_nothing_of_the_machine_or_the_user_has_a_part_in_it(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither configuration, nor hooks, nor saved passwords, nor variables that trace."""
    site.origin.commit({"m/a.yaml": "1"})
    home = tmp_path / "home"
    home.mkdir()
    marker = tmp_path / "ran"
    (home / ".netrc").write_text("machine 127.0.0.1 login ada password of-the-user\n")
    (home / ".gitconfig").write_text(
        f'[url "file:///nonexistent"]\ninsteadOf = {site.server.url}\n'
        f'[credential]\nhelper = "!touch {marker}; echo password=x; echo username=x"\n'
        f"[core]\nhooksPath = {home}\nsshCommand = touch {marker}\n"
    )
    for name in ("reference-transaction", "post-checkout", "askpass"):
        (home / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (home / name).chmod(0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_ASKPASS", str(home / "askpass"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'url.file:///x.insteadof'='http:'")

    assert site.over_http().fetch().found.sources
    assert not any("Authorization" in request.headers for request in site.server.requests)
    site.server.faults.authorization = basic(TOKEN)
    with pytest.raises(Unauthorized):
        site.over_http().fetch()

    assert not any("Authorization" in request.headers for request in site.server.requests)
    assert not marker.exists()
    assert not (tmp_path / "trace").exists()


def test_ssh_knows_its_key_and_its_servers_and_nothing_else(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ssh that notes how it is called, and is the other machine itself."""
    site.origin.commit({"m/a.yaml": "1"})
    programs = tmp_path / "bin"
    programs.mkdir()
    called = tmp_path / "called"
    key, hosts = tmp_path / "it's a key", tmp_path / "known hosts"
    key.write_text("-----BEGIN RSA PRIVATE KEY-----\nMII=\n-----END RSA PRIVATE KEY-----")
    key.chmod(0o600)
    (programs / "ssh").write_text(
        f"#!{sys.executable}\nimport os, subprocess, sys\n"
        "given = sys.argv[sys.argv.index('-i') + 1]\n"
        "told = (*sys.argv[1:], oct(os.stat(given).st_mode), open(given).read())\n"
        f"open({str(called)!r}, 'a').write(repr(told) + chr(10))\n"
        "sys.exit(subprocess.run(['sh', '-c', sys.argv[-1]], check=False).returncode)\n"
    )
    (programs / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")

    revision = site.source(
        f"ssh://git@fleet.example.com:2222{site.origin.folder}",
        access=Access(ssh_key=key, known_hosts=hosts),
    ).fetch()

    assert [each.content for each in revision.found.sources] == [b"1"]
    calls = [eval(line) for line in called.read_text().splitlines()]  # noqa: S307  (our own repr)
    for *call, mode, copied in calls:
        assert (mode, copied) == ("0o100600", f"{key.read_text()}\n")
        assert not Path(call[call.index("-i") + 1]).exists(), "there no longer than it is needed"
        options = {option for flag, option in pairwise(call) if flag == "-o"}
        assert {
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            "IdentitiesOnly=yes",
            f'UserKnownHostsFile="{hosts}"',
            "GlobalKnownHostsFile=/dev/null",
        } <= options
        assert call[:2] == ["-F", "/dev/null"]
        assert call[-2] == "git@fleet.example.com"
        assert call[call.index("-p") + 1] == "2222"


@pytest.mark.skipif(shutil.which("ssh") is None, reason="there is no ssh")
def test_a_server_whose_key_nobody_knows_is_not_talked_to(site: Site, tmp_path: Path) -> None:
    """The real ssh takes the options, and refuses before it has said who asks."""
    (tmp_path / "hosts").touch()
    access = Access(known_hosts=tmp_path / "hosts")
    port = site.server.url.rpartition(":")[2]

    with pytest.raises(Exception, match="git ls-remote of ssh://") as caught:
        site.source(f"ssh://git@127.0.0.1:{port}/x.git", access=access).fetch()

    assert "command-line" not in str(caught.value), "an option that ssh does not know"
