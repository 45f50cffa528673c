"""``glia plan --comment`` and the action around it, on a pull request of a GitHub of our own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cli.test_plan_base import Checkout
from glia.render.comment import remembered
from support.github import US, Forge, forge
from support.operator import CLUSTER, neuron_service
from support.program import Program, program

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["program"]
ACTION = Path(__file__).parents[2] / ".github" / "actions" / "plan" / "action.yml"
BOT = f"{US}[bot]"
TOKEN = "ghs_0123456789abcdef0123456789abcdef"


@pytest.fixture
def github(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Forge]:
    """One whose job is about pull request 7, whose token and page the environment has."""
    page = tmp_path_factory.mktemp("job")
    with forge() as made:
        event = {"pull_request": {"number": 7, "head": {"sha": made.head}}}
        (page / "event.json").write_text(json.dumps(event))
        for name, value in {
            "GITHUB_API_URL": made.url,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "acme/fleet",
            "GITHUB_EVENT_PATH": str(page / "event.json"),
            "GITHUB_STEP_SUMMARY": str(page / "summary.md"),
            "GITHUB_OUTPUT": str(page / "output"),
        }.items():
            monkeypatch.setenv(name, value)
        yield made


def test_the_comment_follows_the_pull_request_and_the_status_holds_the_digest(
    program: Program, github: Forge
) -> None:
    program.write(neuron_service(image="server:1"))
    first = program.run("plan", "--comment", "--detailed-exitcode")
    assert (first.code, first.err) == (2, "comment on #7: created\n")
    digest = json.loads(program.run("plan", "-o", "json").out)["digest"]
    (comment,) = github.of(BOT)
    assert digest in comment
    assert "create | `inference/web`" in comment
    assert github.statuses[-1]["description"].startswith(f"{digest} Plan: 1 to create")
    assert github.statuses[-1]["sha"] == github.head
    assert github.statuses[-1]["context"] == f"glia/plan{program.folder}", "as it was typed"
    assert program.run("apply").code == 0
    after = program.run("plan", "--comment", "--detailed-exitcode")
    assert (after.code, after.err) == (0, "comment on #7: updated\n")
    (comment,) = github.of(BOT)
    assert "### No changes. 1 service is as it should be." in comment
    assert [each.digest for each in remembered(comment)] == ["", digest]
    live = [line.split("live `")[1][:12] for line in comment.split("\n") if "live `" in line]
    program.ecs.update_service(cluster="inference", service="web", desiredCount=1)
    assert program.run("plan", "--comment").code == 0
    (comment,) = github.of(BOT)
    assert live[0] not in comment, "somebody has changed what is live"


def test_two_paths_of_a_pull_request_have_a_comment_and_a_status_each(
    tmp_path: Path, program: Program, github: Forge
) -> None:
    """They are called what ``glia run --path`` calls them, wherever the job runs."""
    Checkout(tmp_path)
    digests = {}
    for name in ("staging", "production"):
        program.folder = tmp_path / "manifests" / name
        program.folder.mkdir(parents=True)
        program.write(neuron_service(image=f"server:{name}"))
        assert program.run("plan", "--offline", "--comment").err == "comment on #7: created\n"
        digests[f"glia/plan/manifests/{name}"] = github.statuses[-1]["description"].split()[0]
    assert {each["context"]: each["description"].split()[0] for each in github.statuses} == digests
    assert len(set(digests.values())) == 2
    assert program.run("plan", "--offline", "--comment").err == "comment on #7: updated\n"
    assert [each.split("\n")[0] for each in github.of(BOT)] == [
        "<!-- glia:plan:manifests/staging -->",
        "<!-- glia:plan:manifests/production -->",
    ]


def test_a_commit_that_no_pull_request_is_at_has_its_plan_in_its_status(
    tmp_path: Path, program: Program, github: Forge
) -> None:
    """What lies on the disk beside it says nothing."""
    checkout = Checkout(tmp_path)
    checkout.write("all.yaml", CLUSTER, neuron_service(image="server:1"))
    commit = checkout.commit()
    digest = json.loads(program.run("plan", "-o", "json").out)["digest"]
    checkout.write("all.yaml", CLUSTER, neuron_service(image="server:2"))
    assert "--head" in program.run("plan", "--status").err
    done = program.run("plan", "--head", "HEAD", "--status")
    assert (done.code, done.err) == (0, f"glia/plan of {commit[:12]}: success\n")
    (status,) = github.statuses
    assert (status["sha"], status["context"]) == (commit, "glia/plan")
    assert status["description"].startswith(f"{digest} Plan: 1 to create")
    assert not github.comments
    github.refusals["POST", "/statuses"] = (403, 1)
    assert "GitHub: 403 no" in program.run("plan", "--head", "HEAD", "--status").err


def test_whatever_github_refuses_changes_no_exit_code_and_the_page_has_the_plan(
    program: Program, github: Forge
) -> None:
    program.write(neuron_service())
    for what in (
        ("POST", "/comments"),
        ("POST", "/graphql"),
        ("GET", "/pulls/7"),
        ("POST", "/statuses"),
    ):
        github.refusals = {what: (403, 99)}
        done = program.run("plan", "--comment", "--detailed-exitcode")
        assert done.code == 2
        assert "GitHub: 403 no" in done.err
        assert TOKEN not in done.out + done.err
    page = Path(os.environ["GITHUB_STEP_SUMMARY"]).read_text()
    assert page.count("### Plan: 1 to create") == 4
    assert TOKEN not in page


def test_a_comment_that_is_too_long_comes_without_details(program: Program, github: Forge) -> None:
    program.write(*(neuron_service(f"service-{number}") for number in range(20)))
    github.refusals["POST", "/issues/7/comments"] = (422, 1)
    done = program.run("plan", "--comment")
    assert done.err == "comment on #7: created, without details\n"
    (comment,) = github.of(BOT)
    assert len(comment.encode()) <= 8_000
    assert comment.count("| create |") == 20


def test_without_a_pull_request_it_says_what_is_missing_before_anything_is_read(
    program: Program,
) -> None:
    program.write(neuron_service())
    begin = len(program.sandbox.calls)
    done = program.run("plan", "--comment")
    assert done.code == 64
    assert "GITHUB_TOKEN" in done.err
    assert "--pull-request" in done.err
    assert len(program.sandbox.calls) == begin


def test_the_manifests_of_a_fork_are_read_out_of_git_and_never_off_the_disk(
    tmp_path: Path, program: Program, github: Forge
) -> None:
    """A link in its tree leads nowhere; what is checked out is not looked at."""
    checkout = Checkout(tmp_path)
    checkout.write("all.yaml", CLUSTER, neuron_service("web"))
    checkout.commit()
    checkout.git("checkout", "--quiet", "-b", "fork")
    checkout.write("more.yaml", neuron_service("more"))
    secret = tmp_path.parent / "secret"
    secret.write_text("token: hunter2")
    (tmp_path / "link.yaml").symlink_to(secret)
    head = checkout.commit()
    checkout.git("checkout", "--quiet", "main")
    github.head = head
    options = ("--offline", "--base", "HEAD", "--head", "fork", "--pull-request", "7", "--comment")
    Path(os.environ["GITHUB_EVENT_PATH"]).write_text("{}")
    done = program.run("plan", *options)
    assert done.code == 1, "the link is an error"
    (comment,) = github.of(BOT)
    assert "create | `inference/more`" in comment
    assert f"commit `{head}`" in comment
    assert "hunter2" not in comment + done.out + done.err
    assert github.statuses[-1]["state"] == "failure"


@pytest.mark.parametrize("image", ["server:2", "server:1"])
def test_the_action_plans_comments_and_tells_what_it_found(
    tmp_path: Path, github: Forge, image: str
) -> None:
    """Its own step, run as the runner runs it; inputs come as variables."""
    checkout = Checkout(tmp_path)
    checkout.write("all.yaml", CLUSTER, neuron_service(image="server:1"))
    checkout.commit()
    checkout.git("checkout", "--quiet", "-b", "work")
    checkout.write("all.yaml", CLUSTER, neuron_service(image=image))
    checkout.commit()
    action = yaml.safe_load(ACTION.read_text())
    (step,) = (each for each in action["runs"]["steps"] if each.get("id") == "plan")
    glia = Path(sys.executable).with_name("glia")
    given = {
        "GLIA": str(glia),
        "FOLDER": str(tmp_path.parent),
        "PATHS": str(tmp_path),
        "BASE": "main",
        "HEAD": "",
        "OFFLINE": "true",
        "COMMENT": "true",
        "PULL_REQUEST": "",
    }
    assert set(step["env"]) == {*given, "GITHUB_TOKEN"}
    done = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.splitlines()
    assert first.startswith("::stop-commands::"), "nothing that is shown is obeyed"
    assert last == f"::{first.removeprefix('::stop-commands::')}::"
    assert len(last) > 32
    output = dict(
        line.split("=", 1) for line in Path(os.environ["GITHUB_OUTPUT"]).read_text().splitlines()
    )
    plan: Any = json.loads(Path(output["plan"]).read_text())
    changes = image == "server:2"
    assert output["exit-code"] == ("2" if changes else "0")
    assert output["digest"] == plan["digest"]
    assert bool(github.of(BOT)) == changes


def test_no_input_of_the_action_stands_in_the_text_of_a_script() -> None:
    action = yaml.safe_load(ACTION.read_text())
    for step in action["runs"]["steps"]:
        assert "${{" not in step["run"]


def test_the_action_runs_no_module_that_lies_in_the_pull_request(tmp_path: Path) -> None:
    """``python -m`` looks there first."""
    (tmp_path / "pip").mkdir()
    for name in ("venv.py", "subprocess.py", "pip/__init__.py", "pip/__main__.py"):
        (tmp_path / name).write_text("open('ran', 'w')\nraise SystemExit(0)\n")
    action = yaml.safe_load(ACTION.read_text())
    (step,) = (each for each in action["runs"]["steps"] if each["name"] == "Install Glia")
    # A Python whose environments have the pip that is here: to install it anew takes ten seconds.
    made, python = tmp_path / "made", tmp_path / "python"
    site = Path(sysconfig.get_path("purelib"))
    put = made / site.relative_to(sys.prefix) / "here.pth"
    python.write_text(f'#!/bin/sh\n{sys.executable} "$@" --without-pip && echo {site} >{put}\n')
    python.chmod(0o755)
    given = {"PYTHON": str(python), "SOURCE": "/nowhere", "ENVIRONMENT": str(made)}
    done = subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (tmp_path / "ran").exists()
    assert "/nowhere/constraints.txt" in done.stderr, "it was pip itself that looked for it"
