"""``glia status``: how the services are, and who holds which chip."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from glia.cli.options import PATHS, PROFILE, colour, output, width

if TYPE_CHECKING:
    from glia.cli.online import Online
    from glia.status import Status

FAILED = 1


@click.command("status", short_help="how the services are, and who holds which chip")
@PATHS
@output("text", "json")
@PROFILE
def command(*, paths: tuple[str, ...], output: str, profile: str | None) -> int:
    """Tell conditions, health and counts of every service, and the chips of every instance.

    Exit code 1 if a manifest is wrong or a cluster could not be read, else 0 whatever the
    services are like.
    """
    from glia.cli.online import Online

    found = looked_at(paths, Online(profile))
    click.echo(_shown(found, output))
    return FAILED if any(each.severity == "error" for each in found.diagnostics) else 0


def looked_at(paths: tuple[str, ...], online: Online) -> Status:
    """How what these manifests declare is, at the moment of the call."""
    from glia.cli.prepared import prepared
    from glia.planning.allowances import Allowances
    from glia.survey import survey

    made = prepared(paths, online, Allowances(paths=paths))
    return survey(
        made.state,
        made.plan,
        made.observed,
        online.of,
        online.clock,
        instance_types=made.wanted.instance_types,
        rosters=made.rosters,
        sharing=made.wanted.open,
    )


def _shown(status: Status, output: str) -> str:
    if output == "json":
        from glia.render.status_json import status_json

        return json.dumps(status_json(status), indent=2, ensure_ascii=False)
    from glia.render.status_text import status_text

    return status_text(status, colour=colour(sys.stdout), width=width())
