"""``GitSource``: the manifests of a path at the tip of a branch or a tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from glia.clock import Clock
    from glia.source.git.place import Place
    from glia.source.revision import Relation, Revision


@dataclass(frozen=True, slots=True)
class Access:
    """How git proves who asks, and that the server is the right one. Never an argument of git.

    Attributes:
        token_file: for HTTPS; read anew at every fetch, so that a rotated token counts.
        token_variable: name of the environment's variable that holds it, where no file does.
        username: that goes with the token; GitHub and GitLab take any.
        ssh_key: a private key's file; None leaves it to ssh's agent.
        known_hosts: ssh knows no other servers.
        ca_file: certificates of whoever signs the server's, instead of the system's.
    """

    token_file: Path | None = None
    token_variable: str = ""
    username: str = "x-access-token"
    ssh_key: Path | None = None
    known_hosts: Path | None = None
    ca_file: Path | None = None


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


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may take.

    Attributes:
        seconds: for one run of git; then its whole process group is killed.
        stall_seconds: without a thousand bytes a second, after which a transfer is given up.
        files: that are read of one revision.
        size: bytes of all of them.
    """

    seconds: float = 120
    stall_seconds: int = 20
    files: int = 20_000
    size: int = 64 * 1024 * 1024


class GitSource:
    """A ``RevisionSource`` of a repository. One at a time on a state directory.

    Args:
        place: address, ref and path: ``Place.parse(url, ref, path)``.
        state: a directory of Glia's own; what is in it may be lost, and is fetched again then.
    """

    def __init__(  # noqa: PLR0913  (by keyword)
        self,
        place: Place,
        state: Path,
        clock: Clock,
        *,
        access: Access = Access(),
        policy: Policy = Policy(),
        limits: Limits = Limits(),
    ) -> None:
        raise NotImplementedError

    @property
    def last(self) -> Revision | None:
        """The last good revision."""
        raise NotImplementedError

    def fetch(self) -> Revision:
        """Ask where the ref is, and fetch what is new."""
        raise NotImplementedError

    def relation(self, old: str, new: str) -> Relation:
        """What commit ``new`` is to ``old``."""
        raise NotImplementedError
