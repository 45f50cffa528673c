"""``glia demo``: the main job, start to finish, in the embedded ECS."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, chdir, redirect_stderr
from typing import TYPE_CHECKING

import click

from glia.errors import UsageError

if TYPE_CHECKING:
    from glia.aws.clock import SystemClock
    from glia.cli.demo_story import Story

SPEED = 150.0  # a call takes 4 ms here, so 0.6 s of ECS's time: about what it takes on AWS


@click.command("demo", short_help="the main job, start to finish, in the embedded ECS")
def command() -> int:
    """Create, roll out, put right, roll back, show and follow, in an ECS in this process.

    It takes less than a minute, needs no AWS account and leaves nothing behind. Exit code 0
    only if everything came out as it is told.
    """
    from glia.cli.demo_shell import FastClock, own_environment
    from glia.cli.demo_story import begin, end

    began = time.monotonic()
    begin(SPEED)
    with ExitStack() as stack:
        # Before anything of moto's: a part of it reads the configuration as it is imported.
        stack.enter_context(own_environment())
        try:
            story = _story(FastClock(SPEED), stack)
        except ModuleNotFoundError as error:
            raise UsageError(
                f"the demo needs packages that are not installed ({error.name} is missing); "
                "install them with: pip install 'glia-ecs[sandbox]'"
            ) from None
        story.play()
    end(story.acts, time.monotonic() - began)
    return 0


def _story(clock: SystemClock, stack: ExitStack) -> Story:
    """The story on its stage; the stack ends what was begun for it."""
    import os
    import tempfile
    from pathlib import Path

    from glia.cli.demo_manifests import Manifests
    from glia.cli.demo_story import Story
    from glia.sandbox.demo import Stage
    from glia.sandbox.sandbox import Sandbox

    stage = Stage(stack.enter_context(Sandbox(clock)))
    target_group = stage.furnish()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="glia-demo-")))
    os.environ.update(stage.environment())
    click.get_current_context().obj = clock  # for the commands that the story runs
    stack.enter_context(chdir(folder))  # so that messages name files as a user sees them
    stack.enter_context(redirect_stderr(sys.stdout))  # a story is one stream
    return Story(stage, Manifests(folder), target_group, folder)
