"""``--require-plan``: what was reviewed is what is applied, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gitops.looped import Loop, Repository
from glia.admission.admission import Admission
from glia.admission.forge import Terms
from glia.cli.online import Online
from glia.cli.run import plan_of
from glia.events import FetchFailed
from glia.github.answers import Answers
from glia.github.api import GitHub
from glia.github.contexts import ADMITTED, PLAN
from glia.neuron.catalogue import catalogue
from glia.planning.allowances import NOTHING
from glia.render.comment import status_line
from lanes.fleet import sharing
from support.git import Origin
from support.github import STATUSES, Forge, forge
from support.operator import CLUSTER, neuron_service
from support.program import program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.operator import Operator
    from support.program import Program

__all__ = ["program"]
HEAD = "d" * 40
US, PLANNER = "glia[bot]", "planner[bot]"
PLANNED, IN = f"{PLAN}/m", f"{ADMITTED}/m"


@pytest.fixture
def there() -> Iterator[Forge]:
    with forge() as made:
        made.logins["token"] = US
        yield made


class Reviewed:
    """A loop that follows a repository and applies what was reviewed."""

    def __init__(self, operator: Operator, there: Forge, folder: Path) -> None:
        self.operator, self.there = operator, there
        folder.mkdir()
        self.git = Repository(folder, operator.driver.clock)
        self.loop = self.started()

    def started(self) -> Loop:
        """As another process does it."""
        online, answers = self.operator.online(), Answers()
        source = Admission(
            self.git.another_source(),
            online.instance_types,
            lambda revision, wanted: plan_of(revision, wanted, online, NOTHING),
            lambda: GitHub("token", "acme/fleet", self.there.url, answers),
            Terms("main", (PLANNER,)),
        )
        return Loop(self.operator, source=source)

    def commit(self, service: dict[str, Any]) -> str:
        self.operator.write(service)  # what `glia plan` reads
        return self.git.commit(cluster=CLUSTER, web=service)

    def review(self, sha: str) -> None:
        """As `glia plan --comment` does it, for the manifests that were committed last."""
        self.say(sha, status_line(self.operator.plan()))

    def say(self, sha: str, text: str, state: str = "success") -> None:
        self.there.sets(PLANNER, sha, context=PLANNED, state=state, description=text)

    def refusals(self) -> list[str]:
        return [each.reason for each in self.loop.told(FetchFailed)]

    def admissions(self) -> list[tuple[str, str]]:
        told = self.there.statuses
        return [(each["sha"], each["state"]) for each in told if each["context"] == IN]


def test_a_commit_waits_for_its_plan_and_is_kept_to_it(
    operator: Operator, there: Forge, tmp_path: Path
) -> None:
    reviewed = Reviewed(operator, there, tmp_path / "git")
    loop = reviewed.loop
    first = reviewed.commit(neuron_service(replicas=1))
    reviewed.say(HEAD, f"sha256:{'0' * 64} Plan: 1 to create")
    there.merges(first, "e" * 40, merged=False)
    loop.play(130)
    assert reviewed.refusals() == ["PlanMissing"], "told once"
    assert reviewed.admissions() == [(first, "failure")]
    told = loop.told(FetchFailed)[0].message
    assert "create inference/web" in told
    assert operator.plan().digest in told
    for number in range(STATUSES + 1):
        there.sets("ci[bot]", first, context="build", state="success", description=str(number))
    loop.play(130)
    counted = len(there.asked) - there.unchanged
    loop.play(130)
    assert len(there.asked) - there.unchanged == counted, "of 5,000 an hour"
    assert there.unchanged > 12

    there.merges(first, HEAD)
    loop.play(70)
    assert reviewed.refusals() == ["PlanMissing", "PlanChanged"]
    told = loop.told(FetchFailed)[-1].message
    assert f"reviewed was: sha256:{'0' * 64} Plan: 1 to create" in told
    assert operator.plan().digest in told
    reviewed.say(HEAD, status_line(operator.plan()), state="failure")
    loop.play(70)
    assert operator.calls_of()["CreateService"] == 0

    reviewed.review(HEAD)
    loop.settle("web")
    assert reviewed.admissions()[-1] == (first, "success")

    operator.driver.update(desiredCount=2)
    loop.play(70)
    assert operator.driver.describe()["desiredCount"] == 1, "drift is put back without a plan"

    second = reviewed.commit(neuron_service(replicas=1, image="server:2"))
    operator.driver.update(desiredCount=2)
    reviewed.review(second)  # with the drift in it
    operator.driver.update(desiredCount=1)
    loop.play(70)
    assert reviewed.refusals()[-1] == "PlanChanged"
    assert loop.reconciler.status().source.commit == first
    assert loop.condition("Ready") == ("True", "Converged")
    reviewed.review(second)
    loop.see(second).play(3)

    again = reviewed.started()
    again.settle("web")
    assert again.service().applied == second, "its plan is another one since it is being applied"
    assert not again.told(FetchFailed)
    assert operator.calls_of()["UpdateService"] >= 3


def test_nothing_new_is_applied_while_github_does_not_answer(
    operator: Operator, there: Forge, tmp_path: Path
) -> None:
    reviewed = Reviewed(operator, there, tmp_path / "git")
    first = reviewed.commit(neuron_service(replicas=1))
    reviewed.review(first)
    reviewed.loop.settle("web")
    second = reviewed.commit(neuron_service(replicas=2))
    reviewed.review(second)
    there.refusals["GET", "/statuses"] = (403, 10_000)
    operator.driver.update(desiredCount=0)
    reviewed.loop.play(130)
    assert operator.driver.describe()["desiredCount"] == 1, "the last good commit stays wanted"
    there.refusals["GET", "/statuses"] = (403, 0)
    there.refusals["POST", "/statuses"] = (403, 10_000)
    reviewed.loop.play(70)
    assert reviewed.loop.reconciler.status().source.commit == first, (
        "nor if it cannot be remembered"
    )
    there.refusals.clear()
    reviewed.loop.see(second).settle("web")
    assert operator.driver.describe()["desiredCount"] == 2

    (tmp_path / "git" / "fleet.git").rename(tmp_path / "away")
    again = reviewed.started()
    again.settle("web")
    assert again.told(FetchFailed)[0].reason != "PlanMissing", "git is away: what was let in stays"


def test_neither_what_another_path_let_in_nor_what_finds_no_room_yet_goes_unseen(
    operator: Operator, there: Forge, tmp_path: Path
) -> None:
    """Of one commit staging lets in its own path; of another nothing can be done before later."""
    reviewed = Reviewed(operator, there, tmp_path / "git")
    first = reviewed.commit(neuron_service(replicas=1))
    for context in (ADMITTED, f"{ADMITTED}/staging"):
        there.sets(US, first, context=context, state="success", description="admitted:" + "0" * 32)
    reviewed.loop.play(70)
    assert reviewed.refusals() == ["PlanMissing"]
    assert operator.calls_of()["CreateService"] == 0

    second = reviewed.commit(sharing("web", 1, 1))
    assert operator.plan().shortages
    assert not operator.plan().changes
    reviewed.loop.play(70)
    assert reviewed.admissions()[-1] == (second, "failure")
    reviewed.review(second)
    reviewed.loop.see(second)


def test_the_command_asks_for_the_plans_of_those_that_it_names_and_applies_what_they_saw(
    program: Program, there: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instance type that EC2 tells of a moment later is not in what was reviewed."""
    new = neuron_service("new", neuron={"instanceType": "inf9.xlarge", "devices": "all"})
    documents = yaml.safe_dump_all([CLUSTER, neuron_service(), new])
    origin = Origin(tmp_path / "fleet.git")
    commit = origin.commit({"m/all.yaml": documents})
    known = replace(catalogue()["inf1.xlarge"], name="inf9.xlarge")
    answers: list[dict[str, Any]] = [{}, {}, {"inf9.xlarge": known}]
    monkeypatch.setattr(Online, "instance_types", lambda *_: answers.pop(0))
    monkeypatch.setenv("GITHUB_TOKEN", "token")
    where = ("--git", origin.url, "--path", "m", "--state", str(tmp_path / "state"), "--once")
    forge = ("--github", "acme/fleet", "--github-url", there.url, "--require-plan")
    assert program.run("run", *where, *forge).code == 64, "of anybody's"
    refused = program.run("run", *where, *forge, "--plan-by", PLANNER)
    assert refused.code == 1
    assert f"{PLANNED} of {PLANNER}" in refused.err
    told = refused.err.partition("now it would do: ")[2].partition(" (create inference/web)")[0]
    there.sets(PLANNER, commit, context=PLANNED, state="success", description=told[:140])
    applied = program.run("run", *where, *forge, "--plan-by", PLANNER)
    (arn,) = program.ecs.list_services(cluster="inference")["serviceArns"]
    assert arn.endswith("/web"), applied.err
    assert answers, "the loop does not ask again"
