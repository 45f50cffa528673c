"""A server or a disk in trouble: a typed error, the last good revision stays, and it recovers."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glia.source.failures import (
    Busy,
    GitUnusable,
    RateLimited,
    RepositoryNotFound,
    SourceError,
    Stopped,
    Timeout,
    Unauthorized,
    Unreachable,
    Unwritable,
)
from glia.source.git.limits import Limits
from glia.source.git.words import failure
from support.site import relation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.source.git.source import GitSource
    from support.site import Site


def refused(source: GitSource) -> SourceError:
    before = source.last
    with pytest.raises(SourceError) as caught:
        source.fetch()
    assert source.last == before
    return caught.value


def processes_naming(text: str) -> list[str]:
    """Command lines of all processes that hold the text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended
        if text in line:
            found.append(line)
    return found


def nobody_is_left_to_talk_to(site: Site) -> bool:
    """Whether all of git has ended: what was killed takes the system a moment to bury."""
    for _ in range(200):
        if not processes_naming(site.server.url):
            return True
        threading.Event().wait(0.02)
    return False


def test_a_server_in_trouble_is_told_by_type_and_costs_nothing(site: Site) -> None:
    held = site.origin.commit({"m/a.yaml": "1"})
    source = site.over_http()
    revision = source.fetch()
    tip = site.origin.commit({"m/a.yaml": "2"})

    def answering(status: int) -> tuple[type[SourceError], bool]:
        site.server.faults.status = status
        error = refused(source)
        return type(error), error.transient

    assert answering(500) == answering(503) == (Unreachable, True)
    assert answering(429) == (RateLimited, True)
    assert answering(401) == answering(403) == (Unauthorized, False)
    assert answering(404) == (RepositoryNotFound, False)
    assert source.last is revision
    assert revision.commit == held

    site.server.faults.status = 0
    assert source.fetch().commit == tip


