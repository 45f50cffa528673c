"""Commits that nobody trusted has signed are not used; the one before stays."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from glia.source.failures import Unverified
from glia.source.git.signatures import Policy
from support.sshd import ssh_key

if TYPE_CHECKING:
    from pathlib import Path

    from support.site import Site
SSH_KEYGEN, GPG, GPGCONF = map(shutil.which, ("ssh-keygen", "gpg", "gpgconf"))
needs_ssh = pytest.mark.skipif(SSH_KEYGEN is None, reason="there is no ssh-keygen")
needs_gpg = pytest.mark.skipif(GPG is None or GPGCONF is None, reason="there is no gpg")


def signed(site: Site, content: str, *options: str, home: str = "") -> str:
    """A commit to main, signed as these options of git's configuration say."""
    plain = site.origin.commit({"m/a.yaml": content}, branch="draft", parents=parents(site))
    settings = [word for option in options for word in ("-c", option)]
    site.origin.git("update-ref", "-d", "refs/heads/draft")
    lineage = [word for parent in parents(site) for word in ("-p", parent)]
    commit: str = site.origin.git(
        *settings, "commit-tree", "-S", "-m", "", *lineage, f"{plain}^{{tree}}", GNUPGHOME=home
    )
    site.origin.point("main", commit)
    return commit


def parents(site: Site) -> tuple[str, ...]:
    tip = site.origin.git("for-each-ref", "--format=%(objectname)", "refs/heads/main")
    return (tip,) if tip else ()


def gpg_home(folder: Path, name: str, today: str = "") -> Path:
    """A home of GnuPG, where it is that day, with a key that signs for a year from then on."""
    home = folder / name
    home.mkdir(mode=0o700)
    (home / "gpg.conf").write_text(f"faked-system-time {today}!\n" if today else "")
    gpg(home, "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "1y")
    return home


def gpg(home: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = [GPG or "", "--homedir", str(home), "--batch", "--quiet", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


@needs_ssh
def test_a_commit_is_used_if_an_allowed_ssh_key_has_signed_it(site: Site, tmp_path: Path) -> None:
    trusted, other = ssh_key(tmp_path, "trusted"), ssh_key(tmp_path, "other")
    signers = tmp_path / "allowed"
    signers.write_text(f"ada@example.com {trusted.with_suffix('.pub').read_text()}")
    source = site.over_file(policy=Policy(allowed_signers=signers))

    def sign(key: Path, content: str) -> str:
        return signed(site, content, "gpg.format=ssh", f"user.signingKey={key}")

    good = sign(trusted, "1")
    revision = source.fetch()
    assert revision.commit == good

    def leave_unsigned() -> str:
        return site.origin.commit({"m/a.yaml": "3"})

    def sign_by_another() -> str:
        return sign(other, "2")

    for bad in (sign_by_another, leave_unsigned):
        tip = bad()
        with pytest.raises(Unverified, match=f"commit {tip[:12]} is not signed by a trusted key"):
            source.fetch()
        assert source.last == revision

    better = sign(trusted, "4")
    assert source.fetch().commit == better

    line, yesterday = signers.read_text(), datetime.now(UTC) - timedelta(days=1)
    signers.write_text(line.replace(" ", f' valid-before="{yesterday:%Y%m%d}" ', 1))
    sign(trusted, "5")
    with pytest.raises(Unverified, match="is not signed by a trusted key"):
        source.fetch()
    assert source.last is not None
    assert source.last.commit == better, "the key has expired since"

    signers.write_text("")
    with pytest.raises(Unverified):
        site.over_file(policy=Policy(allowed_signers=signers), path=".").fetch()
    signers.unlink()
    fresh = site.over_file(policy=Policy(allowed_signers=signers))
    with pytest.raises(Unverified):
        fresh.fetch()
    assert fresh.last is None, "what an earlier process trusted is asked again"


@needs_gpg
def test_a_commit_is_used_if_a_key_of_the_keyring_has_signed_it(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("g")
    homes = {name: gpg_home(folder, name) for name in ("ada", "eve")}
    homes["old"] = gpg_home(folder, "old", "20200101T000000")
    keyring = folder / "keyring"
    keyring.mkdir(mode=0o700)
    source = site.over_file(policy=Policy(gpg_home=keyring))

    def sign(name: str, content: str) -> str:
        return signed(site, content, f"user.signingKey={name}", home=str(homes[name]))

    good = sign("ada", "1")
    with pytest.raises(Unverified):
        source.fetch()
    gpg(keyring, "--import", stdin=gpg(homes["ada"], "--export"))
    mounted = sorted(keyring.iterdir())
    assert source.fetch().commit == good, "once the key is there, without a new commit"
    assert sorted(keyring.iterdir()) == mounted, "nothing is written beside the keys"

    sign("eve", "2")
    with pytest.raises(Unverified, match=r"(?i)no public key"):
        source.fetch()

    sign("old", "3")
    gpg(keyring, "--import", stdin=gpg(homes["old"], "--export"))
    with pytest.raises(Unverified, match="expired"):
        site.over_file(policy=Policy(gpg_home=keyring), path="m/a.yaml").fetch()

    sign("ada", "4")
    (revocation,) = (homes["ada"] / "openpgp-revocs.d").iterdir()
    gpg(keyring, "--import", stdin=revocation.read_bytes().replace(b":-----BEGIN", b"-----BEGIN"))
    with pytest.raises(Unverified, match="revoked"):
        source.fetch()
    assert source.last is not None
    assert source.last.commit == good
    for home in (*homes.values(), keyring):
        subprocess.run([GPGCONF or "", "--homedir", str(home), "--kill", "all"], check=True)


@needs_ssh
@needs_gpg
def test_a_signature_of_a_kind_that_nobody_asked_for_is_not_trusted(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by the keyring or the signers of whoever runs Glia."""
    key = ssh_key(tmp_path, "trusted")
    signed(site, "1", "gpg.format=ssh", f"user.signingKey={key}")
    keyring = tmp_path / "keyring"
    keyring.mkdir(mode=0o700)
    (tmp_path / "signers").write_text(f"* {key.with_suffix('.pub').read_text()}")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "gpg.ssh.allowedSignersFile")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path / "signers"))

    with pytest.raises(Unverified):
        site.over_file(policy=Policy(gpg_home=keyring)).fetch()
