"""Whether a commit is signed by somebody who is trusted; everything else counts as no."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glia.source.failures import Unverified
from glia.source.git.words import legible
from glia.source.private import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.source.git.repository import Repository


@dataclass(frozen=True, slots=True)
class Policy:
    """Which commits may be used.

    Attributes:
        gpg_home: directory of a GnuPG keyring that holds the keys to trust, and no others.
        allowed_signers: of ssh keys (ssh-keygen(1), ALLOWED SIGNERS). With either of the two a
            commit that nobody of them has signed is refused.
        accept_rewrite: a commit that may be used although it does not follow from the one held:
            its hash or the beginning of it, at least seven digits; ``any`` for every one.
    """

    gpg_home: Path | None = None
    allowed_signers: Path | None = None
    accept_rewrite: str = ""

    @property
    def verifies(self) -> bool:
        return self.gpg_home is not None or self.allowed_signers is not None

    def accepts(self, commit: str) -> bool:
        """Whether somebody has said that this rewritten history may be used."""
        accepted = self.accept_rewrite.lower()
        return accepted == "any" or (len(accepted) >= 7 and commit.startswith(accepted))


ANY_COMMIT: Final = Policy()
"""Signed or not, as long as it follows from the one before."""


def verify(repository: Repository, commit: str, policy: Policy, nobody: Path) -> None:
    """Check its signature, where the policy asks for one.

    A signature of a kind for which no keys were given is not trusted either: a keyring that
    does not exist, ``nobody``, stands for those.

    Raises:
        Unverified: it is not good, for whatever reason.
    """
    if not policy.verifies:
        return
    with _keyring(policy.gpg_home or nobody) as keyring:
        ended = repository.attempt(
            "verify-commit",
            "--",
            commit,
            configuration=(
                ("gpg.program", "gpg"),
                ("gpg.ssh.program", "ssh-keygen"),
                ("gpg.ssh.allowedSignersFile", str(policy.allowed_signers or nobody)),
                ("gpg.x509.program", "false"),
            ),
            variables={"GNUPGHOME": str(keyring)},
        )
    if ended.code:
        said = legible(ended.err, ()) or "it has no signature"
        raise Unverified(
            f"commit {commit[:12]} is not signed by a trusted key: {said}",
            "sign it, or trust the key; until then the commit before it stays in use",
        )


@contextmanager
def _keyring(home: Path) -> Iterator[Path]:
    """A copy of the public keys that gpg may write to, until the block ends.

    It keeps locks and what it thinks of the keys beside them, and ends where it cannot: a
    mounted keyring is read-only.
    """
    with private_folder() as folder:
        try:
            for path in (*home.glob("[!.]*"), *home.glob("public-keys.d/[!.]*")):
                if path.is_file() and path.suffix != ".lock":
                    copy = Path(folder, path.relative_to(home))
                    copy.parent.mkdir(mode=0o700, exist_ok=True)
                    shutil.copyfile(path, copy)
        except OSError as error:
            raise Unverified(
                f"the keyring {home} cannot be copied ({error.strerror})",
                "let this user read it, and make room in the directory for temporary files",
            ) from None
        yield folder