def test_an_answer_that_breaks_off_is_never_half_a_revision(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    source = site.over_http()
    source.fetch()
    content = os.urandom(20_000).hex()
    tip = site.origin.commit({"m/a.yaml": content, "m/b.yaml": "2"})

    for cut in (0, 10, 400, 20_000):
        site.server.faults.cut_at = cut
        error = refused(source)
        assert isinstance(error, Unreachable), error

    site.server.faults.cut_at = None
    revision = source.fetch()
    assert revision.commit == tip
    assert [each.content for each in revision.found.sources] == [content.encode(), b"2"]


def test_a_transfer_that_hangs_is_ended_with_all_of_git(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    source = site.over_http(limits=Limits(seconds=0.7))
    site.server.faults.hang_at = 10

    begin = time.monotonic()
    error = refused(source)

    assert isinstance(error, Timeout)
    assert time.monotonic() - begin < 30
    assert nobody_is_left_to_talk_to(site)


def test_a_transfer_that_stalls_is_given_up_by_git_itself(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    site.server.faults.hang_at = 10

    assert isinstance(refused(site.over_http(limits=Limits(stall_seconds=1))), Timeout)


def test_whoever_waits_for_a_fetch_can_be_stopped(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    source = site.over_http()
    site.server.faults.hang_at = 10
    site.server.faults.before = lambda _: threading.Timer(0.1, source.stop).start()

    assert isinstance(refused(source), Stopped)
    assert nobody_is_left_to_talk_to(site)


def test_what_an_earlier_process_used_stays_good_while_nobody_answers(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    before = site.over_http().fetch()
    site.server.close()
    source = site.over_http()

    with pytest.raises(Unreachable):
        source.fetch()

    assert source.last is not None
    assert (source.last.commit, source.last.found) == (before.commit, before.found)


def test_a_repository_that_is_not_there_is_not_found(site: Site) -> None:
    error = refused(site.source(f"{site.origin.url}.none"))

    assert isinstance(error, RepositoryNotFound)
    assert "fleet.git.none" in str(error)


@pytest.mark.parametrize("damage", ["lock", "shallow-lock", "object", "pack", "ref", "config"])
def test_a_damaged_copy_is_made_anew(site: Site, damage: str) -> None:
    held = site.origin.commit({"m/a.yaml": "1", "m/b.yaml": "b"})
    source = site.over_file()
    source.fetch()
    tip = site.origin.commit({"m/a.yaml": "2"})
    (site.store / "of-the-old-copy").touch()
    match damage:
        case "lock":
            (site.store / "refs/glia/incoming.lock").touch()
        case "shallow-lock":
            (site.store / "packed-refs.lock").touch()
            (site.store / "refs/glia/good.lock").touch()
        case "object" | "pack":
            for path in site.store.rglob("*.pack"):
                path.chmod(0o600)
                path.write_bytes(path.read_bytes()[: 40 if damage == "pack" else -30] + b"?" * 30)
        case "ref":
            (site.store / "refs/glia/incoming").write_text("?" * 40)
        case _:
            (site.store / "config").write_text("[core")

    revision = source.fetch()

    assert not (site.store / "of-the-old-copy").exists()
    assert revision.commit == tip
    assert [each.content for each in revision.found.sources] == [b"2", b"b"]
    assert relation(source, held, tip) == "descendant"


def test_half_a_copy_of_a_killed_process_is_made_anew(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    site.over_file().fetch()
    (site.store / "HEAD").unlink()

    assert site.over_file().fetch().found.sources


def test_a_state_directory_that_cannot_be_written_is_told(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    site.state.write_text("a file is in the way")

    error = refused(site.over_file())

    assert isinstance(error, Unwritable)
    assert str(site.state) in str(error)
    assert "--state" in str(error)


@pytest.fixture
def small_disk(site: Site) -> Iterator[Site]:
    """The state directory is a disk of 300 KB of its own."""
    site.state.mkdir()
    mount = shutil.which("mount")
    disk = [mount or "", "-t", "tmpfs", "-o", "size=300k", "none", str(site.state)]
    if mount is None or subprocess.run(disk, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a disk")
    try:
        yield site
    finally:
        subprocess.run([shutil.which("umount") or "", str(site.state)], check=True)


def test_a_full_disk_is_told_and_there_may_be_room_later(small_disk: Site) -> None:
    held = small_disk.origin.commit({"m/a.yaml": "1"})
    source = small_disk.over_file()
    source.fetch()
    small_disk.origin.commit({f"m/{each}.yaml": os.urandom(60_000).hex() for each in range(6)})

    error = refused(source)

    assert isinstance(error, Unwritable)
    assert "make room on the state disk" in str(error)
    assert source.last is not None
    assert source.last.commit == held
    tip = small_disk.origin.commit({f"m/{each}.yaml": "2" for each in range(6)})
    assert source.fetch().commit == tip


def test_two_processes_do_not_work_on_one_copy(site: Site) -> None:
    site.origin.commit({"m/a.yaml": "1"})
    source, other = site.over_file(), site.over_file()
    source.fetch()

    with source._repository.exclusively():
        assert isinstance(refused(other), Busy)

    assert other.fetch() == source.last


def test_without_git_it_is_said_what_to_install(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    error = refused(site.over_file())

    assert isinstance(error, GitUnusable)
    assert "install it" in str(error)


def test_a_git_that_is_too_old_is_told(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "git-of-2020" / "git"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho git version 2.25.1\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent))

    told = str(refused(site.over_file()))

    assert "git version 2.25.1 is too old; install git 2.34 or newer" in told


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("fatal: write error: No space left on device", Unwritable),
        ("error: unable to create temporary file: Read-only file system", Unwritable),
        ("error: insufficient permission\nerror: cannot mkdir x: Permission denied", Unwritable),
        ("remote: fatal: No space left on device\nfatal: early EOF", Unreachable),
        ("fatal: unable to access 'https://h/': Could not resolve host: h", Unreachable),
        ("ssh: connect to host h port 22: Connection refused", Unreachable),
        ("fatal: unable to access 'https://h/': SSL certificate problem: expired", Unauthorized),
        ("ssh: connect to host h port 22: Connection timed out", Timeout),
        ("git@h: Permission denied (publickey).\nfatal: Could not read from remote", Unauthorized),
        ("No ED25519 host key is known for h\nHost key verification failed.", Unauthorized),
        ("remote: Repository not found.\nfatal: repository 'x' not found", RepositoryNotFound),
        ("No user exists for uid 1234\nfatal: Could not read from remote", GitUnusable),
        ("fatal: this has never been said before", GitUnusable),
    ],
)
def test_what_git_and_ssh_say_comes_to_a_reason(words: str, kind: type[SourceError]) -> None:
    assert type(failure("git fetch of x", words, ())) is kind


def test_words_of_a_server_reach_nobody_as_they_are() -> None:
    said = "remote: \x1b[2J\u202egnp\nfatal: https://u:secret@h/x of secret2 failed" + "!" * 999

    shown = str(failure("git fetch of x", said, ["secret2"]))

    assert "secret" not in shown
    assert shown.isprintable()
    assert len(shown) < 400


def test_every_reason_is_a_word_of_its_own() -> None:
    def kinds(kind: type[SourceError]) -> list[type[SourceError]]:
        return [kind, *(each for child in kind.__subclasses__() for each in kinds(child))]

    reasons = [kind.reason for kind in kinds(SourceError)]
    assert len(set(reasons)) == len(reasons)
    assert all(reason.isalpha() and reason[0].isupper() for reason in reasons)
