"""``glia plan --base``: what a branch changes, apart from everything else that is not right."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from glia.cli.main import main
from glia.render.plan_schema import plan_schema
from support.git import ALONE, GIT
from support.operator import CLUSTER, neuron_cluster, neuron_service
from support.program import program

if TYPE_CHECKING:
    from pathlib import Path

    from support.program import Program

__all__ = ["program"]


class Checkout:
    """A work tree with a branch that somebody works on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--template=", "--initial-branch=main")
        self.git("remote", "add", "origin", "https://ada:hunter2@example.com/fleet.git")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            [GIT, "-C", str(self.folder), *arguments], capture_output=True, env=ALONE, check=True
        )
        return done.stdout.decode().strip()

    def write(self, name: str, *manifests: dict[str, Any]) -> None:
        (self.folder / name).write_text(yaml.safe_dump_all(manifests, sort_keys=False))

    def commit(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def offline(checkout: Checkout, streams: pytest.CaptureFixture[str], *options: str) -> Any:
    """The plan between the base and the work tree, as JSON that keeps the schema."""
    code = main(
        ["plan", str(checkout.folder), "--offline", "--base", "main", "-o", "json", *options]
    )
    plan = json.loads(streams.readouterr().out)
    jsonschema.validate(plan, plan_schema())
    return {"code": code, **plan}


def actions(plan: Any) -> dict[str, str]:
    return {change["key"]: f"{change['cause']} {change['action']}" for change in plan["changes"]}


def test_git_against_git_is_what_the_branch_makes_of_the_manifests(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.write("cluster.yaml", CLUSTER)
    names = ("same", "image", "count", "gone", "moved")
    for name in names:
        checkout.write(f"{name}.yaml", neuron_service(name))
    base = checkout.commit()
    checkout.git("checkout", "--quiet", "-b", "work")
    checkout.write("image.yaml", neuron_service("image", image="server:2"))
    checkout.write("count.yaml", neuron_service("count", replicas=3))
    checkout.write("elsewhere.yaml", neuron_service("moved"))
    checkout.write("new.yaml", neuron_service("new"))
    for name in ("gone", "moved"):
        (checkout.folder / f"{name}.yaml").unlink()
    head = checkout.commit()
    checkout.git("checkout", "--quiet", "main")
    checkout.write("image.yaml", neuron_service("image", image="server:of-somebody-else"))
    checkout.commit()
    checkout.git("checkout", "--quiet", "work")

    plan = offline(checkout, capsys)

    assert plan["code"] == 0
    assert actions(plan) == {
        "inference/image": "git update",
        "inference/count": "git update",
        "inference/new": "git create",
        "inference/gone": "prune delete",
    }
    assert plan["summary"]["unchanged"] == 2
    fields = {change["key"]: change["fields"] for change in plan["changes"]}
    assert fields["inference/image"] == [
        {
            "path": "taskDefinition.containerDefinitions[server].image",
            "old": "server:1",
            "new": "server:2",
            "sensitive": False,
        }
    ]
    effects = {change["key"]: change["effect"] for change in plan["changes"]}
    assert effects["inference/image"]["replacedTasks"] == 2
    assert plan["offline"]
    assert plan["source"] == {
        "repository": "https://example.com/fleet.git",
        "commit": head,
        "path": str(checkout.folder),
        "base": base,
    }
    assert main(["plan", str(checkout.folder), "--offline", "--base", "main"]) == 0
    shown = capsys.readouterr().out
    assert f"ECS is taken to hold what commit {base[:12]} says" in shown


def test_what_seems_to_be_deleted_while_a_manifest_is_wrong_is_blocked(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.write("all.yaml", CLUSTER, neuron_service("gone"), neuron_service("wrong"))
    checkout.commit()
    checkout.write("all.yaml", CLUSTER, neuron_service("wrong", replicas=-1))

    plan = offline(checkout, capsys)

    assert plan["code"] == 1
    (change,) = plan["changes"]
    assert change["key"] == "inference/gone"
    (block,) = change["blockedBy"]
    assert block["rule"] == "prune-unparsed"
    assert "NeuronService/wrong" in block["message"]


def test_services_that_share_instances_are_compared_as_they_would_be_laid_out(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    def sharing(devices: int) -> dict[str, Any]:
        port = {"containerPort": 8501}
        container = {"name": "s", "image": "s:1", "memoryReservation": 9, "portMappings": [port]}
        check = {"command": ["CMD", "true"]}
        return neuron_service(
            "web",
            neuron={"instanceType": "inf1.6xlarge", "devices": devices},
            taskDefinition={"containerDefinitions": [{**container, "healthCheck": check}]},
        )

    checkout.write("all.yaml", CLUSTER, sharing(1))
    checkout.commit()
    assert actions(offline(checkout, capsys)) == {}
    checkout.write("all.yaml", CLUSTER, sharing(2))

    plan = offline(checkout, capsys)

    assert {change["action"] for change in plan["changes"]} == {"create", "delete"}
    assert {change["cause"] for change in plan["changes"]} == {"git"}


def test_drift_is_told_apart_from_what_the_branch_does(program: Program) -> None:
    checkout = Checkout(program.folder)
    program.write(neuron_service("drifted"), neuron_service("changed"), neuron_service("pending"))
    assert program.run("apply", "--no-wait").code == 0
    program.ecs.update_service(cluster="inference", service="drifted", desiredCount=1)
    program.write(
        neuron_service("drifted"),
        neuron_service("changed"),
        neuron_service("pending", image="merged:and-not-applied"),
    )
    checkout.commit()
    program.write(
        neuron_service("drifted"),
        neuron_service("changed", image="server:2"),
        neuron_service("pending", image="merged:and-not-applied"),
    )

    plan = json.loads(program.run("plan", "--base", "main", "-o", "json").out)

    assert program.run("plan", "--offline", "--base", "main", "--detailed-exitcode").code == 2
    assert actions(plan) == {
        "inference/changed": "git update",
        "inference/drifted": "drift update",
        "inference/pending": "drift update",
    }
    assert not plan["offline"]
    assert plan["source"]["repository"] == "https://example.com/fleet.git"
    text = program.run("plan", "--base", "main").out
    assert text.count("drift: not of this change") == 2


def test_the_plan_between_two_commits_is_the_plan_once_the_first_is_applied(
    program: Program,
) -> None:
    """The same actions to the last member of every request: the digest says so."""
    checkout = Checkout(program.folder)
    program.write(
        neuron_service("image"),
        neuron_service("count"),
        neuron_service("kept"),
        neuron_service("fixed", service={"serviceName": "fixed"}),
    )
    checkout.commit()
    assert program.run("apply", "--no-wait").code == 0
    program.write(
        neuron_service("image", image="server:2"),
        neuron_service("count", replicas=1, rollout={"maxUnavailable": 2}),
        neuron_service("kept"),
        neuron_service("fixed", service={"serviceName": "fixed", "propagateTags": "SERVICE"}),
        neuron_service("new", suspend=False),
    )

    live = json.loads(program.run("plan", "--base", "main", "-o", "json").out)
    git = json.loads(program.run("plan", "--offline", "--base", "main", "-o", "json").out)

    assert live["digest"] == git["digest"]
    assert actions(live) == actions(git)
    assert len(git["changes"]) == 4
    fields = [
        {change["key"]: change["fields"] for change in plan["changes"]} for plan in (live, git)
    ]
    assert fields[0] == fields[1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--base", "nothing"], "--base 'nothing' is no commit"),
        (["--base", "--output=x"], "is no commit"),
        (["--base", "island"], "no commit in common"),
    ],
)
def test_a_base_that_does_not_tell_is_64(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    checkout.git("checkout", "--quiet", "--orphan", "island")
    checkout.commit()
    checkout.git("checkout", "--quiet", "--orphan", "main")
    checkout.write("all.yaml", CLUSTER)
    checkout.commit()

    assert main(["plan", str(checkout.folder), "--offline", *options]) == 64
    assert told in capsys.readouterr().err


def test_paths_without_history_are_64(
    checkout: Checkout, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.write("all.yaml", neuron_cluster("inference"))
    checkout.commit()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "all.yaml").write_text(yaml.safe_dump(CLUSTER))

    def told(*paths: str) -> str:
        assert main(["plan", *paths, "--offline", "--base", "main"]) == 64
        return capsys.readouterr().err

    assert "standard input has no history" in told("-")
    assert "is in no git repository" in told(str(elsewhere))
    assert "all paths in one repository" in told(str(checkout.folder), str(elsewhere))


def test_a_repository_that_would_run_something_is_only_read(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pull request's checkout: its configuration, hooks and filters come from a stranger."""
    marker = checkout.folder / "ran"
    checkout.write("all.yaml", CLUSTER, neuron_service("web"))
    (checkout.folder / ".gitattributes").write_text("*.yaml filter=evil diff=evil\n")
    checkout.commit()
    for key in (
        "core.fsmonitor",
        "filter.evil.smudge",
        "filter.evil.clean",
        "diff.evil.textconv",
        "core.sshCommand",
        "core.pager",
        "alias.cat-file",
    ):
        checkout.git("config", key, f"touch {marker}")
    checkout.git("config", "extensions.partialClone", "origin")
    checkout.git("config", "remote.origin.promisor", "true")
    checkout.git("config", "remote.origin.url", f"ext::touch {marker}")
    checkout.git("config", "protocol.ext.allow", "always")
    for blob in (checkout.folder / ".git/objects").glob("??/*"):
        if checkout.git("cat-file", "-t", blob.parent.name + blob.name) == "blob":
            blob.unlink()

    code = main(["plan", str(checkout.folder), "--offline", "--base", "main"])

    assert code == 1
    assert "is not in the repository" in capsys.readouterr().err
    assert not marker.exists()


def test_a_repository_made_of_committed_files_does_not_say_what_was_there(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    """Git takes a folder that looks like one for a repository, and its refs for the base."""
    fake = checkout.folder / "manifests"
    checkout.git("commit", "--quiet", "--allow-empty", "--message", "theirs")
    checkout.git("clone", "--quiet", "--bare", str(checkout.folder), str(fake))
    checkout.git(f"--git-dir={fake}", "config", "core.bare", "false")
    checkout.git(f"--git-dir={fake}", "config", "core.worktree", str(checkout.folder))
    checkout.write("manifests/all.yaml", CLUSTER, neuron_service())
    assert main(["plan", str(fake), "--offline", "--base", "main"]) == 64
    assert "safe.bareRepository" in capsys.readouterr().err
