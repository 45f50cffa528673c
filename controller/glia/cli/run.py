"""``glia run``: keep ECS as the manifests say, for ever."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from glia.cli.options import PROFILE, duration
from glia.cli.outward import OUTWARD, Outward
from glia.cli.source import SOURCE, Where, source_of
from glia.cli.voices import Voices

if TYPE_CHECKING:
    from glia.cli.online import Online
    from glia.loop_status import LoopStatus
    from glia.plan import Plan
    from glia.planning.allowances import Allowances
    from glia.reconciler import Reconciler
    from glia.reconciling.desired_source import Revision
    from glia.wanted import Wanted

FAILED, BLOCKED, INTERRUPTED = 1, 3, 130
GRACE_SECONDS: Final = 5.0
"""What calls in flight have to end in: whoever has sent SIGTERM sends SIGKILL after ten or more."""


@click.command("run", short_help="keep it so: the loop")
@SOURCE
@click.option(
    "--interval",
    metavar="DURATION",
    default="60s",
    show_default=True,
    callback=duration,
    help="How often the source is asked, and everything compared.",
)
@click.option(
    "--sweep",
    metavar="DURATION",
    callback=duration,
    help="How often everything is compared while the source is the same; by default --interval.",
)
@click.option(
    "--read-share",
    metavar="SHARE",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.25,
    show_default=True,
    help="The part of AWS's quota of reads that the loop may use.",
)
@click.option(
    "--shard", metavar="I/N", default="0/1", help="Of N loops the I-th, from 0: a part of clusters."
)
@click.option("--prune", is_flag=True, help="Delete services whose manifests are gone.")
@click.option("--once", is_flag=True, help="Compare and change everything once, and end.")
@OUTWARD
@PROFILE
def command(  # noqa: PLR0913  (options of a command line)
    *,
    interval: float,
    sweep: float | None,
    read_share: float,
    shard: str,
    prune: bool,
    once: bool,
    profile: str | None,
    **rest: Any,
) -> int:
    """Compare what the manifests say with what ECS holds, again and again, and change what differs.

    What happens is told on standard error, a line each, and to whom the options name. SIGTERM
    and Ctrl-C let the calls in flight end and start no other; the next run goes on. Exit codes: 0
    ended by SIGTERM, 130 by Ctrl-C; with --once, 0 done, 1 an error in a manifest, of the source
    or from AWS, 3 something is blocked or held.
    """
    from glia.cli.online import Online
    from glia.planning.allowances import Allowances
    from glia.reconciler import Reconciler, Settings
    from glia.reconciling.requeue import Pace
    from glia.shards import Shard

    outward, where = Outward.taken_from(rest), Where(**rest)
    keeps = Shard.parse(shard)
    voices = Voices(outward, where.ref if where.git else "", is_git=bool(where.git))
    try:
        online = Online(profile, read_share=read_share, listener=voices.metrics)
        pace = Pace(interval, sweep or interval, longest_pass=float("inf") if once else 60.0)
        allowed = Allowances(prune=prune, paths=where.dir or (where.path,))
        settings = Settings(pace, keeps, allowed)
        source, types = source_of(where, online.clock), online.instance_types
        admission = voices.admission(
            source, types, lambda revision, wanted: plan_of(revision, wanted, online, allowed)
        )
        if admission is not None:
            source, types = admission, admission.instance_types
        loop = Reconciler(source, online.of, types, online.clock, voices.tell, settings)
        voices.start(loop, keeps)
        return _run(loop, online, voices, once=once)
    finally:
        voices.close()


def plan_of(revision: Revision, wanted: Wanted, online: Online, allowed: Allowances) -> Plan:
    """Of all manifests of a revision, whichever loop keeps their clusters."""
    from glia.prepare import prepare

    made = prepare(wanted, online.of, online.clock, allowed=allowed, source=revision.source)
    return made.plan


def _run(loop: Reconciler, online: Online, voices: Voices, *, once: bool) -> int:
    with online.interruptible() as signals:
        try:
            if once:
                return _code(loop.once())
            loop.run()
        except KeyboardInterrupt:
            if not loop.finish(GRACE_SECONDS):
                # Threads that wait for an answer would keep Python from ending by itself.
                voices.close()
                sys.stderr.flush()
                os._exit(_ended_by(signals))
        return _ended_by(signals)


def _ended_by(signals: list[int]) -> int:
    return 0 if signals and signals[0] == signal.SIGTERM else INTERRUPTED


def _code(status: LoopStatus) -> int:
    """Of one pass over everything."""
    stalled = {
        each.reason
        for service in status.services
        for each in service.conditions
        if each.type == "Stalled" and each.status == "True"
    }
    if (
        status.bugs
        or status.source.failures
        or any(each.severity == "error" for each in status.diagnostics)
        or any(each.failures for each in status.clusters)
        or any(each.failures for each in status.services)
    ):
        return FAILED
    return BLOCKED if stalled or status.prune_blocked else 0
