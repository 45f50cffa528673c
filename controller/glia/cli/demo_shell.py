"""The demo's shell: Glia's own commands, in this process, on the time of the sandbox."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from glia.aws.clock import SystemClock
from glia.cli.main import INTERRUPTED, main
from glia.cli.options import colour
from glia.errors import GliaError
from glia.sandbox.clock import ScaledClock

if TYPE_CHECKING:
    from collections.abc import Iterator

INDENT = "  "


class NotAsTold(GliaError):  # noqa: N818 -- says it without "Error"
    """Something in the demo came out differently from what the demo says."""


class FastClock(SystemClock):
    """The machine's time, multiplied; a signal cuts sleeping short as it does in earnest."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self.speed = speed
        self._scaled = ScaledClock(speed)

    def now(self) -> float:
        return self._scaled.now()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / self.speed)


def title(text: str) -> None:
    click.echo(f"\n{_styled(text, bold=True)}")


def say(*lines: str) -> None:
    for line in lines:
        click.echo(f"{INDENT}{line}")


def glia(command: str, *, code: int) -> None:
    """Run a command as a shell would, all its output in one stream.

    Raises:
        NotAsTold: its exit code is not the one that the demo tells.
        Exit: somebody has ended it.
    """
    click.echo(f"\n{_styled(f'$ glia {command}', fg='cyan')}")
    found = main(command.split(), clock=click.get_current_context().obj)
    if found == INTERRUPTED:
        raise click.exceptions.Exit(INTERRUPTED)
    if found != code:
        raise NotAsTold(f"`glia {command}` ended with exit code {found}; the demo expected {code}")
    click.echo(_styled(f"exit code {found}", dim=True))


def _styled(text: str, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    styled = click.style(text, fg=fg, bold=bold or None, dim=dim or None)
    return styled if colour(sys.stdout) else text


@contextmanager
def own_environment() -> Iterator[None]:
    """Keep the user's own AWS settings away, and undo what the block does to the environment."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        NO_PROXY="127.0.0.1",
        no_proxy="127.0.0.1",
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
