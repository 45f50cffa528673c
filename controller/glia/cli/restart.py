"""``glia restart``: new tasks from the same manifest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from glia.cli.options import KEYS, PROFILE, REGION, colour, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glia.outcome import Outcome

NOT_CONVERGED = 4


@click.command("restart", short_help="new tasks from the same manifest")
@KEYS
@REGION
@PROFILE
@click.option("--no-wait", is_flag=True, help="Do not wait until all tasks are new.")
def command(
    *, keys: tuple[str, ...], region: str | None, profile: str | None, no_wait: bool
) -> int:
    """Replace the tasks of these services by new ones: KEY is CLUSTER/NAME.

    For a rotated secret, or an image tag that has moved. The services' own percentages hold,
    and a service of several lanes is restarted one lane at a time.
    """
    from glia.cli.online import Online
    from glia.owned import owned
    from glia.render.outcomes import outcomes_text
    from glia.render.progress import Progress
    from glia.restart import restart

    online = Online(profile)
    ecs = online.in_region(region)
    found = owned(keys, ecs)
    progress = Progress(
        online.clock,
        sys.stderr,
        live=sys.stderr.isatty(),
        colour=colour(sys.stderr),
        width=width(),
    )
    with online.interruptible(), progress:
        outcomes = restart(found, ecs, online.clock, progress.tell, wait=not no_wait)
    click.echo(outcomes_text(outcomes, colour=colour(sys.stdout), width=width()))
    return _code(outcomes, waited=not no_wait)


def _code(outcomes: Sequence[Outcome], *, waited: bool) -> int:
    from glia.outcome import State

    done = all(outcome.state is State.DONE for outcome in outcomes)
    return 0 if done or not waited else NOT_CONVERGED
