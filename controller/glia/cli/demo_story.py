"""The story of the demo: Glia's main job, told and checked act by act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from glia.cli.demo_following import follow
from glia.cli.demo_manifests import FOLDER, SHARED
from glia.cli.demo_shell import NotAsTold, glia, say, title
from glia.sandbox.demo import CLUSTER, SHARED_INSTANCES

if TYPE_CHECKING:
    from pathlib import Path

    from glia.cli.demo_manifests import Manifests
    from glia.sandbox.demo import Replicas, Stage

SERVICE, FILE = "resnet50", "resnet50.yaml"
FIRST: Final = "1.15.4-neuron-py37-ubuntu18.04"
SECOND: Final = "1.15.5-neuron-py37-sdk1.17.1-ubuntu18.04"
CRASHING: Final = "1.15.5-crash"  # the sandbox does what a tag says
NEW_IMAGES: Final = (
    ("embedder:3", "embedder:4"),
    ("reranker:1", "reranker:2"),
    ("summarizer:1", "summarizer:2"),
)
TARGET_GROUP: Final = "targetgroup/vllm/0123456789abcdef"
CHANGES, BLOCKED, NOT_CONVERGED = 2, 3, 4


def begin(speed: float) -> None:
    """Tell where it plays, before the first second of it has passed."""
    title("Glia's main job, in an Amazon ECS inside this process")
    say(
        f"No AWS account, no network, no Docker; time runs {speed:.0f} times as fast.",
        "us-west-2 has 2 inf1.xlarge with 1 Neuron chip each and 2 inf2.48xlarge with 12 each;",
        "eu-central-1 has a capacity provider of Managed Instances. On the former ECS counts CPU,",
        "memory and ports, but no chips: which task gets which chip is for Glia to say.",
    )


def end(acts: int, seconds: float) -> None:
    """Tell how it went and where to go from here."""
    title(f"All {acts} acts came out as told, in {seconds:.0f} seconds")
    say(
        "An ECS of your own to try things in:  glia sandbox",
        "Manifests to start from:              manifests/, docs/manifests.md",
        "The same on AWS:                      docs/applying.md",
    )


class Story:
    """The acts, in their order; NotAsTold ends them where one comes out differently.

    Attributes:
        acts: how many have been begun.
    """

    def __init__(self, stage: Stage, manifests: Manifests, target_group: str, folder: Path) -> None:
        self.acts = 0
        self._folder = folder
        self._stage = stage
        self._manifests = manifests
        self._target_group = target_group

    def play(self) -> None:
        """All of it; some twenty seconds."""
        self._check()
        self._plan()
        self._apply()
        self._apply_again()
        self._roll()
        self._correct_drift()
        self._roll_back()
        self._hold()
        self._show()
        self._revert()
        self._share()
        self._roll_shared()
        follow(self._act, self._stage, self._folder, click.get_current_context().obj)

    def _act(self, text: str, *lines: str) -> None:
        self.acts += 1
        title(f"{self.acts}. {text}")
        say(*lines)

    def _check(self) -> None:
        self._act(
            "Check the manifests",
            "Offline. All errors come at once, each with its line and what to do.",
        )
        name = self._target_group.rpartition(":")[2]
        self._manifests.edit("vllm.yaml", TARGET_GROUP, name)
        say("These are copies of the examples; only the target group's id is this ECS's own.")
        glia(f"validate {FOLDER}", code=0)

    def _plan(self) -> None:
        self._act(
            "See what would be done",
            "Nothing is there yet. Chips, memory, ports, roles and target groups are looked at",
            "now: what ECS would tell too late, or never, would stand below the changes.",
        )
        glia(f"plan {FOLDER} --detailed-exitcode", code=CHANGES)

    def _apply(self) -> None:
        self._act(
            "Do it, and wait until it is done",
            "Two regions at once. Done means that the deployment of this very revision succeeded.",
        )
        glia(f"apply {FOLDER}", code=0)

    def _apply_again(self) -> None:
        self._act("Do it again", "What is as it should be costs a few reads and is left alone.")
        before = self._stage.writes()
        glia(f"plan {FOLDER} --detailed-exitcode", code=0)
        glia(f"apply {FOLDER}", code=0)
        self._measured_no_writes(before)

    def _roll(self) -> None:
        self._act(
            "Roll out a new image, though every chip is taken",
            "ECS by default starts new tasks first. None could start, so that would never end.",
            "Glia has set the percentages so that one replica makes room for the next.",
        )
        self._edit(FIRST, SECOND)
        with self._stage.watching(SERVICE) as replicas:
            glia(f"apply {FOLDER}", code=0)
        self._measured_one_down(replicas)

    def _correct_drift(self) -> None:
        self._act(
            "Put back what somebody has changed by hand",
            "Through boto3: one replica less, and new tasks first. The plan calls it drift.",
        )
        self._stage.ecs().update_service(
            cluster=CLUSTER,
            service=SERVICE,
            desiredCount=1,
            deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 200},
        )
        glia(f"plan {FOLDER} --detailed-exitcode", code=CHANGES)
        glia(f"apply {FOLDER}", code=0)

    def _roll_back(self) -> None:
        self._act(
            "Roll out an image that crashes",
            "ECS rolls back and calls it steady. Glia calls it a failure and says what crashed.",
        )
        self._edit(SECOND, CRASHING)
        with self._stage.watching(SERVICE) as replicas:
            glia(f"apply {FOLDER}", code=NOT_CONVERGED)
        self._measured_one_down(replicas)

    def _hold(self) -> None:
        self._act(
            "Apply the same again",
            "What has failed is held until the manifest changes or somebody says `glia retry`.",
        )
        before = self._stage.writes()
        glia(f"apply {FOLDER}", code=BLOCKED)
        self._measured_no_writes(before)

    def _show(self) -> None:
        self._act(
            "Look at everything",
            "How each service is, and who holds which chip: ECS itself has no such picture.",
        )
        glia(f"status {FOLDER}", code=0)

    def _revert(self) -> None:
        self._act(
            "Revert the manifest",
            "ECS has rolled back to just this: only Glia's note of what was applied is put right.",
        )
        self._edit(CRASHING, SECOND)
        glia(f"apply {FOLDER}", code=0)
        glia(f"plan {FOLDER} --detailed-exitcode", code=0)

    def _share(self) -> None:
        self._act(
            "Let three services share two instances",
            "Two inf1.6xlarge join the cluster, with four chips each, and a manifest of three",
            "services that want eight. Each becomes as many services of ECS as its chips take.",
        )
        self._stage.register_instances(SHARED_INSTANCES)
        self._manifests.add(SHARED)
        glia(f"plan {FOLDER} --detailed-exitcode", code=CHANGES)
        glia(f"apply {FOLDER}", code=0)
        glia(f"status {FOLDER}", code=0)

    def _roll_shared(self) -> None:
        self._act(
            "Roll all three out while every chip is taken",
            "ECS does not know chips. It counts host ports, and each task holds one for each of",
            "its chips: a new task waits until the one before has really let go.",
        )
        for old, new in NEW_IMAGES:
            self._manifests.edit(SHARED, old, new)
            say(f"In {FOLDER}/{SHARED} the image is now {new}.")
        lanes = self._stage.services("embedder")
        with self._stage.watching(*lanes) as replicas:
            glia(f"apply {FOLDER}", code=0)
        self._measured_one_down(replicas)
        if died := self._stage.died_for_a_chip():
            raise NotAsTold(f"tasks of {', '.join(died)} found their chips taken")
        say("Measured: no task has ever found its chip taken.")

    def _edit(self, old: str, new: str) -> None:
        self._manifests.edit(FILE, old, new)
        say(f"In {FOLDER}/{FILE} the image's tag is now {new}.")

    def _measured_no_writes(self, before: int) -> None:
        if made := self._stage.writes() - before:
            raise NotAsTold(f"{made} calls changed something in ECS; the demo expected none")
        say("Measured: no call changed anything in ECS.")

    def _measured_one_down(self, replicas: Replicas) -> None:
        if not replicas.running or replicas.most_down > 1:
            raise NotAsTold(f"never more than 1 was to be down; running were {replicas.running}")
        looks, fewest = len(replicas.running), min(replicas.running)
        say(f"Measured: at {looks} looks, never fewer than {fewest} of {replicas.desired} ran.")
