"""``glia restart``: new tasks from the same manifest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from glia.cli.options import KEYS, MANIFESTS, PROFILE, REGION, colour, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glia.aws.gateway import Gateway
    from glia.cli.online import Online
    from glia.outcome import Applied, Outcome
    from glia.owned import Owned

FAILED, NOT_CONVERGED, INTERRUPTED = 1, 4, 130


@click.command("restart", short_help="new tasks from the same manifest")
@KEYS
@MANIFESTS
@REGION
@PROFILE
@click.option("--no-wait", is_flag=True, help="Do not wait until all tasks are new.")
def command(
    *,
    keys: tuple[str, ...],
    manifests: tuple[str, ...],
    region: str | None,
    profile: str | None,
    no_wait: bool,
) -> int:
    """Replace the tasks of these services by new ones: KEY is CLUSTER/NAME.

    For a rotated secret, or an image tag that has moved. The services' own percentages hold,
    and a service of several lanes is restarted one lane at a time. Exit codes: 0 all tasks are
    new; 1 AWS refused something; 4 a restart has not converged; 130 interrupted.
    """
    from glia.cli.online import Online
    from glia.cli.places import places
    from glia.owned import owned
    from glia.render.outcomes import outcomes_text

    online = Online(profile)
    there = places(keys, online, region=region, manifests=manifests)
    found = [(ecs, owned(wanted, ecs)) for ecs, wanted in there]
    with online.telling() as tell:
        applied = _restarted(found, online, tell, wait=not no_wait)
    click.echo(outcomes_text(applied.outcomes, colour=colour(sys.stdout), width=width()))
    return _code(applied, waited=not no_wait)


def _restarted(
    found: Iterable[tuple[Gateway, tuple[Owned, ...]]],
    online: Online,
    tell: Callable[[Outcome], None],
    *,
    wait: bool,
) -> Applied:
    """One account and region after another; an interruption ends it."""
    from glia.outcome import Applied
    from glia.restart import restart

    outcomes: tuple[Outcome, ...] = ()
    for ecs, services in found:
        applied = restart(services, ecs, online.clock, tell, wait=wait)
        outcomes += applied.outcomes
        if applied.cut is not None:
            return Applied(outcomes, applied.cut)
    return Applied(outcomes)


def _code(applied: Applied, *, waited: bool) -> int:
    """By precedence: an interruption, an error, not converged."""
    from glia.outcome import State

    if applied.cut is not None:
        return INTERRUPTED
    if any(outcome.refused for outcome in applied):
        return FAILED
    done = all(outcome.state is State.DONE for outcome in applied)
    return 0 if done or not waited else NOT_CONVERGED
