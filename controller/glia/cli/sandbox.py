"""``glia sandbox``: an Amazon ECS of one's own until the process is told to stop."""

from __future__ import annotations

import json
import math
import os
import re
import shlex
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from glia.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glia.sandbox.faults import Fault
    from glia.sandbox.sandbox import Sandbox

# What would lead an SDK or the aws CLI elsewhere, past AWS_ENDPOINT_URL and the credentials
# (SDK reference guide, "service-specific endpoints").
MISLEADING = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_ECS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[1-9][0-9]?")
LARGEST_SPEED = 1e6


def _instances(_: click.Context, __: click.Parameter, text: str) -> list[tuple[str, int]]:
    with _needed_packages():
        from glia.sandbox.inventory import parse_instances
    return parse_instances(text)


def _faults(_: click.Context, __: click.Parameter, texts: tuple[str, ...]) -> list[Fault]:
    if not texts:
        return []
    with _needed_packages():
        from glia.sandbox.faults import Fault
    return [Fault.parse(text) for text in texts]


def _cluster(_: click.Context, __: click.Parameter, name: str) -> str:
    if not name:
        raise UsageError("--cluster needs a name, for example inference.")
    return name


def _region(_: click.Context, __: click.Parameter, name: str) -> str:
    if not REGION.fullmatch(name):
        raise UsageError(f"{name!r} is no region. Expected a name such as us-west-2.")
    return name


def _speed(_: click.Context, __: click.Parameter, speed: float) -> float:
    if math.isfinite(speed) and 0 < speed <= LARGEST_SPEED:
        return speed
    raise UsageError(f"--speed {speed:g} is out of range. Expected more than 0, at most 1000000.")


def _part(_: click.Context, __: click.Parameter, percent: float) -> float:
    return percent / 100


@click.command("sandbox", short_help="an Amazon ECS of your own, on this machine")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=4566,
    show_default=True,
    help="Port of 127.0.0.1; 0 picks a free one.",
)
@click.option(
    "--instances",
    default="inf1.xlarge=2",
    show_default=True,
    metavar="TYPE=N,...",
    callback=_instances,
    help="Container instances to begin with.",
)
@click.option(
    "--cluster",
    default="inference",
    show_default=True,
    callback=_cluster,
    help="Name of the cluster.",
)
@click.option(
    "--region",
    default="us-west-2",
    show_default=True,
    callback=_region,
    help="Where the cluster is.",
)
@click.option(
    "--speed",
    type=float,
    default=1.0,
    show_default=True,
    callback=_speed,
    help="How many times as fast as real time everything happens.",
)
@click.option("--quotas", is_flag=True, help="Throttle requests as AWS does.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="OPERATION[:N[-M]]=CODE|lost",
    callback=_faults,
    help="Let calls fail, or act and lose their answer. May be repeated.",
)
@click.option(
    "--reserve-memory",
    "memory_reserve",
    type=click.FloatRange(0, 90),
    default=5.0,
    show_default=True,
    metavar="PERCENT",
    callback=_part,
    help="Part of an instance type's memory that its agent does not register.",
)
def command(*, speed: float, **options: Any) -> int:
    """Play Amazon ECS, and with moto the AWS services around it, on 127.0.0.1.

    What it prints can be sourced by a shell; the last line, a comment, is JSON and says that
    it is ready. It stops on SIGINT and SIGTERM, and nothing of it remains.
    """
    told_to_stop = _on_signals()
    with _sandbox(speed, options) as sandbox:
        click.echo(_greeting(sandbox))
        told_to_stop.wait()
    return 0


def _on_signals() -> threading.Event:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    return told


def _sandbox(speed: float, options: dict[str, Any]) -> Sandbox:
    """The options but the speed are named as Sandbox names its parameters."""
    with _needed_packages():
        from glia.sandbox.clock import ScaledClock
        from glia.sandbox.ecs_error import EcsError
        from glia.sandbox.sandbox import Sandbox
    try:
        return Sandbox(ScaledClock(speed), **options)
    except EcsError as error:
        raise UsageError(f"--cluster {options['cluster']!r}: {error.message}") from None
    except OSError as error:
        raise UsageError(
            f"port {options['port']} cannot be used ({os.strerror(error.errno or 0)}); "
            "name another one, or let --port 0 pick one"
        ) from None


@contextmanager
def _needed_packages() -> Iterator[None]:
    """Turn a missing package into the advice that helps.

    A part of moto's asks boto3 for the profile as it is imported, and here none counts.
    """
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the sandbox needs packages that are not installed ({error.name} is missing); "
            "install them with: pip install 'glia-ecs[sandbox]'"
        ) from None


def _greeting(sandbox: Sandbox) -> str:
    """Lines for a shell to source; the last one is for programs."""
    exports = [
        f"export {name}={shlex.quote(value)}" for name, value in sandbox.environment().items()
    ]
    ready = {
        "ready": True,
        "url": sandbox.url,
        "cluster": sandbox.cluster.name,
        "region": sandbox.place.region,
        "pid": os.getpid(),
    }
    return "\n".join([*exports, f"unset {' '.join(MISLEADING)}", f"# {json.dumps(ready)}"])
