"""``glia sandbox``: an Amazon ECS of one's own until the process is told to stop."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import threading

import click

from glia.errors import UsageError


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
    "inventory",
    default="inf1.xlarge=2",
    show_default=True,
    metavar="TYPE=N,...",
    help="Container instances to begin with.",
)
@click.option("--cluster", default="inference", show_default=True, help="Name of the cluster.")
@click.option("--region", default="us-west-2", show_default=True, help="Where the cluster is.")
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="How many times as fast as real time everything happens.",
)
@click.option("--quotas", is_flag=True, help="Throttle requests as AWS does.")
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="OPERATION[:N[-M]]=CODE|lost",
    help="Let calls fail, or act and lose their answer. May be repeated.",
)
@click.option(
    "--reserve-memory",
    "reserve",
    type=click.FloatRange(0, 90),
    default=5.0,
    show_default=True,
    metavar="PERCENT",
    help="Part of an instance type's memory that its agent does not register.",
)
def command(  # noqa: PLR0913  (one parameter for each option)
    *,
    port: int,
    inventory: str,
    cluster: str,
    region: str,
    speed: float,
    quotas: bool,
    faults: tuple[str, ...],
    reserve: float,
) -> int:
    """Play Amazon ECS, and with moto the AWS services around it, on 127.0.0.1.

    What it prints can be sourced by a shell; the last line, a comment, is JSON and says that
    it is ready. It stops on SIGINT and SIGTERM, and nothing of it remains.
    """
    try:
        from glia.sandbox.clock import ScaledClock
        from glia.sandbox.faults import Fault
        from glia.sandbox.inventory import parse_instances
        from glia.sandbox.sandbox import Sandbox
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the sandbox needs packages that are not installed ({error.name} is missing); "
            "install them with: pip install 'glia-ecs[sandbox]'"
        ) from None
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        sandbox = Sandbox(
            ScaledClock(speed),
            port=port,
            region=region,
            cluster=cluster,
            instances=parse_instances(inventory),
            quotas=quotas,
            faults=[Fault.parse(text) for text in faults],
            memory_reserve=reserve / 100,
        )
    except (OSError, SystemExit) as error:
        raise UsageError(f"port {port} cannot be used: {error}; try --port 0") from None
    with sandbox:
        for name, value in sandbox.environment().items():
            click.echo(f"export {name}={shlex.quote(value)}")
        click.echo("unset AWS_PROFILE AWS_SESSION_TOKEN")
        ready = {
            "ready": True,
            "url": sandbox.url,
            "cluster": cluster,
            "region": region,
            "pid": os.getpid(),
        }
        click.echo(f"# {json.dumps(ready)}")
        sys.stdout.flush()
        stop.wait()
    return 0
