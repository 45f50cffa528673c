"""The demo does what it says, as the installed program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from glia.cli.demo_following import follow
from glia.cli.demo_manifests import FOLDER, PACKED, examples

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

REPOSITORY = Path(__file__).parents[2]
ACTS = (
    "1. Check the manifests",
    "$ glia validate manifests",
    "5 manifests right, 0 errors",
    "2. See what would be done",
    "$ glia plan manifests --detailed-exitcode",
    "Plan: 3 to create, 0 to update, 0 to replace; 0 unchanged.",
    "exit code 2",
    "3. Do it, and wait until it is done",
    "$ glia apply manifests",
    r"  *\d+ s  inference/resnet50: rolling out",
    r"  *\d+ s  inference/resnet50: done, 2 of 2 ready.*",
    "3 changes: 3 done.",
    "exit code 0",
    "4. Do it again",
    "No changes. 3 services are as they should be.",
    "exit code 0",
    "  Measured: no call changed anything in ECS.",
    "5. Roll out a new image, though every chip is taken",
    "    new task-definition revision; replaces 2 tasks one at a time; 1 replica down at once",
    "1 change: 1 done.",
    r"  Measured: at \d\d+ looks, never fewer than 1 of 2 ran.",
    "6. Put back what somebody has changed by hand",
    "    drift: somebody changed the live service; this puts it back",
    "    1 -> 2 replicas",
    "    ~ service.deploymentConfiguration.maximumPercent: 200 -> 100",
    "exit code 2",
    "1 change: 1 done.",
    "7. Roll out an image that crashes",
    "rolled back  update  inference/resnet50  .*",
    ".*server: exit code 1",
    "exit code 4",
    r"  Measured: at \d+ looks, never fewer than 1 of 2 ran.",
    "8. Apply the same again",
    "held inference/resnet50 .*: RolledBack",
    "exit code 3",
    "  Measured: no call changed anything in ECS.",
    "9. Look at everything",
    "$ glia status manifests",
    "inference/resnet50  .* RolledBack",
    r".*\(inf1.xlarge, ACTIVE\) +0 resnet50",
    r".*\(inf2.48xlarge, ACTIVE\) +0-11 vllm",
    "10. Revert the manifest",
    "No changes. 3 services are as they should be.",
    "11. Let three services share two instances",
    r"\+ create inference/embedder, lane embedder-neuron2 .*",
    "Plan: 4 to create, 0 to update, 0 to replace; 3 unchanged.",
    "4 changes: 4 done.",
    "$ glia status manifests",
    "inference/embedder    Healthy  4/4    2 task definitions",
    r".*: 0 of 34 free",
    r".*\(inf1.6xlarge, ACTIVE\) +0-1 (reranker|summarizer)  2 embedder  3 embedder",
    r".*\(inf1.6xlarge, ACTIVE\) +0-1 (reranker|summarizer)  2 embedder  3 embedder",
    "12. Roll all three out while every chip is taken",
    "    after embedder-neuron2",
    "4 changes: 4 done.",
    r"  Measured: at \d\d+ looks, never fewer than 3 of 4 ran.",
    "  Measured: no task has ever found its chip taken.",
    "13. Let a loop follow a git repository: glia run",
    "  commit: Serve a detector and a ranker",
    r"  following-git/ranker: create for git: done \(RegisterTaskDefinition, CreateService\)",
    r"  following-git/\w+: Ready \(Converged\): 1 of 1 replicas of \w+ run",
    "14. Commit a new image, and a slip in another manifest",
    "  manifests/ranker.yaml:7:3: error: Glia knows no field 'replica' here; write 'replicas'",
    r"  following-git/detector: rollout done: Converged: 1 replica runs following-git-detector:2",
    "  Measured: detector:2 and ranker:1 are what ECS runs.",
    "15. Change a service past git",
    r"  following-git/detector: update for drift: done \(UpdateService\)",
    "  Measured: 1 replica is wanted, and 1 runs.",
    "16. Delete a manifest",
    "  commit: Rank no more",
    r"  following-git/ranker: delete for prune: done \(TagResource, UpdateService\)",
    r"  following-git/ranker: delete for prune: done \(DeleteService\)",
    r"  Measured: in the \d+ seconds after that no call changed anything in ECS.",
    r"All 16 acts came out as told, in \d+ seconds",
)


def test_the_demo_plays_its_acts_in_order(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "glia", "demo"],
        env={**os.environ, "COLUMNS": "100", "AWS_PROFILE": "no-such-profile"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,  # fifteen where nothing else runs
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not done.stderr
    assert not list(tmp_path.iterdir())
    lines = done.stdout.splitlines()
    assert in_order(ACTS, lines) == []
    assert [line for line in lines if len(line) > 100] == []


def test_without_git_the_acts_of_the_loop_are_left_out_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    nothing = cast("Any", None)
    follow(nothing, nothing, tmp_path, nothing)
    assert "a loop follows a git repository, for there is no git" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def in_order(patterns: Iterable[str], lines: Iterable[str]) -> list[str]:
    """The patterns that no line matches behind the line of the pattern before."""
    left = iter(lines)
    return [each for each in patterns if not any(_matches(each, line) for line in left)]


def _matches(pattern: str, line: str) -> bool:
    return pattern == line or re.fullmatch(pattern, line) is not None


def test_a_wheel_carries_the_examples_where_the_demo_looks_for_them() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {FOLDER: f"glia/{PACKED}"}
    assert examples() == REPOSITORY / FOLDER


def test_without_the_sandboxs_packages_the_demo_says_how_to_get_them() -> None:
    program = (
        "import sys; sys.modules['moto'] = None; "
        "from glia.cli.main import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 64, done.stderr
    assert "moto" in done.stderr
    assert "pip install 'glia-ecs[sandbox]'" in done.stderr
