"""``glia schema``: the JSON Schemas of what goes in and of what comes out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def _manifest() -> dict[str, Any]:
    from glia.manifest.json_schema import json_schema

    return json_schema()


def _plan() -> dict[str, Any]:
    from glia.render.plan_schema import plan_schema

    return plan_schema()


def _status() -> dict[str, Any]:
    from glia.render.status_schema import status_schema

    return status_schema()


def _outcomes() -> dict[str, Any]:
    from glia.render.outcomes import outcomes_schema

    return outcomes_schema()


def _loop_status() -> dict[str, Any]:
    from glia.render.loop_status_schema import loop_status_schema

    return loop_status_schema()


def _event() -> dict[str, Any]:
    from glia.render.loop_status_schema import event_schema

    return event_schema()


SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "manifest": _manifest,
    "plan": _plan,
    "outcomes": _outcomes,
    "status": _status,
    "loop-status": _loop_status,
    "event": _event,
}


@click.command("schema", short_help="the JSON Schemas of manifests and of what glia prints")
@click.argument("of", type=click.Choice(list(SCHEMAS)), default="manifest", metavar="[OF]")
def command(of: str) -> int:
    """Print a JSON Schema (2020-12).

    OF is manifest (the default): all kinds, with ECS's own members and texts, for editors. Or
    it is what a command prints with -o json: plan, outcomes (of apply), status. Or what the
    loop tells: loop-status (at /status), event (in its log and notifications).
    """
    click.echo(json.dumps(SCHEMAS[of](), indent=2, ensure_ascii=False))
    return 0
