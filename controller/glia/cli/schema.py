"""``glia schema``: what editors need to check and complete manifests."""

from __future__ import annotations

import json

import click


@click.command("schema", short_help="the JSON Schema of manifests, for editors")
def command() -> int:
    """Print one JSON Schema (2020-12) of all kinds, ECS's own members and texts included."""
    from glia.manifest.json_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0
