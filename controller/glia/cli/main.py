"""``glia``: parses the command line and is the one gate through which every error leaves."""

from __future__ import annotations

import importlib
import sys
import traceback
from typing import TYPE_CHECKING

import click

from glia import __version__
from glia.errors import GliaError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

BAD_USAGE = 64
BUG = 70
INTERRUPTED = 130

# A command's module is imported when the command runs: `glia --help` imports none of them.
COMMANDS = {
    "demo": "the main job, start to finish, in the embedded ECS",
    "sandbox": "an Amazon ECS of your own, on this machine, in one process",
}


class LazyCommands(click.Group):
    """A group that knows its commands' names and finds their code in modules of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"glia.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyCommands)
@click.version_option(__version__, message="glia %(version)s")
def glia() -> None:
    """Neuron inference services on Amazon ECS, kept the way their YAML in git says."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    try:
        return _run(arguments)
    except click.ClickException as error:
        error.show()
        return BAD_USAGE
    except GliaError as error:
        return _say(error, BAD_USAGE if isinstance(error, UsageError) else 1)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", INTERRUPTED)
    except Exception:  # noqa: BLE001  (the gate: a bug is told as one)
        traceback.print_exc()
        return _say("this is a bug in glia; the lines above say where", BUG)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code: int | None = glia.main(arguments, prog_name="glia", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    return code or 0


def _say(what: object, code: int) -> int:
    print(f"glia: {what}", file=sys.stderr)  # noqa: T201
    return code
