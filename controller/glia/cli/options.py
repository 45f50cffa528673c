"""Options that several commands share, and how their answers leave."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from typing import TextIO, TypeAlias

import click

PATHS = click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(allow_dash=True)
)
PROFILE = click.option("--profile", metavar="NAME", help="Profile of the AWS configuration.")
REGION = click.option(
    "--region", metavar="NAME", help="AWS region; by default that of the environment or profile."
)
MANIFESTS = click.option(
    "--manifests",
    multiple=True,
    metavar="PATH",
    help="Where the keys are declared, and with them region, account and role. May be repeated.",
)
DOWNTIME = click.option(
    "--allow-downtime",
    is_flag=True,
    help="Replace what cannot be changed in place; go below maxUnavailable where chips are few.",
)
REPACK = click.option(
    "--repack", is_flag=True, help="Move replicas where that makes room for others."
)
KEYS = click.argument("keys", nargs=-1, required=True, metavar="KEY...")


Decorator: TypeAlias = Callable[[Callable[..., int]], Callable[..., int]]


def prunes(command: Callable[..., int]) -> Callable[..., int]:
    """``--prune`` and what goes with it: parameters ``prune``, ``allow_deletes``, ``grace``."""
    options = (
        click.option(
            "--prune", is_flag=True, help="Delete services of this owner that no manifest has."
        ),
        click.option(
            "--allow-deletes",
            type=click.IntRange(min=0),
            default=0,
            metavar="N",
            help="Let so many manifests' services go at once, beyond the limit.",
        ),
        click.option(
            "--prune-grace",
            "grace",
            metavar="DURATION",
            callback=seconds,
            help="How long they stay without replicas before; by default what the clusters say.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def output(*kinds: str) -> Decorator:
    """``-o``; the first kind is the default."""
    choice = click.Choice(list(kinds))
    return click.option("-o", "--output", type=choice, default=kinds[0], show_default=True)


def colour(stream: TextIO) -> bool:
    """Colours for a terminal that has not asked for none (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def width() -> int:
    """Of the terminal; wide enough for logs where there is none."""
    return shutil.get_terminal_size((120, 24)).columns


def seconds(_context: object, _option: object, text: str | None) -> float | None:
    """``90``, ``90s``, ``10m``, ``2h`` as seconds."""
    if text is None:
        return None
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    if not number.replace(".", "", 1).isdecimal():
        raise click.BadParameter(f"{text!r} is no duration; write 90s, 10m or 2h")
    return float(number) * units[unit]


def duration(context: object, option: object, text: str | None) -> float | None:
    """The same, of something that has to take some time."""
    found = seconds(context, option, text)
    if found is not None and found <= 0:
        raise click.BadParameter(f"{text!r} is no time at all; write 90s, 10m or 2h")
    return found
