"""The acts of the demo in which a loop follows a git repository."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glia.cli.demo_loop import FLEET, GRACE_SECONDS, PACE, Loop, Repository, is_possible, manifest
from glia.cli.demo_shell import NotAsTold, say
from glia.sandbox.demo import LOOPED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glia.clock import Clock
    from glia.sandbox.demo import Stage

INSTANCES: Final = (("inf1.xlarge", 3),)
SERVED: Final = ("detector", "ranker")


def follow(act: Callable[..., None], stage: Stage, folder: Path, clock: Clock) -> None:
    """All of them; without git none, and that is told."""
    if not is_possible():
        say("", "Left out: the acts in which a loop follows a git repository, for there is no git.")
        return
    stage.open_cluster(LOOPED, INSTANCES)
    repository = Repository(folder / "fleet.git")
    loop = Loop(repository, folder / "state", clock)
    try:
        _create(act, loop, repository)
        _change_and_break(act, loop, repository, stage)
        _scale_by_hand(act, loop, stage)
        _delete(act, loop, repository, stage)
    finally:
        loop.end()


def _create(act: Callable[..., None], loop: Loop, repository: Repository) -> None:
    act(
        "Let a loop follow a git repository: glia run",
        "Another cluster, three inf1.xlarge and a bare repository. Below each commit stands what",
        "`glia run --git URL --path manifests` tells of it by itself.",
    )
    files = {"cluster": FLEET, "detector": manifest("detector", 1), "ranker": manifest("ranker", 1)}
    first = repository.commit("Serve a detector and a ranker", files)
    loop.until("both are Ready", lambda: all(loop.is_ready(each, first) for each in SERVED))


def _change_and_break(
    act: Callable[..., None], loop: Loop, repository: Repository, stage: Stage
) -> None:
    act(
        "Commit a new image, and a slip in another manifest",
        "What is wrong is left as it is, and keeps nobody from going on.",
    )
    second = repository.commit(
        "Detect and rank with version 2",
        {
            "detector": manifest("detector", 2),
            "ranker": manifest("ranker", 2).replace("replicas", "replica"),
        },
    )
    loop.until("the new image runs", lambda: loop.is_ready("detector", second))
    loop.until("the slip is told", lambda: loop.stalled("ranker") == "InvalidManifest")
    images = {name: stage.image(LOOPED, name) for name in SERVED}
    if images != {"detector": "detector:2", "ranker": "ranker:1"}:
        raise NotAsTold(f"the images are {images}; the demo expected the ranker as it was")
    say(f"Measured: {images['detector']} and {images['ranker']} are what ECS runs.")


def _scale_by_hand(act: Callable[..., None], loop: Loop, stage: Stage) -> None:
    act(
        "Change a service past git",
        "No commit, and nobody says a word. The loop finds it at its next look.",
    )
    say("", "by hand: no replicas for the detector")
    stage.ecs().update_service(cluster=LOOPED, service="detector", desiredCount=0)
    loop.until("it is put back", lambda: stage.running(LOOPED, "detector") == (1, 1))
    loop.pass_time(2 * PACE.sweep)
    if (now := stage.running(LOOPED, "detector")) != (1, 1):
        raise NotAsTold(f"{now} replicas are wanted and run; the demo expected one to stay")
    say("Measured: 1 replica is wanted, and 1 runs.")


def _delete(act: Callable[..., None], loop: Loop, repository: Repository, stage: Stage) -> None:
    act(
        "Delete a manifest",
        f"The cluster's manifest allows pruning. First no replica is left; {GRACE_SECONDS} seconds",
        "later the service goes. Until then its manifest could have come back.",
    )
    third = repository.commit("Rank no more", {"ranker": None})
    loop.until("the ranker is gone", lambda: stage.status(LOOPED, "ranker") == "INACTIVE")
    loop.until("the other one stays", lambda: loop.is_ready("detector", third))
    loop.pass_time(2)
    before, seconds = stage.writes(), 3 * PACE.sweep
    loop.pass_time(seconds)
    if made := stage.writes() - before:
        raise NotAsTold(f"{made} calls changed something in ECS; the demo expected none")
    say(f"Measured: in the {seconds:.0f} seconds after that no call changed anything in ECS.")
