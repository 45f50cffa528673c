"""Where the loop's manifests come from, as a command line says it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from glia.errors import UsageError

if TYPE_CHECKING:
    from glia.clock import Clock
    from glia.reconciling.desired_source import Desired

F = TypeVar("F", bound=Callable[..., Any])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Where:
    """The options, by their names."""

    dir: tuple[str, ...]
    git: str | None
    ref: str
    path: str
    state: Path | None
    git_token_file: Path | None
    git_token_variable: str
    git_ssh_key: Path | None
    git_ssh_key_variable: str
    git_known_hosts: Path | None
    git_known_hosts_variable: str
    git_ca_file: Path | None
    allowed_signers: Path | None
    gpg_home: Path | None
    accept_rewrite: str


OPTIONS = (
    click.option(
        "--dir", multiple=True, metavar="PATH", help="Manifests on disk; may be repeated."
    ),
    click.option("--git", metavar="URL", help="A repository: https://, ssh:// or file://."),
    click.option("--ref", default="main", show_default=True, metavar="REF", help="Branch or tag."),
    click.option("--path", default=".", metavar="DIR", help="The manifests in it; by default all."),
    click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="Where what was fetched is kept; may be lost. By default ~/.cache/glia.",
    ),
    click.option("--git-token-file", type=FILE, metavar="FILE", help="Token for https."),
    click.option(
        "--git-token-variable", default="", metavar="NAME", help="Environment variable with it."
    ),
    click.option("--git-ssh-key", type=FILE, metavar="FILE", help="Private key for ssh."),
    click.option(
        "--git-ssh-key-variable", default="", metavar="NAME", help="Environment variable with it."
    ),
    click.option("--git-known-hosts", type=FILE, metavar="FILE", help="Servers that ssh knows."),
    click.option(
        "--git-known-hosts-variable",
        default="",
        metavar="NAME",
        help="Environment variable with their keys.",
    ),
    click.option("--git-ca-file", type=FILE, metavar="FILE", help="Certificates for https."),
    click.option(
        "--allowed-signers", type=FILE, metavar="FILE", help="Only commits signed with these keys."
    ),
    click.option("--gpg-home", type=FOLDER, metavar="DIR", help="The same, with keys of GnuPG."),
    click.option(
        "--accept-rewrite",
        default="",
        metavar="COMMIT",
        help="Take this commit although it does not follow from the one held.",
    ),
)


def SOURCE(command: F) -> F:  # noqa: N802  (stands among options that are constants)
    """All options that say where manifests come from."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def source_of(where: Where, clock: Clock) -> Desired:
    """The one source that the options name.

    Raises:
        UsageError: they name none, or two, or something that is no address.
    """
    if bool(where.dir) == bool(where.git):
        raise UsageError(
            "say where the manifests are: either --git URL, with --ref and --path, or --dir PATH"
        )
    if where.git is None:
        from glia.source.directory import DirectorySource

        return DirectorySource(where.dir, clock)
    from glia.source.git.access import Access
    from glia.source.git.place import Place
    from glia.source.git.signatures import Policy
    from glia.source.git.source import GitSource

    return GitSource(
        Place.parse(where.git, where.ref, where.path),
        where.state or Path.home() / ".cache" / "glia",
        clock,
        access=Access(
            token_file=where.git_token_file,
            token_variable=where.git_token_variable,
            ssh_key=where.git_ssh_key,
            ssh_key_variable=where.git_ssh_key_variable,
            known_hosts=where.git_known_hosts,
            known_hosts_variable=where.git_known_hosts_variable,
            ca_file=where.git_ca_file,
        ),
        policy=Policy(where.gpg_home, where.allowed_signers, where.accept_rewrite),
    )
