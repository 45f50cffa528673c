"""``glia render``: the exact requests to ECS, offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from glia.cli.ground import ground, ground_options
from glia.cli.options import PATHS, output

if TYPE_CHECKING:
    from glia.desired.state import DesiredState

FAILED = 1


@click.command("render", short_help="the exact requests to ECS, offline")
@PATHS
@output("yaml", "json")
@ground_options
def command(
    *, paths: tuple[str, ...], output: str, instances: tuple[str, ...], snapshot: str | None
) -> int:
    """Print, per lane, the input of RegisterTaskDefinition and of CreateService.

    The same bytes for the same manifests. What only ECS can tell, the new revision's number,
    is left out: the service names its family. Errors go to standard error, and what is right
    is printed all the same; exit code 1 if there is an error.

    Services that share instances are laid out on empty ones, or beside what a snapshot shows:
    then these are the very lanes that apply would make. Which of them it was is said on
    standard error.

    These are the requests as ECS gets them: values that every other command masks, such as
    passwords in environment variables, are printed in full. Keep the output out of logs.
    """
    from glia.cli.wanted import offline, offline_state, wanted
    from glia.render.diagnostics import as_text

    made = offline_state(wanted(paths, offline), ground(instances, snapshot))
    documents = _documents(made.state)
    if output == "json":
        text = json.dumps({"lanes": documents}, indent=2, ensure_ascii=False)
        click.echo(text)
    else:
        click.echo(_yaml(documents), nl=False)
    if made.assumption:
        click.echo(f"offline: {made.assumption}", err=True)
    for diagnostic in made.diagnostics:
        click.echo(as_text(diagnostic), err=True)
    return FAILED if any(each.severity == "error" for each in made.diagnostics) else 0


def _documents(state: DesiredState) -> list[dict[str, Any]]:
    return [
        {
            "key": service.key,
            "lane": lane.lane.name,
            "region": service.cluster.target.region,
            "RegisterTaskDefinition": dict(lane.task_definition),
            "CreateService": dict(lane.service),
        }
        for service in state.services
        for lane in service.lanes
    ]


def _yaml(documents: list[dict[str, Any]]) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML's signature)
            return True

    return yaml.dump_all(documents, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100)
