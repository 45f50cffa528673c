"""``glia retry``: try again what has failed."""

from __future__ import annotations

import click

from glia.cli.options import KEYS, PROFILE, REGION


@click.command("retry", short_help="forget that a content failed, so that apply tries it again")
@KEYS
@REGION
@PROFILE
def command(*, keys: tuple[str, ...], region: str | None, profile: str | None) -> int:
    """Forget that the content of these services failed: KEY is CLUSTER/NAME.

    Glia does not apply a content again that ECS has rolled back. Where it was not the
    content's fault, say so here, and apply.
    """
    from glia.cli.online import Online
    from glia.owned import owned, retry

    ecs = Online(profile).in_region(region)
    found = owned(keys, ecs)
    retry(found, ecs)
    for each in found:
        click.echo(f"{each.key}: the next apply tries it again")
    return 0
