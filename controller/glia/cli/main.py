"""``glia``: parses the command line and is the one gate through which every error leaves."""

from __future__ import annotations

import atexit
import errno
import gc
import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from glia import __version__
from glia.errors import GliaError, UsageError
from glia.frames import frames

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.aws.clock import SystemClock

BAD_USAGE = 64
BUG = 70
INTERRUPTED = 130
# A plan is made of millions of objects that live until its end: looking through them for
# garbage as often as Python does by default takes a seventh of the time, and finds none.
COLLECT_AFTER = (20_000, 20, 20)

# Each has a module of its name here. These import what they need when they run: `--help` and
# every other command start without boto3, moto and the like.
COMMANDS = (
    "validate",
    "render",
    "plan",
    "apply",
    "run",
    "status",
    "retry",
    "restart",
    "schema",
    "catalog",
    "iam-policy",
    "sandbox",
    "demo",
)


class Commands(click.Group):
    """A group that finds the code of a command in the module of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"glia.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=Commands)
@click.version_option(__version__, message="glia %(version)s")
def glia() -> None:
    """Neuron inference services on Amazon ECS, kept the way their YAML in git says."""


def main(arguments: Sequence[str] | None = None, *, clock: SystemClock | None = None) -> int:
    """Run a command; its exit code. What waits does so on ``clock``, else on the machine's time."""
    gc.set_threshold(*COLLECT_AFTER)
    _open_what_is_closed()
    # At its end Python would look through all that was ever imported for garbage, several times.
    atexit.register(gc.freeze)
    # pydantic would read the metadata of every installed package in search of plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        code: int | None = glia.main(arguments, prog_name="glia", standalone_mode=False, obj=clock)
    except click.ClickException as error:
        error.show()
        return BAD_USAGE
    except GliaError as error:
        return _say(error, BAD_USAGE if isinstance(error, UsageError) else 1)
    except (KeyboardInterrupt, click.Abort):
        return _say("interrupted", INTERRUPTED)
    except Exception as error:  # noqa: BLE001  (the gate: a bug is told as one)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return _say(f"{error.strerror}: not all that was to be written is there", 1)
        print(frames(error), end="", file=sys.stderr)  # noqa: T201
        return _say("this is a bug in glia; the lines above say where", BUG)
    return code or 0


def _open_what_is_closed() -> None:
    """Streams without which a cron job or a parent process (``<&-``) has started this one.

    Else the next file or socket would get the number of one of them, and what git prints.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  (to the end)


def _say(what: object, code: int) -> int:
    print(f"glia: {what}", file=sys.stderr)  # noqa: T201
    return code
