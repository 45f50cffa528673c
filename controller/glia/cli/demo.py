"""``glia demo``: the embedded ECS at work, start to finish."""

from __future__ import annotations

import click


@click.command("demo", short_help="the main job, start to finish, in the embedded ECS")
def command() -> int:
    """Run AWS's own Neuron sample in the embedded ECS, and watch what chips do."""
    from glia.sandbox import demo

    demo.run(click.echo)
    return 0
