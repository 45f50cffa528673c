"""``glia retry``: try again what has failed."""

from __future__ import annotations

import click

from glia.cli.options import KEYS, MANIFESTS, PROFILE, REGION


@click.command("retry", short_help="forget that a content failed, so that apply tries it again")
@KEYS
@MANIFESTS
@REGION
@PROFILE
def command(
    *,
    keys: tuple[str, ...],
    manifests: tuple[str, ...],
    region: str | None,
    profile: str | None,
) -> int:
    """Forget that the content of these services failed: KEY is CLUSTER/NAME.

    Glia does not apply a content again that ECS has rolled back. Where it was not the
    content's fault, say so here, and apply. What has not failed is left as it is. Exit code 1
    if there is no such service, or AWS refused something.
    """
    from glia.cli.online import Online
    from glia.cli.places import places
    from glia.owned import owned, retry

    there = places(keys, Online(profile), region=region, manifests=manifests)
    # All keys are found before anything is tagged.
    found = [(ecs, owned(wanted, ecs)) for ecs, wanted in there]
    again = frozenset[str]().union(*(retry(services, ecs) for ecs, services in found))
    for key in dict.fromkeys(keys):
        told = "the next apply tries it again" if key in again else "nothing is held"
        click.echo(f"{key}: {told}")
    return 0
